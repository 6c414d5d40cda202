"""Tuning and notices against floods, costly wildcards, and people who may tune but not read."""

import time
from datetime import timedelta

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.detection.services import Notify, set_rule
from watchfloor.incidents.alert_notifying import AT_ONCE, READER, notify_of_alerts
from watchfloor.incidents.models import Alert
from watchfloor.incidents.tuning import like
from watchfloor.incidents.tuning_keeping import Wanted
from watchfloor.incidents.tuning_preview import preview
from watchfloor.kernel.errors import Forbidden
from watchfloor.runtime.selectors import cursor_position


@pytest.mark.parametrize("pattern", ["*" + "a?" * 500 + "b", "*" + "a" * 1000 + "b", "*a" * 900 + "*b"])
def test_wildcards_cost_little_whatever_they_are_held_against(pattern):
    began = time.process_time()
    for _ in range(20):
        assert not like(pattern, "a" * 2000)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("a?c*", "abc", True),
        ("a?c*", "ac", False),
        ("*b?", "abxbc", True),
        ("*b?", "abxb", False),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("*a*", "bab", True),
        ("?*?", "a", False),
        ("?*?", "ab", True),
        ("a.c", "abc", False),
        ("a\n?", "a\nb", True),
        ("*x?y*z", "1x2y3z", True),
        ("**", "", True),
        ("?", "", False),
    ],
)
def test_wildcards_mean_what_they_meant(pattern, text, fits):
    assert like(pattern, text) is fits


def test_a_preview_shows_no_alert_to_whoever_may_not_read_alerts(findings, make):
    findings.raised(make.sender(), make.mailbox())
    tuner = Actor("person:9", "Tom", frozenset({Permission.DETECTION_TUNE}))
    conditions = {"match": "all", "groups": [[{"type": "title", "how": "some", "values": ["*a*"]}]]}
    with pytest.raises(Forbidden):
        preview(wanted=Wanted("n", "hide", conditions), by=tuner, now=make.start + timedelta(days=1))


def test_a_flood_of_alerts_within_a_minute_holds_up_no_later_notice(findings, make, by_ada, monkeypatch):
    monkeypatch.setattr("watchfloor.incidents.alert_notifying.AT_ONCE", 3)
    assert AT_ONCE > 3
    told = []
    first = findings.raised(make.sender(), make.mailbox())
    row = Alert.objects.get(alert_id=first.alert_id)
    set_rule(rule_id=row.rule_id, notify=Notify(("ada@corp.example",), 10, ()), by=by_ada, now=make.start)
    for number in range(9):
        row.pk, row.alert_id, row.finding_key = None, f"flood-{number}", f"flood-{number}"
        row.save(force_insert=True)
    Alert.objects.update(created_at=make.start)
    monkeypatch.setattr(
        "watchfloor.incidents.alert_notifying._tell", lambda alert, *_, **__: told.append(alert.pk) or 0
    )
    for seconds in range(1, 9):
        notify_of_alerts(now=make.start + timedelta(seconds=seconds))
    assert set(told) == set(Alert.objects.values_list("pk", flat=True))
    assert cursor_position(READER) >= int((make.start + timedelta(seconds=8)).timestamp() * 1000)
