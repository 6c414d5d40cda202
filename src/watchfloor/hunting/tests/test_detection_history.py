"""A custom detection's runs, its failures, its rule behind an alert, and how it is made from the query being written."""

import re
from datetime import timedelta

import pytest

from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import actor_of
from watchfloor.hunting.advanced.recording import KEPT_RUNS
from watchfloor.hunting.advanced.saving import import_rules
from watchfloor.hunting.custom.keeping import Plan, save, span_words, switch
from watchfloor.hunting.custom.mapping import evidence_of, guessed, moment_of, of_sentinel
from watchfloor.hunting.custom.running import run_due, run_now, runs_of
from watchfloor.hunting.models import CustomDetection, QueryRun, SavedQuery
from watchfloor.incidents.models import Alert
from watchfloor.incidents.promotion import promote
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import Forbidden

QUERY = "EmailEvents | where Subject has 'invoice'"
MAPPED = (("SenderFromAddress", "sender", "source"), ("RecipientEmailAddress", "mailbox", "impacted"))


@pytest.fixture
def by_max(max):
    return actor_of(max)


def kept(by, **changes) -> CustomDetection:
    fields = {"title": "Invoices", "text": QUERY, "severity": "high", "every_minutes": 60, "look_back_minutes": 240}
    return save(plan=Plan(**{**fields, "entities": MAPPED, **changes}), by=by, now=utc_now())


def test_every_run_is_remembered_with_its_rows_seconds_and_time(by_max, mail):
    mail(Subject="An invoice")
    row = kept(by_max)
    now = utc_now()
    run_due(now=now)
    run_due(now=now + timedelta(minutes=61))
    newest, first = runs_of(row)
    assert (first.rows, first.new, newest.rows, newest.new) == (1, 1, 1, 0)
    assert (first.interface, first.rule_id, first.tables) == ("detection", row.rule_id, ["EmailEvents"])
    assert first.end - first.start == timedelta(minutes=240)
    assert first.seconds > 0
    assert first.words == "1 row, 1 new finding"
    assert KEPT_RUNS >= 288


def test_failures_in_a_row_are_counted_and_forgotten_after_a_good_run(by_max, as_max, mail):
    row = kept(by_max)
    CustomDetection.objects.update(text="EmailEvents | where Gone == 1")
    now = utc_now()
    for number in range(3):
        run_due(now=now + timedelta(minutes=61 * number))
    row.refresh_from_db()
    assert (row.failures, row.last_state) == (3, "failing")
    assert "Gone" in runs_of(row)[0].error
    listed = as_max.get("/hunting/detections").content.decode()
    assert "3 times in a row" in listed
    assert re.search(r'show=failing"[^>]*>.*?1', listed, re.DOTALL)
    assert "The last run failed" in as_max.get(f"/hunting/detections/{row.pk}").content.decode()
    assert "1 failing" in as_max.get("/hunting").content.decode()
    CustomDetection.objects.update(text=QUERY)
    run_due(now=now + timedelta(days=1))
    row.refresh_from_db()
    assert (row.failures, row.last_state) == (0, "ok")
    assert "failing</" not in as_max.get("/hunting").content.decode()


def test_the_list_shows_the_failing_and_the_switched_off_apart(by_max, as_max):
    good, bad = kept(by_max, title="Good one"), kept(by_max, title="Bad one")
    switch(key=good.pk, enabled=False, by=by_max, now=utc_now())
    CustomDetection.objects.filter(pk=bad.pk).update(last_state="failing", last_words="no")
    off = as_max.get("/hunting/detections?show=off").content.decode()
    assert ("Good one" in off, "Bad one" in off) == (True, False)
    failing = as_max.get("/hunting/detections?show=failing").content.decode()
    assert ("Good one" in failing, "Bad one" in failing) == (False, True)


def test_somebody_runs_it_at_once_even_when_it_is_off(by_max, as_max, as_eve, mail, eve):
    mail(Subject="An invoice")
    row = kept(by_max)
    switch(key=row.pk, enabled=False, by=by_max, now=utc_now())
    due = CustomDetection.objects.get().next_at
    assert as_max.post(f"/hunting/detections/{row.pk}/run").status_code == 302
    row.refresh_from_db()
    assert (row.last_state, row.last_new, row.next_at) == ("ok", 1, due)
    assert AuditEntry.objects.filter(verb="custom_detection.run", outcome="success").count() == 1
    assert as_eve.post(f"/hunting/detections/{row.pk}/run").status_code == 403
    with pytest.raises(Forbidden):
        run_now(key=row.pk, by=actor_of(eve), now=utc_now())


def test_its_page_shows_query_runs_and_alerts(by_max, as_max, mail):
    mail(Subject="An invoice")
    row = kept(by_max)
    run_due(now=utc_now())
    promote(now=utc_now())
    page = as_max.get(row.href).content.decode()
    assert "where Subject has" in page
    assert "4 hours" in page
    assert f'href="/alerts/{Alert.objects.get().alert_id}"' in page
    assert re.search(r'href="/hunting\?query=[^"]+from=[^"]+run=1"', page)


