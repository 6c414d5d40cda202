"""The verdict policy: silenced reasons with who and why, the threshold, all on record."""

import pytest

from watchfloor.access.models import AuditEntry
from watchfloor.inspection.services import THRESHOLD
from watchfloor.intelligence.policy import change_threshold, restore_reason, silence_reason
from watchfloor.intelligence.selectors import known_signals, shown_reasons, verdict_policy
from watchfloor.kernel.errors import BadInput, Conflict, Forbidden, NotFound

from .conftest import NOBODY, NOW, TUNER

pytestmark = pytest.mark.django_db
REASONS = {
    "reasons": [
        {"signal": "bulk", "points": 0.3, "words": "Sent to many", "detection_method": "Bulk"},
        {"signal": "shortener", "points": 2.5, "words": "A link hides\u202e its target", "silenced": False},
        {"signal": "gone_signal", "points": 0.0, "words": "No longer known", "silenced": True},
    ]
}


def silence(signal="shortener", note="our newsletter uses one", by=TUNER):
    silence_reason(by=by, signal=signal, note=note, now=NOW)


def test_a_silenced_reason_says_who_when_and_why():
    silence()
    [found] = verdict_policy().silenced
    assert (found.signal, found.by, found.at, found.note) == ("shortener", TUNER.name, NOW, "our newsletter uses one")
    entry = AuditEntry.objects.latest("id")
    assert (entry.verb, entry.target, entry.reason) == ("reason.silence", "shortener", "our newsletter uses one")


def test_silencing_is_undone_and_that_is_on_record_too():
    silence()
    restore_reason(by=TUNER, signal="shortener", now=NOW)
    assert verdict_policy().silenced == ()
    assert AuditEntry.objects.latest("id").verb == "reason.restore"
    with pytest.raises(NotFound):
        restore_reason(by=TUNER, signal="shortener", now=NOW)


@pytest.mark.parametrize(("signal", "note", "error"), [("no_such", "why", BadInput), ("shortener", "  ", BadInput)])
def test_silencing_needs_a_known_reason_and_a_why(signal, note, error):
    with pytest.raises(error):
        silence(signal, note)


def test_silencing_twice_is_a_conflict():
    silence()
    with pytest.raises(Conflict):
        silence()


def test_the_right_is_needed():
    with pytest.raises(Forbidden):
        silence(by=NOBODY)
    with pytest.raises(Forbidden):
        change_threshold(by=NOBODY, threshold=4, now=NOW)
    assert verdict_policy().threshold == THRESHOLD


@pytest.mark.parametrize("threshold", [0, 0.9, 9.5, -1, float("nan")])
def test_a_threshold_has_bounds(threshold):
    with pytest.raises(BadInput):
        change_threshold(by=TUNER, threshold=threshold, now=NOW)


def test_the_threshold_in_force_is_told_from_the_shipped_one():
    change_threshold(by=TUNER, threshold=6.5, now=NOW)
    found = verdict_policy()
    assert (found.threshold, found.shipped, found.changed_by) == (6.5, THRESHOLD, TUNER.name)
    change_threshold(by=TUNER, threshold=THRESHOLD, now=NOW)
    assert verdict_policy().threshold == THRESHOLD


def test_reasons_are_shown_heaviest_first_with_their_silencing():
    silence("bulk")
    shown = {one.signal: one for one in shown_reasons(REASONS, actor=TUNER)}
    assert list(shown) == ["shortener", "bulk", "gone_signal"]
    assert (shown["bulk"].silenced.by, shown["bulk"].may_silence) == (TUNER.name, False)
    assert shown["shortener"].may_silence
    assert "⟨RLO⟩" in shown["shortener"].words
    assert (shown["gone_signal"].counted, shown["gone_signal"].may_silence) == (False, False)


def test_who_may_not_tune_is_offered_no_silencing():
    assert not any(one.may_silence for one in shown_reasons(REASONS, actor=NOBODY))


def test_every_signal_can_be_looked_up():
    names = known_signals()
    assert names["blocked_sender"][0] > 0
    assert "block list" in names["blocked_sender"][1]
    assert "allowed_url" not in names
