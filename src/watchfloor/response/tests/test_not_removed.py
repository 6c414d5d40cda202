"""Malicious mail that an action was to remove and could not raises an alert (AP-10)."""

from datetime import timedelta

import pytest

from watchfloor.detection.selectors import findings_after
from watchfloor.detection.services import detect
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.response import not_removed, services
from watchfloor.response.contracts import ActionSource, LineStatus, RemediationStatus
from watchfloor.response.freezing import freeze
from watchfloor.response.models import Remediation
from watchfloor.response.progress import finish

from .conftest import NOW, PHISH
from .test_plans import TWO

LATER = NOW + timedelta(minutes=5)


def told():
    where = (Condition("ActionType", Operator.EQUAL_ANY, (not_removed.VERB,)),)
    return lake.all_rows(Query("CloudAppEvents", NOW, LATER + timedelta(days=1), where), limit=50)


@pytest.fixture
def failed(mails, analyst):
    """An action on the phish of two people, of whom Bob's mailbox did not answer."""

    def ended(*, action="soft-delete", **fields):
        one = services.start(by=analyst, name="Purge", reason="phish", action=action, targets=TWO, at=NOW)
        freeze(one, now=NOW)
        one.lines.update(status=LineStatus.MOVED.value)
        one.lines.filter(recipient="bob@corp.example").update(status=LineStatus.FAILED.value, why="no answer")
        counts = {"moved": 1, "failed": 1, "total": 2, "frozen_at": NOW, "status": RemediationStatus.IN_PROGRESS.value}
        Remediation.objects.filter(pk=one.pk).update(**counts | fields)
        return finish(one.pk, now=LATER)

    return ended


def test_each_copy_that_stays_is_told_and_raises_one_alert(failed):
    one = failed()
    assert one.status == RemediationStatus.COMPLETED
    (row,) = told()
    assert (row["ObjectId"], row["ObjectType"], row["AccountId"]) == (PHISH, "Phish", "bob@corp.example")
    assert one.approval_id in str(row)
    finish(one.pk, now=LATER)
    assert len(told()) == 1
    detect(now=LATER)
    (found,) = [one for one in findings_after(0, limit=50) if one.rule_id == "malicious-mail-stays"]
    assert (found.severity, found.hits) == ("medium", 1)
    assert ("analyzedMessage", PHISH) in {(item.type.value, item.value) for item in found.evidence}


@pytest.mark.parametrize(
    "fields",
    [
        {"source": ActionSource.AUTOMATED.value},
        {"action": "move-to-inbox"},
        {"failed": 0},
    ],
)
def test_what_an_investigation_did_what_brings_mail_back_and_what_went_well_tell_nothing(failed, fields):
    failed(**fields)
    assert told() == []


def test_zero_hour_purge_tells_with_the_verdict_that_came_late(failed):
    failed(source=ActionSource.AUTOMATED.value, event_type="Malware ZAP")
    assert [row["ObjectType"] for row in told()] == ["Malware"]


def test_mail_of_no_threat_is_no_alert(failed, monkeypatch):
    monkeypatch.setattr(not_removed, "GRAVE", ("Malware",))
    failed()
    assert told() == []


def test_of_very_many_copies_some_are_told(failed, monkeypatch):
    monkeypatch.setattr(not_removed, "MOST", 0)
    failed()
    assert told() == []