def test_the_alert_says_which_detection_raised_it_and_runs_its_query_at_that_time(by_max, as_max, mail):
    mail(Subject="An invoice")
    row = kept(by_max, description="Money")
    run_due(now=utc_now())
    promote(now=utc_now())
    alert = Alert.objects.get()
    behind = as_max.get(f"/hunting/behind/{alert.alert_id}", headers={"HX-Request": "true"}).content.decode()
    assert "Custom detection" in behind
    assert "Max" in behind
    assert row.href in behind
    link = re.search(r'href="(/hunting\?query=[^"]+)"', behind)[1].replace("&amp;", "&")
    opened = as_max.get(link).content.decode()
    assert "where Subject has" in opened
    assert 'hx-trigger="load"' in opened
    moment = alert.first_activity - timedelta(minutes=240)
    assert f'value="{moment:%Y-%m-%dT%H:%M}"' in opened
    assert "changed after" not in behind
    save(plan=Plan("Invoices", "EmailEvents", "low", 60, 240, MAPPED), by=by_max, now=utc_now(), key=row.pk)
    assert "changed after" in as_max.get(f"/hunting/behind/{alert.alert_id}").content.decode()
    row.delete()
    assert "was deleted since" in as_max.get(f"/hunting/behind/{alert.alert_id}").content.decode()
    Alert.objects.update(rule_id="administrative-action")
    assert "raised this alert itself" in as_max.get(f"/hunting/behind/{alert.alert_id}").content.decode()


def test_what_is_made_from_the_editor_keeps_the_text_the_time_and_the_columns(as_max, mail):
    mail()
    text = "EmailEvents | project Timestamp, NetworkMessageId, RecipientEmailAddress, SenderFromAddress"
    form = as_max.post("/hunting/detections/edit", {"query": text, "range": "7d"}).content.decode()
    assert text in form.replace("&#x27;", "'")
    assert 'name="look_back_minutes" type="number" min="5" max="43200" value="10080"' in form
    for line in ("NetworkMessageId: analyzedMessage", "RecipientEmailAddress: mailbox", "SenderFromAddress: sender"):
        assert line in form
    longest = as_max.post("/hunting/detections/edit", {"query": text, "range": "90d"}).content.decode()
    assert 'max="43200" value="43200"' in longest
    said = as_max.post("/hunting/detections/edit", {"query": "EmailEvents | wher", "range": "soon"}).content.decode()
    assert "EmailEvents | wher" in said


RULE = b"""
id: 1
name: Bad senders
description: They send.
severity: High
relevantTechniques: [T1566.002]
query: EmailEvents | summarize Who = any(RecipientEmailAddress) by Crook = SenderFromAddress
entityMappings:
  - entityType: Account
    fieldMappings: [{identifier: FullName, columnName: Who}]
  - entityType: MailMessage
    fieldMappings: [{identifier: Sender, columnName: Crook}, {identifier: Recipient, columnName: Gone}]
"""


def test_an_imported_rule_brings_its_own_entities_title_and_techniques(by_max, as_max, mail):
    mail()
    import_rules(data=RULE, name="r.yaml", folder="", by=by_max, now=utc_now())
    saved = SavedQuery.objects.get()
    form = as_max.post("/hunting/detections/edit", {"query": saved.text, "saved": saved.pk}).content.decode()
    assert "Who: user\nCrook: sender</textarea>" in form
    assert 'value="Bad senders"' in form
    assert "T1566.002" in form
    assert re.search(r'value="high"\s+selected', form)


def test_columns_of_many_spellings_suggest_their_evidence():
    found = guessed(["AccountUpn1", "sha256", "IPCustomEntity", "Subject", "Recipients", "ClientIP", "EmailClusterId"])
    assert [(name, kind) for name, kind, _ in found] == [
        ("AccountUpn1", "user"),
        ("sha256", "file"),
        ("IPCustomEntity", "ip"),
        ("Recipients", "mailbox"),
        ("ClientIP", "ip"),
        ("EmailClusterId", "mailCluster"),
    ]
    assert of_sentinel([{"type": "DNS", "fields": [{"identifier": "DomainName", "column": "D"}]}], ["D"]) == []


def test_a_list_names_several_entities_and_nothing_names_none():
    row = {"Recipients": ["a@x", "b@x", "a@x", None], "Bag": {"k": 1}, "N": 7, "Empty": "", "Url": "x" * 3000}
    told = evidence_of(row, [[name, "mailbox", "impacted"] for name in ("Recipients", "Bag", "N", "Empty")])
    assert [one.value for one in told] == ["a@x", "b@x", "7"]
    assert len(evidence_of(row, [["Url", "url", "source"]])[0].value) == 2000


def test_a_row_happened_when_it_says_or_now():
    now = utc_now()
    assert moment_of({"Timestamp": "2026-11-22T09:30:00Z"}, otherwise=now).isoformat() == "2026-11-22T09:30:00+00:00"
    assert moment_of({"TimeGenerated": "soon"}, otherwise=now) == now
    assert moment_of({"Timestamp": 3}, otherwise=now) == now


def test_a_look_back_is_said_in_words():
    assert [span_words(one) for one in (60, 240, 1440, 43_200, 90)] == [
        "1 hour",
        "4 hours",
        "1 day",
        "30 days",
        "90 minutes",
    ]


def test_a_detections_runs_do_not_stand_in_a_persons_history(by_max, as_max, mail):
    kept(by_max)
    run_due(now=utc_now())
    assert QueryRun.objects.count() == 1
    assert "No history yet" in as_max.get("/hunting?panel=history").content.decode()
