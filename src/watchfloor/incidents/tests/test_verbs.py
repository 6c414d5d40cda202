"""What people do with incidents and alerts, who may, and what is remembered of it."""

import pytest

from watchfloor.access.models import AuditEntry
from watchfloor.incidents import selectors, services
from watchfloor.incidents.models import Alert, Comment, HistoryEntry, Incident, IncidentLink, Tag
from watchfloor.kernel.errors import BadInput, Conflict, Forbidden, NotFound


@pytest.fixture
def alert(findings, make):
    return findings.raised(make.message(1), make.sender(), make.mailbox())


@pytest.fixture
def other(findings, make, alert):
    return findings.raised(
        make.message(2), make.sender("b@y.example"), make.mailbox("bob@corp.example"), severity="low"
    )


def said(incident):
    return [item.text for item in selectors.history_of(incident=incident)]


def again(alert):
    return Alert.objects.get(pk=alert.pk)


VERBS = [
    lambda a, by: services.assign(incident=a.incident_id, to=by.id, name="x", by=by),
    lambda a, by: services.set_status(incident=a.incident_id, status="resolved", by=by),
    lambda a, by: services.classify(incident=a.incident_id, classification="", determination="", by=by),
    lambda a, by: services.set_severity(incident=a.incident_id, severity="low", by=by),
    lambda a, by: services.rename(incident=a.incident_id, name="x", by=by),
    lambda a, by: services.tag(incident=a.incident_id, texts=["x"], by=by),
    lambda a, by: services.untag(incident=a.incident_id, text="x", by=by),
    lambda a, by: services.comment(incident=a.incident_id, text="x", by=by),
    lambda a, by: services.merge(source=a.incident_id, into=99, by=by),
    lambda a, by: services.assign_alert(alert=a.alert_id, to=by.id, name="x", by=by),
    lambda a, by: services.set_alert_status(alert=a.alert_id, status="resolved", by=by),
    lambda a, by: services.classify_alert(alert=a.alert_id, classification="", determination="", by=by),
    lambda a, by: services.comment_alert(alert=a.alert_id, text="x", by=by),
    lambda a, by: services.link_alert(alert=a.alert_id, incident=99, by=by),
    lambda a, by: services.split_alert(alert=a.alert_id, by=by),
]


@pytest.mark.parametrize("verb", VERBS)
def test_eve_is_refused_and_nothing_changes(alert, by_eve, verb):
    before = HistoryEntry.objects.count()
    with pytest.raises(Forbidden):
        verb(alert, by_eve)
    assert HistoryEntry.objects.count() == before
    assert Comment.objects.count() == 0
    assert AuditEntry.objects.filter(actor_name="Eve").first().outcome == "refused"


def test_assigning_an_incident_assigns_its_alerts(alert, by_ada):
    services.assign(incident=alert.incident_id, to=by_ada.id, name="Ada", by=by_ada)
    assert again(alert).assigned_name == "Ada"
    assert "Assigned to Ada, with its alerts" in said(alert.incident_id)
    services.assign(incident=alert.incident_id, to="", name="", by=by_ada)
    assert again(alert).assigned_to == ""


def test_resolving_resolves_the_alerts_and_keeps_the_note(alert, by_ada):
    services.set_status(incident=alert.incident_id, status="resolved", note="Purged from 14 mailboxes.", by=by_ada)
    incident = Incident.objects.get(pk=alert.incident_id)
    assert (incident.status, incident.resolution_note, incident.active_alert_count) == (
        "resolved",
        "Purged from 14 mailboxes.",
        0,
    )
    assert again(alert).status == "resolved"
    assert "Status changed from active to resolved: Purged from 14 mailboxes." in said(incident.pk)


def test_every_change_is_audited_as_attempt_and_success(alert, by_ada):
    services.set_severity(incident=alert.incident_id, severity="low", by=by_ada)
    entries = AuditEntry.objects.filter(verb="incident.severity").order_by("id")
    assert [entry.outcome for entry in entries] == ["attempt", "success"]
    assert entries[1].after == {"severity": "low", "by_hand": True}


