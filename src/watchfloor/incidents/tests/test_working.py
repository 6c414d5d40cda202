"""Working on incidents: what cascades to alerts and what does not, what is refused in words, what the activity log tells."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import actor_of
from watchfloor.detection.contracts import Evidence, EvidenceType
from watchfloor.incidents import selectors, services
from watchfloor.incidents.contracts import COMMENT_LIMIT, DETERMINATIONS, Classification
from watchfloor.incidents.explorer import COLUMNS, MOST_MESSAGES, explorer_link
from watchfloor.incidents.lake_rows import ENTITY_TYPES, alert_evidence, alert_info
from watchfloor.incidents.managing import assignees, classifications, manage_alert, manage_incident
from watchfloor.incidents.models import Alert, Comment, HistoryEntry, Incident
from watchfloor.incidents.reading import entity_href
from watchfloor.kernel.errors import BadInput, Conflict


@pytest.fixture
def alert(findings, make):
    return findings.raised(make.message(1), make.sender(), make.mailbox())


@pytest.fixture
def second(findings, make, alert):
    """Another alert of the same incident."""
    found = findings.raised(make.message(2), make.sender(), severity="low", at=make.start + timedelta(hours=1))
    assert found.incident_id == alert.incident_id
    return found


def again(row):
    return type(row).objects.get(pk=row.pk)


def texts(**where):
    return [entry.text for entry in selectors.history_of(**where)]


# --- IN-11: assignment --------------------------------------------------------------------------------------------


def test_an_alert_given_to_somebody_else_leaves_its_incident_and_the_other_alerts_alone(alert, second, by_ada):
    services.assign(incident=alert.incident_id, to=by_ada.id, name="Ada", by=by_ada)
    services.assign_alert(alert=alert.alert_id, to="person:99", name="Max", by=by_ada)
    assert (again(alert).assigned_name, again(second).assigned_name) == ("Max", "Ada")
    assert Incident.objects.get(pk=alert.incident_id).assigned_name == "Ada"


def test_only_active_people_with_the_right_can_be_chosen(ada, max, eve):
    assert {choice.label for choice in assignees() if choice.group == "People"} == {
        "Ada (ada@corp.example)",
        "Max (max@corp.example)",
    }
    max.is_active = False
    max.save()
    assert {choice.label for choice in assignees() if choice.group == "People"} == {"Ada (ada@corp.example)"}


# --- IN-12: severity ----------------------------------------------------------------------------------------------


def test_an_incident_is_as_severe_as_its_worst_alert_and_less_when_that_one_leaves(alert, second, by_ada):
    assert Incident.objects.get(pk=alert.incident_id).severity == "high"
    services.split_alert(alert=alert.alert_id, by=by_ada)
    assert Incident.objects.get(pk=second.incident_id).severity == "low"


@pytest.mark.parametrize("severity", ["critical", "HIGH", " "])
def test_a_severity_that_is_none_is_refused_at_its_field(alert, by_ada, severity):
    with pytest.raises(BadInput) as refused:
        services.set_severity(incident=alert.incident_id, severity=severity, by=by_ada)
    assert refused.value.place == "severity"
    assert Incident.objects.get(pk=alert.incident_id).severity == "high"


# --- IN-13: tags --------------------------------------------------------------------------------------------------


def test_a_tag_is_one_line_of_at_most_a_hundred_characters(alert, by_ada):
    services.tag(incident=alert.incident_id, texts=["  two \n words ", "x" * 300, ""], by=by_ada)
    assert {text for text, _ in selectors.incident(alert.incident_id).tags} == {"two words", "x" * 100}
    with pytest.raises(BadInput, match="write a tag"):
        services.tag(incident=alert.incident_id, texts=["", "  "], by=by_ada)


def test_what_the_product_tagged_is_not_taken_away_by_hand(alert, findings, make, by_ada):
    other = findings.raised(make.message(9), make.sender("z@z.example"))
    services.merge(source=other.incident_id, into=alert.incident_id, by=by_ada)
    with pytest.raises(Conflict):
        services.untag(incident=other.incident_id, text="Redirected", by=by_ada)
    assert ("Redirected", "system") in selectors.incident(other.incident_id).tags


# --- IN-14: status ------------------------------------------------------------------------------------------------


def test_reopening_an_incident_leaves_its_alerts_as_they_were_resolved(alert, second, by_ada):
    services.set_status(incident=alert.incident_id, status="resolved", note="Purged.", by=by_ada)
    services.set_status(incident=alert.incident_id, status="active", by=by_ada)
    incident = Incident.objects.get(pk=alert.incident_id)
    assert (incident.status, incident.resolved_at, incident.resolution_note) == ("active", None, "Purged.")
    assert {again(row).status for row in (alert, second)} == {"resolved"}


def test_resolving_every_alert_leaves_the_incident_for_a_person_to_close(alert, second, by_ada):
    for row in (alert, second):
        services.set_alert_status(alert=row.alert_id, status="resolved", by=by_ada)
    incident = Incident.objects.get(pk=alert.incident_id)
    assert (incident.status, incident.active_alert_count) == ("active", 0)
    services.set_alert_status(alert=alert.alert_id, status="new", by=by_ada)
    assert again(alert).resolved_at is None
    assert again(incident).active_alert_count == 1


@pytest.mark.parametrize("status", ["redirected", "new", "", "Resolved"])
def test_a_status_that_people_cannot_give_is_refused(alert, by_ada, status):
    with pytest.raises(BadInput, match="is no status of an incident"):
        services.set_status(incident=alert.incident_id, status=status, by=by_ada)


# --- IN-15: classification ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(Classification))
def test_each_classification_takes_its_own_determinations_and_no_others(alert, by_ada, kind):
    every = {word for allowed in DETERMINATIONS.values() for word in allowed}
    for determination in sorted(every):
        if determination in DETERMINATIONS[kind]:
            services.classify(incident=alert.incident_id, classification=kind, determination=determination, by=by_ada)
            assert again(alert).determination == determination
        else:
            with pytest.raises(BadInput):
                services.classify(
                    incident=alert.incident_id, classification=kind, determination=determination, by=by_ada
                )


def test_an_alert_judged_on_its_own_keeps_its_judgement(alert, second, by_ada):
    services.classify_alert(
        alert=second.alert_id, classification="falsePositive", determination="notMalicious", by=by_ada
    )
    services.classify(incident=alert.incident_id, classification="truePositive", determination="phishing", by=by_ada)
    assert (again(alert).classification, again(second).classification) == ("truePositive", "falsePositive")
    services.classify(incident=alert.incident_id, classification="", determination="", by=by_ada)
    assert (again(alert).classification, again(second).classification) == ("", "falsePositive")


def test_the_panel_offers_every_determination_under_its_classification():
    offered = {choice.value: choice.group for choice in classifications()}
    assert len(offered) == sum(map(len, DETERMINATIONS.values()))
    assert offered["truePositive/phishing"] == "True positive"
    assert "" not in {value.partition("/")[2] for value in offered}


# --- IN-16: comments and the activity log -------------------------------------------------------------------------


def test_a_comment_keeps_its_lines_and_is_not_copied_into_the_audit_log(alert, by_ada):
    services.comment(incident=alert.incident_id, text=" first\r\nsecond ", by=by_ada)
    assert Comment.objects.get().text == "first\nsecond"
    entry = AuditEntry.objects.filter(verb="incident.comment", outcome="success").get()
    assert entry.after == {"characters": 12}
    assert "first" not in str(AuditEntry.objects.values_list("after", "target", "reason"))


def test_a_comment_too_long_says_how_long_it_is(alert, by_ada):
    with pytest.raises(BadInput, match="at most 30,000 characters, this one 30,001"):
        services.comment_alert(alert=alert.alert_id, text="x" * (COMMENT_LIMIT + 1), by=by_ada)


def test_the_activity_log_tells_people_and_the_product_apart(alert, by_ada, machine):
    services.rename(incident=alert.incident_id, name="Ours", by=by_ada)
    services.set_severity(incident=alert.incident_id, severity="low", by=machine)
    origins = dict(HistoryEntry.objects.filter(incident=alert.incident_id).values_list("kind", "origin"))
    assert (origins["renamed"], origins["severity"], origins["created"]) == ("person", "system", "system")


def test_an_activity_says_what_it_was_before_and_what_it_is_now(alert, by_ada):
    services.rename(incident=alert.incident_id, name="  The \n parcel  phish ", by=by_ada)
    services.set_alert_status(alert=alert.alert_id, status="inProgress", by=by_ada)
    assert any(text.endswith("to “The parcel phish”") for text in texts(incident=alert.incident_id))
    assert "Status changed from new to in progress" in texts(alert=alert.alert_id)


# --- one form, only what changed (IN-10, AL-06) -------------------------------------------------------------------


def test_a_form_sent_back_as_it_was_changes_nothing(alert, by_ada):
    current = selectors.incident(alert.incident_id)
    form = {"name": current.name, "severity": "", "assigned": "", "status": current.status, "tags": "", "comment": " "}
    assert manage_incident(current=current, data=form, by=by_ada) == []
    line = selectors.alert(alert.alert_id)
    assert manage_alert(current=line, data={"status": "new", "assigned": "", "classification": ""}, by=by_ada) == []
    assert not AuditEntry.objects.filter(actor_name="Ada").exists()


def test_what_a_form_did_is_told_in_words(alert, ada):
    by = actor_of(ada)
    done = manage_incident(
        current=selectors.incident(alert.incident_id),
        data={
            "name": "Ours",
            "severity": "low",
            "tags": "a,b",
            "assigned": by.id,
            "classification": "truePositive/phishing",
            "status": "resolved",
            "note": "Purged",
            "comment": "Done\x00.",
        },
        by=by,
    )
    assert done == ["renamed", "severity set", "tagged", "assigned to Ada", "classified", "resolved", "commented"]
    assert Comment.objects.get().text == "Done."
    unassigned = manage_incident(current=selectors.incident(alert.incident_id), data={"assigned": ""}, by=by)
    assert unassigned == ["unassigned"]


def test_one_alert_of_a_form_is_managed_alone(alert, second, ada):
    by = actor_of(ada)
    form = {"status": "resolved", "assigned": by.id, "classification": "falsePositive/other", "comment": "Known."}
    done = manage_alert(current=selectors.alert(alert.alert_id), data=form, by=by)
    assert done == ["assigned to Ada", "classified", "resolved", "commented"]
    assert (again(second).status, again(second).assigned_to, again(second).classification) == ("new", "", "")


# --- to Explorer, and into the lake -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind for kind in EvidenceType if kind.value not in ("device", "cloudApplication")])
def test_every_kind_of_evidence_leads_to_its_mail_a_day_around(make, kind):
    address = urlsplit(explorer_link(kind.value, "value", make.start, make.start + timedelta(days=3)))
    asked = parse_qs(address.query)
    assert asked["f"][0].startswith(f"{COLUMNS[kind]}~")
    assert (asked["from"][0][:10], asked["to"][0][:10]) == ("2026-11-01", "2026-11-06")


def test_a_device_leads_to_what_ran_on_it(make):
    address = urlsplit(entity_href("device", 'pc "7"', make.start, make.start))
    assert address.path == "/hunting"
    assert parse_qs(address.query)["query"] == [
        'DeviceProcessEvents | where DeviceName =~ "pc \\"7\\"" | sort by Timestamp desc'
    ]


def test_an_address_names_only_so_many_messages(make):
    link = explorer_link("analyzedMessage", [f"m-{n}" for n in range(500)], make.start, make.start)
    assert f"m-{MOST_MESSAGES - 1}" in link
    assert f"m-{MOST_MESSAGES}" not in link


@pytest.mark.parametrize(
    ("kind", "column", "value"),
    [
        (EvidenceType.MAILBOX, "AccountUpn", "ann@corp.example"),
        (EvidenceType.SENDER, "AccountDomain", "corp.example"),
        (EvidenceType.ANALYZED_MESSAGE, "NetworkMessageId", "ann@corp.example"),
        (EvidenceType.FILE, "SHA256", "ann@corp.example"),
        (EvidenceType.URL, "RemoteUrl", "ann@corp.example"),
        (EvidenceType.IP, "RemoteIP", "ann@corp.example"),
        (EvidenceType.DEVICE, "DeviceName", "ann@corp.example"),
        (EvidenceType.MAIL_CLUSTER, "EmailSubject", "Label"),
    ],
)
def test_evidence_stands_in_the_column_of_its_kind(alert, kind, column, value):
    item = Evidence(kind, "ann@corp.example", label="Label")
    (row,) = alert_evidence(alert, [item], at=alert.created_at)
    assert (row["EntityType"], row[column]) == (ENTITY_TYPES[kind], value)
    assert row["AlertId"] == alert_info(alert)["AlertId"] == alert.alert_id


def test_the_number_of_alerts_follows_every_move(alert, second, findings, make, by_ada):
    other = findings.raised(make.message(9), make.sender("z@z.example"))
    services.link_alert(alert=second.alert_id, incident=other.incident_id, by=by_ada)
    services.merge(source=other.incident_id, into=alert.incident_id, by=by_ada)
    counts = dict(Incident.objects.values_list("pk", "alert_count"))
    kept = {pk: Alert.objects.filter(incident=pk).count() for pk in counts}
    assert counts[alert.incident_id] == kept[alert.incident_id] == 3
    assert sum(kept.values()) == 3
