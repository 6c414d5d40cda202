"""Incidents can be asked for in Sentinel's words: SecurityIncident says what the incident page says."""

import pytest

from watchfloor.incidents import services
from watchfloor.incidents.models import Alert, Incident
from watchfloor.incidents.sentinel import incident_rows
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.selectors import hunt


@pytest.fixture
def alert(findings, make):
    return findings.raised(make.message(1), make.sender(), make.mailbox())


def asked(text):
    return list(hunt(text, now=utc_now()).rows)


def row(alert):
    return next(row for row in incident_rows() if row["IncidentNumber"] == str(alert.incident_id))


def test_a_new_incident_says_what_it_is_and_that_nobody_touched_it(alert):
    found = row(alert)
    assert (found["Title"], found["Severity"], found["Status"]) == (alert.incident.name, "High", "New")
    assert found["AlertIds"] == [alert.alert_id]
    assert found["RelatedAnalyticRuleIds"] == ["malicious-mail-delivered"]
    assert found["ModifiedBy"] == "Incident created from alert"
    assert found["Owner"] == {"objectId": None, "email": None, "assignedTo": None, "userPrincipalName": None}
    assert (found["Classification"], found["ClosedTime"]) == ("", None)
    assert found["IncidentUrl"].endswith(f"/incidents/{alert.incident_id}")
    assert found["FirstActivityTime"] == alert.first_activity


def test_it_says_who_has_it_and_what_people_wrote(alert, ada, by_ada):
    services.assign(incident=alert.incident_id, to=by_ada.id, name=by_ada.name, by=by_ada)
    services.set_status(incident=alert.incident_id, status="inProgress", by=by_ada)
    services.tag(incident=alert.incident_id, texts=["VIP"], by=by_ada)
    services.comment(incident=alert.incident_id, text="Asked the mailbox's owner", by=by_ada)
    found = row(alert)
    assert (found["Status"], found["ModifiedBy"]) == ("Active", "Ada")
    assert found["Owner"]["userPrincipalName"] == ada.email
    assert found["Owner"]["assignedTo"] == "Ada"
    assert {"labelName": "VIP", "labelType": "User"} in found["Labels"]
    assert found["Comments"][0]["message"] == "Asked the mailbox's owner"
    assert found["Comments"][0]["author"] == {"name": "Ada"}
    assert found["AdditionalData"]["commentsCount"] == 1


@pytest.mark.parametrize(
    ("classification", "determination", "words"),
    [
        ("truePositive", "phishing", ("TruePositive", "SuspiciousActivity")),
        ("informationalExpectedActivity", "securityTesting", ("BenignPositive", "SuspiciousButExpected")),
        ("falsePositive", "notMalicious", ("FalsePositive", "IncorrectAlertLogic")),
        ("falsePositive", "notEnoughDataToValidate", ("FalsePositive", "InaccurateData")),
    ],
)
def test_what_it_turned_out_to_be_is_said_as_sentinel_says_it(alert, by_ada, classification, determination, words):
    services.classify(incident=alert.incident_id, classification=classification, determination=determination, by=by_ada)
    services.set_status(incident=alert.incident_id, status="resolved", note="Purged", by=by_ada)
    found = row(alert)
    assert found["Status"] == "Closed"
    assert (found["Classification"], found["ClassificationReason"]) == words
    assert found["ClassificationComment"] == "Purged"
    assert found["ClosedTime"] is not None


def test_one_closed_without_a_word_is_undetermined(alert, by_ada):
    services.set_status(incident=alert.incident_id, status="resolved", by=by_ada)
    assert row(alert)["Classification"] == "Undetermined"


def test_a_merged_incident_is_closed(findings, make, alert, by_ada):
    other = findings.raised(make.message(2), make.sender("b@y.example"), make.mailbox("bob@corp.example"))
    services.merge(source=other.incident_id, into=alert.incident_id, by=by_ada)
    assert row(other)["Status"] == "Closed"
    assert row(other)["AlertIds"] == []
    assert sorted(row(alert)["AlertIds"]) == sorted(Alert.objects.values_list("alert_id", flat=True))


def test_pasted_queries_find_it(alert, by_ada):
    services.assign(incident=alert.incident_id, to=by_ada.id, name=by_ada.name, by=by_ada)
    text = """
    SecurityIncident
    | summarize arg_max(TimeGenerated, *) by IncidentNumber
    | extend Owner = tostring(Owner.assignedTo), Tactics = tostring(AdditionalData.tactics)
    | mv-expand AlertIds to typeof(string)
    | project IncidentNumber, Title, Owner, Tactics, AlertIds
    """
    assert asked(text) == [
        (str(alert.incident_id), alert.incident.name, "Ada", '["InitialAccess"]', alert.alert_id),
    ]


def test_the_questions_do_not_grow_with_the_incidents(findings, make, django_assert_num_queries):
    for number in range(5):
        findings.raised(
            make.message(number), make.sender(f"{number}@x.example"), make.mailbox(f"p{number}@corp.example")
        )
    assert Incident.objects.count() == 5
    with django_assert_num_queries(6):
        assert len(list(incident_rows())) == 5