def test_a_classification_needs_a_determination_that_goes_with_it(alert, by_ada):
    for determination in ("", "notMalicious", "nonsense"):
        with pytest.raises(BadInput):
            services.classify(
                incident=alert.incident_id, classification="truePositive", determination=determination, by=by_ada
            )
    services.classify(incident=alert.incident_id, classification="truePositive", determination="phishing", by=by_ada)
    assert (again(alert).classification, again(alert).determination) == ("truePositive", "phishing")
    assert "Classified as True positive: phishing" in said(alert.incident_id)


def test_a_severity_set_by_hand_stays_when_alerts_come_and_can_be_given_back(alert, findings, make, by_ada):
    services.set_severity(incident=alert.incident_id, severity="low", by=by_ada)
    findings.raised(make.message(3), make.sender())
    assert Incident.objects.get(pk=alert.incident_id).severity == "low"
    services.set_severity(incident=alert.incident_id, severity="", by=by_ada)
    assert Incident.objects.get(pk=alert.incident_id).severity == "high"


def test_a_name_given_by_a_person_is_kept(alert, findings, make, by_ada):
    services.rename(incident=alert.incident_id, name="The mailbox phish", by=by_ada)
    findings.raised(make.message(3), make.sender())
    assert Incident.objects.get(pk=alert.incident_id).name == "The mailbox phish"
    services.rename(incident=alert.incident_id, name="", by=by_ada)
    assert Incident.objects.get(pk=alert.incident_id).name.startswith("Phishing mail")


def test_tags_are_kept_once_and_can_be_taken_away(alert, by_ada):
    services.tag(incident=alert.incident_id, texts=["vip", " vip ", "finance"], by=by_ada)
    assert list(Tag.objects.values_list("text", flat=True)) == ["finance", "vip"]
    services.untag(incident=alert.incident_id, text="vip", by=by_ada)
    assert selectors.incident(alert.incident_id).tags == (("finance", "custom"),)


def test_a_comment_has_at_most_thirty_thousand_characters(alert, by_ada):
    services.comment(incident=alert.incident_id, text="x" * 30_000, by=by_ada)
    with pytest.raises(BadInput):
        services.comment(incident=alert.incident_id, text="x" * 30_001, by=by_ada)
    with pytest.raises(BadInput):
        services.comment(incident=alert.incident_id, text="  ", by=by_ada)
    assert Comment.objects.count() == 1


def test_an_alert_alone_is_managed_without_its_incident(alert, by_ada):
    services.assign_alert(alert=alert.alert_id, to=by_ada.id, name="Ada", by=by_ada)
    services.set_alert_status(alert=alert.alert_id, status="inProgress", by=by_ada)
    services.classify_alert(
        alert=alert.alert_id, classification="falsePositive", determination="notMalicious", by=by_ada
    )
    services.comment_alert(alert=alert.alert_id, text="Known sender.", by=by_ada)
    row = again(alert)
    assert (row.status, row.classification, row.assigned_name) == ("inProgress", "falsePositive", "Ada")
    assert row.incident.status == "active"
    kinds = {item.kind for item in selectors.history_of(alert=alert.alert_id)}
    assert kinds == {"created", "assigned", "status", "classified", "comment"}


def test_what_is_not_there_is_said(by_ada, db):
    with pytest.raises(NotFound):
        services.set_severity(incident=12345, severity="low", by=by_ada)
    with pytest.raises(NotFound):
        services.set_alert_status(alert="wf0", status="new", by=by_ada)
    with pytest.raises(NotFound):
        selectors.incident(10**30)


def test_an_alert_is_linked_to_another_incident_by_hand(alert, other, by_ada):
    source, target = alert.incident_id, other.incident_id
    services.link_alert(alert=alert.alert_id, incident=target, comment="same lure", by=by_ada)
    assert again(alert).incident_id == target
    assert selectors.alert(alert.alert_id).reason == "linked by Ada: same lure"
    assert Incident.objects.get(pk=source).status == "resolved"
    assert Incident.objects.get(pk=target).alert_count == 2
    assert Incident.objects.get(pk=target).severity == "high"
    assert IncidentLink.objects.filter(alert=alert, current=True).count() == 1
    with pytest.raises(Conflict):
        services.link_alert(alert=alert.alert_id, incident=target, by=by_ada)


