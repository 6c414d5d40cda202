"""The tick: new rows become findings, once."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import actor_of
from watchfloor.detection import services
from watchfloor.detection.library import rules as all_rules
from watchfloor.detection.models import FindingRecord
from watchfloor.detection.selectors import findings_after, rule_states
from watchfloor.detection.services import detect, switch_rule
from watchfloor.kernel.errors import Forbidden, NotFound
from watchfloor.lake.services import append
from watchfloor.runtime.selectors import cursor_position

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def mail(number=1, **columns):
    return {
        "Timestamp": NOW,
        "NetworkMessageId": f"m-{number}",
        "Subject": "Your mailbox is full",
        "SenderFromAddress": "billing@x.example",
        "SenderIP": "198.51.100.7",
        "RecipientEmailAddress": f"p{number}@corp.example",
        "DeliveryAction": "Delivered",
        "EmailDirection": "Inbound",
        "ThreatTypes": ["Phish"],
        "ConfidenceLevel": {"Phish": "High"},
        "EmailClusterId": 71,
        "ReportId": f"r-{number}",
    } | columns


def found(rule):
    return [finding for finding in findings_after(0, limit=100) if finding.rule_id == rule]


def test_a_delivered_phish_is_found_with_its_entities(db):
    append("EmailEvents", [mail()])
    append(
        "EmailUrlInfo",
        [{"Timestamp": NOW, "NetworkMessageId": "m-1", "Url": "https://login.x.example/a", "ReportId": "u-1"}],
    )
    detect(now=NOW)
    (finding,) = found("malicious-mail-delivered")
    assert {(item.type.value, item.value) for item in finding.evidence} == {
        ("analyzedMessage", "m-1"),
        ("mailCluster", "71"),
        ("sender", "billing@x.example"),
        ("ip", "198.51.100.7"),
        ("url", "https://login.x.example/a"),
        ("mailbox", "p1@corp.example"),
        ("user", "p1@corp.example"),
    }
    assert finding.evidence[0].label == "Your mailbox is full"
    assert finding.description.startswith("Mail “Your mailbox is full” from billing@x.example was judged Phish")
    assert any("(found: Phish)" in line for line in finding.explanation)
    assert not any("Malware” (found" in line for line in finding.explanation)


def test_a_mail_to_many_in_one_batch_is_one_finding(db):
    append("EmailEvents", [mail(number) for number in range(9)])
    detect(now=NOW)
    (finding,) = found("malicious-mail-delivered")
    assert finding.hits == 9
    assert not found("campaign-delivered")


def test_a_campaign_is_found_when_its_tenth_person_is_reached_and_shows_them_all(db):
    append("EmailEvents", [mail(number) for number in range(9)])
    detect(now=NOW)
    append("EmailEvents", [mail(9, Timestamp=NOW + timedelta(hours=1))])
    detect(now=NOW)
    (finding,) = found("campaign-delivered")
    assert len([item for item in finding.evidence if item.type == "mailbox"]) == 10
    append("EmailEvents", [mail(10, Timestamp=NOW + timedelta(hours=2))])
    detect(now=NOW)
    later = found("campaign-delivered")[1]
    assert (later.hits, later.aggregation_key) == (1, finding.aggregation_key)


def test_a_campaign_spread_over_days_is_not_one(db):
    append("EmailEvents", [mail(number, Timestamp=NOW + timedelta(hours=5 * number)) for number in range(12)])
    detect(now=NOW)
    assert not found("campaign-delivered")


def test_a_removal_is_found_with_the_sender_of_the_mail_it_concerns(db):
    append("EmailEvents", [mail()])
    detect(now=NOW)
    event = {
        "Timestamp": NOW + timedelta(days=3),
        "NetworkMessageId": "m-1",
        "RecipientEmailAddress": "p1@corp.example",
        "Action": "Soft deleted",
        "ActionType": "Manual remediation",
        "ActionTrigger": "Admin",
        "ActionResult": "Success",
        "ReportId": "e-1",
    }
    append("EmailPostDeliveryEvents", [event])
    detect(now=NOW)
    (finding,) = found("malicious-mail-removed")
    assert "billing@x.example" in {item.value for item in finding.evidence}


def test_a_click_on_a_link_of_a_phish_is_found(db):
    append("EmailEvents", [mail()])
    click = {
        "Timestamp": NOW + timedelta(minutes=20),
        "NetworkMessageId": "m-1",
        "Url": "https://login.x.example/a",
        "AccountUpn": "p1@corp.example",
        "ActionType": "ClickAllowed",
        "ReportId": "c-1",
    }
    append("UrlClickEvents", [click])
    detect(now=NOW)
    (finding,) = found("malicious-url-click")
    roles = {(item.type.value, item.role) for item in finding.evidence if item.value == "p1@corp.example"}
    assert roles == {("user", "compromised"), ("mailbox", "compromised")}


def test_outside_recipients_are_not_our_mailboxes(db):
    rows = [
        mail(1, EmailDirection="Outbound", SenderFromAddress="bob@corp.example", RecipientEmailAddress="c@z.example")
    ]
    append("EmailEvents", rows)
    detect(now=NOW)
    (finding,) = found("internal-phish")
    assert {item.value for item in finding.evidence if item.type == "mailbox"} == {"bob@corp.example"}


def test_clean_mail_is_no_finding(db):
    append("EmailEvents", [mail(number, ThreatTypes=[], ConfidenceLevel="") for number in range(20)])
    assert detect(now=NOW) == 1
    assert FindingRecord.objects.count() == 0
    assert detect(now=NOW) == 0


def test_a_kill_before_the_commit_finds_the_same_again_once(db, monkeypatch):
    append("EmailEvents", [mail()])

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(services, "move_cursor", killed)
        with pytest.raises(KeyboardInterrupt):
            detect(now=NOW)
    assert (FindingRecord.objects.count(), cursor_position("detection")) == (0, 0)
    detect(now=NOW)
    assert FindingRecord.objects.count() == 1


def test_reading_the_same_batch_again_makes_no_second_finding(db):
    append("EmailEvents", [mail()])
    detect(now=NOW)
    from watchfloor.runtime.services import move_cursor

    move_cursor("detection", position=0)
    detect(now=NOW)
    assert FindingRecord.objects.count() == 1


def test_a_rule_that_is_off_finds_nothing_and_who_turned_it_off_is_known(max):
    switch_rule(rule_id="malicious-mail-delivered", enabled=False, by=actor_of(max))
    append("EmailEvents", [mail()])
    detect(now=NOW)
    assert not found("malicious-mail-delivered")
    state = next(state for state in rule_states() if state.rule.id == "malicious-mail-delivered")
    assert (state.enabled, state.changed_by) == (False, "Max")
    assert AuditEntry.objects.filter(verb="detection.switch", outcome="success").exists()


def test_eve_turns_nothing_off(eve):
    with pytest.raises(Forbidden):
        switch_rule(rule_id="malicious-mail-delivered", enabled=False, by=actor_of(eve))


def test_a_rule_that_is_not_there_cannot_be_turned_off(max):
    with pytest.raises(NotFound):
        switch_rule(rule_id="nothing", enabled=False, by=actor_of(max))


def test_the_page_shows_every_rule_and_its_last_hit(as_max, db):
    append("EmailEvents", [mail()])
    detect(now=NOW)
    text = as_max.get("/settings/detections").content.decode()
    for state in rule_states():
        assert state.rule.title in text
    as_max.post("/settings/detections/malware-attachment/switch", {"enabled": "0"})
    assert "by Max" in as_max.get("/settings/detections").content.decode()


def test_eve_does_not_see_the_rules(as_eve):
    assert as_eve.get("/settings/detections").status_code == 403
    assert as_eve.post("/settings/detections/malware-attachment/switch").status_code == 403


def test_evidence_of_a_flood_is_capped_and_the_rest_counted(db):
    append("EmailEvents", [mail(number) for number in range(1200)])
    detect(now=NOW)
    (finding,) = found("malicious-mail-delivered")
    assert len([item for item in finding.evidence if item.type == "mailbox"]) == 1000
    assert finding.omitted == 3 * 200
    assert finding.hits == 1200


def test_an_empty_lake_is_read_in_no_time(db, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        assert detect(now=NOW) == 0


@pytest.mark.parametrize("limit", [1, 50])
def test_bursts_far_apart_are_found_whether_batches_are_read_one_by_one_or_together(db, limit):
    rule = next(rule for rule in all_rules() if rule.id == "campaign-delivered")
    assert rule.threshold is not None
    many = rule.threshold.at_least
    for number, age in enumerate((timedelta(days=6), timedelta(days=3), timedelta(0))):
        size = many if age else 1  # the last batch alone stays below the threshold
        rows = [mail(number * 1000 + place, Timestamp=NOW - age) for place in range(size)]
        append("EmailEvents", rows)
    while detect(now=NOW, limit=limit):
        pass
    bursts = found(rule.id)
    assert [len(finding.explanation) > 0 for finding in bursts] == [True, True]
    assert len({finding.key for finding in bursts}) == 2


def test_an_alert_of_a_long_burst_names_the_urls_of_its_first_mails_too(db):
    for number in range(2):
        at = NOW - timedelta(hours=20 * (1 - number))
        append("EmailEvents", [mail(number * 100 + place, Timestamp=at) for place in range(5)])
        url = {"Timestamp": at, "NetworkMessageId": f"m-{number * 100}", "Url": f"https://part{number}.x.example/"}
        append("EmailUrlInfo", [url | {"ReportId": f"u-{number}"}])
        detect(now=NOW)
    (finding,) = found("campaign-delivered")
    urls = {item.value for item in finding.evidence if item.type.value == "url"}
    assert urls == {"https://part0.x.example/", "https://part1.x.example/"}
