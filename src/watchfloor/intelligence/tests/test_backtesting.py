"""Back-tests: at once when quick, else a durable job that goes day by day and may be cut off anywhere."""

import json
from datetime import timedelta

import pytest

from watchfloor.inspection.services import WEIGHTS
from watchfloor.intelligence import backtesting
from watchfloor.intelligence.backtesting import ask_for_back_test, back_test, forget_runs, result_of, run_of, work_day
from watchfloor.intelligence.contracts import LabelKind, Proposal
from watchfloor.intelligence.models import BackTestRun, Label
from watchfloor.intelligence.policy import silence_reason
from watchfloor.kernel.errors import BadInput, Forbidden, NotFound
from watchfloor.lake.contracts import TooSlow
from watchfloor.lake.services import append

from .conftest import NOBODY, NOW, TUNER


def stored(number, points, *, threats=(), days=1):
    return {
        "Timestamp": NOW - timedelta(days=days),
        "NetworkMessageId": f"id-{number}",
        "Subject": f"Mail {number}",
        "ThreatTypes": list(threats),
        "VerdictScore": sum(points.values()),
        "VerdictReasons": json.dumps(points),
    }


@pytest.fixture
def lake(db, settings, tmp_path):
    """Three mails of three days: one near the threshold, one phish, one silenced in part."""
    settings.HOME = tmp_path
    append(
        "EmailEvents",
        [
            stored(1, {"shortener": 2.5, "payment_words": 2.0}),
            stored(2, {"blocked_url": 10.0}, threats=("Phish",), days=2),
            stored(3, {"shortener": 0.0, "payment_words": 3.0}, days=6),
        ],
    )


def tried(threshold, *silenced, days=7):
    return back_test(by=TUNER, proposal=Proposal(threshold, frozenset(silenced), days), now=NOW)


def test_a_lower_threshold_is_told_in_counts_examples_and_bins(lake):
    found = tried(4)
    assert (found.mails, found.gained, found.lost, found.unscored) == (3, {"": 1}, {}, 0)
    assert [row["NetworkMessageId"] for row in found.examples] == ["id-1"]
    assert found.bins == ((3.0, 1, 0), (4.5, 1, 0), (10.0, 0, 1))


def test_what_would_change_is_split_by_label(lake):
    Label.objects.create(
        network_message_id="id-1",
        kind=LabelKind.FALSE_NEGATIVE,
        by="Ada",
        by_id="1",
        at=NOW,
        received_at=NOW - timedelta(days=1),
    )
    assert tried(4).gained == {"false_negative": 1}


def test_a_reason_silenced_now_counts_again_in_a_proposal_without_it(lake):
    silence_reason(by=TUNER, signal="shortener", note="why", now=NOW)
    both = 3.0 + WEIGHTS["shortener"].points
    assert "id-3" not in {row["NetworkMessageId"] for row in tried(both, "shortener").examples}
    assert "id-3" in {row["NetworkMessageId"] for row in tried(both).examples}


@pytest.mark.parametrize("proposal", [Proposal(0.5), Proposal(50), Proposal(5, days=3)])
def test_what_is_no_proposal_is_refused(db, proposal):
    with pytest.raises(BadInput):
        back_test(by=TUNER, proposal=proposal, now=NOW)


def test_the_right_is_needed(db):
    with pytest.raises(Forbidden):
        back_test(by=NOBODY, proposal=Proposal(4), now=NOW)
    with pytest.raises(Forbidden):
        ask_for_back_test(by=NOBODY, proposal=Proposal(4), now=NOW)


def test_a_job_finds_day_by_day_what_one_question_finds(lake, monkeypatch, django_capture_on_commit_callbacks):
    asked = []
    monkeypatch.setattr(backtesting, "enqueue", lambda name, *arguments, id: asked.append((name, arguments, id)))
    with django_capture_on_commit_callbacks(execute=True):
        id = ask_for_back_test(by=TUNER, proposal=Proposal(4, days=7), now=NOW)
    assert asked == [(backtesting.WORKFLOW, (id,), id)]
    for day in (0, 1, 1, 2, 3, 4):
        work_day(id, day)
    assert not run_of(id).ended
    work_day(id, 5)
    work_day(id, 6)
    run = run_of(id)
    assert (run.done, run.ended) == (7, True)
    whole, found = tried(4), result_of(run)
    assert (found.mails, found.gained, found.bins) == (whole.mails, whole.gained, whole.bins)
    assert [row["NetworkMessageId"] for row in found.examples] == ["id-1"]


def test_a_slow_back_test_becomes_a_job_the_page_follows(lake, as_ada, monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr(backtesting, "enqueue", lambda name, *arguments, id: None)

    def slow(*arguments, **more):
        raise TooSlow("took too long")

    with monkeypatch.context() as slowly:
        slowly.setattr(backtesting, "rejudged", slow)
        page = as_ada.post(
            "/settings/verdict-policy/back-test", {"try-threshold": "4", "try-days": "7"}
        ).content.decode()
    run = BackTestRun.objects.get()
    assert f"/settings/verdict-policy/back-test/{run.pk}" in page
    work_day(run.pk, 0)
    assert "every 1s" in as_ada.get(f"/settings/verdict-policy/back-test/{run.pk}").content.decode()


def test_a_back_test_nobody_asked_for_is_not_there(db):
    with pytest.raises(NotFound):
        run_of("none")


def test_back_tests_are_forgotten(db):
    BackTestRun.objects.create(id="r-1", by="Ada", asked_at=NOW, threshold=4, days=7)
    assert forget_runs(before=NOW) == 0
    assert forget_runs(before=NOW + timedelta(days=1)) == 1


def test_the_worker_registers_the_job_and_its_ticks(db):
    from watchfloor.intelligence import jobs
    from watchfloor.runtime.services import registered_ticks

    assert {"intelligence.uses", "intelligence.forget"} <= {tick.name for tick in registered_ticks()}
    assert (jobs.uses(), jobs.forget()) == (0, 0)