def test_an_alert_is_not_linked_to_a_resolved_incident(alert, other, by_ada):
    services.set_status(incident=other.incident_id, status="resolved", by=by_ada)
    with pytest.raises(Conflict):
        services.link_alert(alert=alert.alert_id, incident=other.incident_id, by=by_ada)


def test_an_alert_is_split_off_into_a_new_incident(alert, findings, make, by_ada):
    second = findings.raised(make.message(3), make.sender())
    number = services.split_alert(alert=second.alert_id, comment="other matter", by=by_ada)
    assert number != alert.incident_id
    assert again(second).incident_id == number
    assert Incident.objects.get(pk=alert.incident_id).alert_count == 1
    with pytest.raises(Conflict):
        services.split_alert(alert=second.alert_id, by=by_ada)


def test_a_merged_incident_links_forward_and_keeps_its_comments(alert, other, by_ada):
    services.comment(incident=other.incident_id, text="Bob clicked.", by=by_ada)
    services.tag(incident=other.incident_id, texts=["vip"], by=by_ada)
    services.merge(source=other.incident_id, into=alert.incident_id, comment="one campaign", by=by_ada)
    source, target = Incident.objects.get(pk=other.incident_id), Incident.objects.get(pk=alert.incident_id)
    assert (source.status, source.redirected_to_id) == ("redirected", target.pk)
    assert selectors.incident(source.pk).tags == (("Redirected", "system"), ("vip", "custom"))
    assert target.alert_count == 2
    assert selectors.incident(target.pk).tags == (("vip", "custom"),)
    comments = [item for item in selectors.history_of(incident=target.pk) if item.kind == "comment"]
    assert comments[0].body == "Bob clicked."
    assert comments[0].href == f"/incidents/{source.pk}"
    assert "one campaign" in selectors.alert(other.alert_id).reason
    with pytest.raises(Conflict):
        services.comment(incident=source.pk, text="x", by=by_ada)


def test_a_merge_can_be_taken_back_whole(alert, other, by_ada):
    services.rename(incident=other.incident_id, name="Bob's case", by=by_ada)
    services.merge(source=other.incident_id, into=alert.incident_id, by=by_ada)
    assert services.unmerge(source=other.incident_id, by=by_ada) == 1
    back = selectors.incident(other.incident_id)
    assert (back.status, back.name, back.alerts, back.tags) == ("active", "Bob's case", 1, ())
    assert again(other).incident_id == other.incident_id
    assert Incident.objects.get(pk=alert.incident_id).alert_count == 1
    with pytest.raises(Conflict):
        services.unmerge(source=other.incident_id, by=by_ada)


def test_incidents_of_two_assignees_or_two_judgements_are_not_merged(alert, other, by_ada):
    services.assign(incident=alert.incident_id, to="person:1", name="Ada", by=by_ada)
    services.assign(incident=other.incident_id, to="person:2", name="Max", by=by_ada)
    with pytest.raises(Conflict, match="assigned to"):
        services.merge(source=other.incident_id, into=alert.incident_id, by=by_ada)
    services.assign(incident=other.incident_id, to="person:1", name="Ada", by=by_ada)
    services.classify(incident=alert.incident_id, classification="truePositive", determination="phishing", by=by_ada)
    services.classify(incident=other.incident_id, classification="truePositive", determination="malware", by=by_ada)
    with pytest.raises(Conflict, match="classified"):
        services.merge(source=other.incident_id, into=alert.incident_id, by=by_ada)
    with pytest.raises(BadInput):
        services.merge(source=alert.incident_id, into=alert.incident_id, by=by_ada)


def test_a_verb_that_fails_leaves_no_trace_but_the_audit_entry(alert, by_ada):
    with pytest.raises(BadInput):
        services.set_status(incident=alert.incident_id, status="nonsense", by=by_ada)
    with pytest.raises(NotFound):
        services.merge(source=4711, into=alert.incident_id, by=by_ada)
    assert AuditEntry.objects.filter(verb="incident.merge").first().outcome == "failure"
    assert Incident.objects.get(pk=alert.incident_id).alert_count == 1
