"""A reader follows what is new and what changed among alerts, by two cursors."""

from datetime import timedelta

from watchfloor.incidents.models import HistoryEntry
from watchfloor.incidents.services import classify_alert, set_status
from watchfloor.incidents.touched import last_touched, popularity_of, touched_after

LATER = timedelta(days=3650)


def read(make, evidence=0, history=0, before=LATER):
    return touched_after(evidence=evidence, history=history, before=make.start + before)


def test_a_new_alert_comes_with_the_accounts_it_names(findings, make):
    alert = findings.raised(make.mailbox(), make.ip("198.51.100.7"))
    (one,) = read(make).alerts
    assert (one.alert.alert_id, one.number) == (alert.alert_id, alert.pk)
    assert [(kind, value) for kind, value, _ in one.people] == [("mailbox", "ada@corp.example")]


def test_what_was_read_does_not_come_again_and_a_decision_does(findings, make, by_ada):
    alert = findings.raised(make.mailbox())
    at = last_touched()
    assert read(make, *at).alerts == ()
    classify_alert(alert=alert.alert_id, classification="falsePositive", determination="other", by=by_ada)
    (one,) = read(make, *at).alerts
    assert one.alert.classification == "falsePositive"


def test_resolving_an_incident_touches_its_alerts(findings, make, by_ada):
    alert = findings.raised(make.mailbox())
    at = last_touched()
    set_status(incident=alert.incident_id, status="resolved", by=by_ada)
    assert [one.alert.status for one in read(make, *at).alerts] == ["resolved"]


def test_a_line_of_this_moment_waits_and_holds_back_those_behind_it(findings, make):
    findings.raised(make.mailbox())
    evidence, _ = last_touched()
    HistoryEntry.objects.update(at=make.start + timedelta(days=2))
    found = read(make, evidence=evidence, before=timedelta(days=1))
    assert (found.alerts, found.history) == ((), 0)


def test_popularity_counts_alerts_and_different_accounts(findings, make):
    first = findings.raised(make.mailbox("p1@corp.example"))
    findings.raised(make.mailbox("p2@corp.example"))
    found = popularity_of([first.rule_id, "nothing"], since=make.start - timedelta(days=1))
    assert found.alerts == {first.rule_id: 2}
    assert found.people == {first.rule_id: 2}
    assert found.all_alerts == 2
