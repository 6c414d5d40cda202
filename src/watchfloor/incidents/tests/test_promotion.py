"""Findings become alerts once, whatever happens in between."""

from datetime import timedelta

import pytest

from watchfloor.detection.models import FindingRecord
from watchfloor.incidents import promotion
from watchfloor.incidents.models import Alert, AlertEvidence, HistoryEntry, Incident
from watchfloor.incidents.services import set_alert_status
from watchfloor.lake import selectors as lake
from watchfloor.runtime.selectors import cursor_position


def rows_of(table):
    return [row for batch in lake.since(0, tables={table}, limit=1000) for row in batch.rows]


def test_an_alert_and_its_evidence_are_in_the_lake(findings, make):
    alert = findings.raised(make.message(1), make.sender(), make.url(), make.mailbox(), make.ip("198.51.100.7"))
    (info,) = rows_of("AlertInfo")
    assert (info["AlertId"], info["Severity"], info["Title"]) == (alert.alert_id, "High", "Malicious mail delivered")
    evidence = {row["EntityType"]: row for row in rows_of("AlertEvidence")}
    assert set(evidence) == {"MailMessage", "MailSender", "Url", "Mailbox", "Ip"}
    assert evidence["MailMessage"]["NetworkMessageId"] == "m-1"
    assert evidence["Mailbox"]["AccountUpn"] == "ada@corp.example"
    assert evidence["Mailbox"]["EvidenceRole"] == "Impacted"
    assert evidence["Url"]["RemoteUrl"] == "https://login.x.example/mailbox"


def test_a_flood_of_one_kind_is_one_alert_with_a_hit_count(findings, make):
    for number in range(30):
        findings.add(
            make.message(number),
            make.mailbox(f"p{number}@corp.example"),
            aggregation_key="EmailClusterId=71",
            at=make.start + timedelta(minutes=number),
        )
    findings.promote()
    (alert,) = Alert.objects.all()
    assert alert.hit_count == 30
    assert alert.evidence.count() == 60
    assert alert.impacted_count == 30
    assert alert.last_activity == make.start + timedelta(minutes=29)
    assert HistoryEntry.objects.filter(alert=alert, kind="hit").count() == 1
    assert Incident.objects.get().mailbox_count == 30


def test_a_hit_after_the_aggregation_window_is_a_new_alert(findings, make):
    findings.raised(make.message(1), aggregation_key="k")
    findings.raised(make.message(2), aggregation_key="k", at=make.start + timedelta(days=3))
    assert Alert.objects.count() == 2


def test_a_hit_of_a_resolved_alert_is_a_new_alert(findings, make, by_ada):
    first = findings.raised(make.message(1), aggregation_key="k")
    set_alert_status(alert=first.alert_id, status="resolved", by=by_ada)
    findings.raised(make.message(2), aggregation_key="k")
    assert Alert.objects.count() == 2


def test_a_rule_without_window_never_aggregates(findings, make):
    for number in range(2):
        findings.raised(make.message(number), aggregation_key="k", aggregation_seconds=0)
    assert Alert.objects.count() == 2


@pytest.mark.parametrize("broken", ["refresh", "append", "_link", "move_cursor", "_add_evidence"])
def test_a_kill_between_two_steps_leaves_nothing_half_done(findings, make, monkeypatch, broken):
    findings.add(make.message(1), make.sender())

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(promotion, broken, killed)
        with pytest.raises(KeyboardInterrupt):
            findings.promote()
    assert (Alert.objects.count(), Incident.objects.count(), AlertEvidence.objects.count()) == (0, 0, 0)
    assert rows_of("AlertInfo") == []
    assert cursor_position("incidents") == 0
    findings.promote()
    assert (Alert.objects.count(), len(rows_of("AlertInfo"))) == (1, 1)


def test_the_same_finding_again_changes_nothing(findings, make):
    alert = findings.raised(make.message(1), make.sender())
    from watchfloor.runtime.services import move_cursor

    move_cursor("incidents", position=0)
    findings.promote()
    assert Alert.objects.get() == alert
    assert len(rows_of("AlertInfo")) == 1


def test_evidence_beyond_the_cap_is_counted_not_stored(findings, make, monkeypatch):
    monkeypatch.setattr(promotion, "EVIDENCE_PER_ALERT", 5)
    alert = findings.raised(*[make.message(number) for number in range(9)])
    assert alert.evidence.count() == 5
    assert alert.evidence_omitted == 4


def test_the_tick_moves_its_cursor_to_the_last_finding(findings, make):
    findings.add(make.message(1))
    findings.add(make.message(2))
    assert findings.promote() == 2
    assert cursor_position("incidents") == FindingRecord.objects.order_by("-pk").first().pk


def test_an_incident_is_named_after_its_content(findings, make):
    boxes = [make.mailbox(f"p{number}@corp.example") for number in range(14)]
    alert = findings.raised(make.message(1), make.sender(), *boxes)
    assert alert.incident.name == "Phishing campaign “Your mailbox is full” reaching 14 people"


def test_an_incident_with_a_person_who_clicked_says_so(findings, make):
    findings.raised(make.message(1), make.sender(), make.mailbox("bob@corp.example"), make.mailbox())
    findings.raised(make.message(1), make.user("bob@corp.example", "compromised"), title="User clicked a malicious URL")
    assert Incident.objects.get().name == ("Phishing mail “Your mailbox is full” reaching 2 people, of whom 1 clicked")


def test_a_mailbox_that_sends_phish_names_the_incident(findings, make):
    findings.raised(
        make.message(1, "Shared document"),
        make.sender("bob@corp.example"),
        make.mailbox("bob@corp.example", "compromised"),
        make.mailbox(),
        title="Mailbox sends malicious mail",
    )
    assert Incident.objects.get().name == "Mailbox bob@corp.example sends “Shared document” to 1 person"
