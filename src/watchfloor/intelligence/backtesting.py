"""Back-tests: a proposal held against stored verdicts, at once when that is quick, else as a durable job day by day."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import authorise
from watchfloor.inspection.services import WEIGHTS
from watchfloor.intelligence.contracts import BackTest, Proposal
from watchfloor.intelligence.models import BackTestRun, Silenced
from watchfloor.intelligence.policy import HIGHEST, LOWEST
from watchfloor.intelligence.selectors import labels_between
from watchfloor.kernel.errors import BadInput, NotFound
from watchfloor.kernel.ids import uuid7
from watchfloor.lake.contracts import Rejudged, Reweighing
from watchfloor.lake.selectors import changed_mails, rejudged
from watchfloor.runtime.jobs import enqueue

WORKFLOW = "intelligence.back_test"
AT_ONCE = 2.0
"""Seconds a person waits for a back-test; longer ones become jobs."""
DAY_SECONDS = 300.0
EXAMPLES = 20
SPANS = (7, 30, 90, 400)


def checked(proposal: Proposal) -> Proposal:
    """The proposal itself. Raises BadInput for a threshold or a span that is none."""
    if not LOWEST <= proposal.threshold <= HIGHEST:
        raise BadInput(f"a threshold lies between {LOWEST:g} and {HIGHEST:g}", place="threshold")
    if proposal.days not in SPANS:
        raise BadInput(f"choose one of {', '.join(map(str, SPANS))} days", place="days")
    return proposal


def back_test(*, by: Actor, proposal: Proposal, now: datetime, timeout: float = AT_ONCE) -> BackTest:
    """What the proposal would have done in its days until `now`. Raises TooSlow after `timeout` seconds: then ask for a job."""
    authorise(by, Permission.DETECTION_TUNE)
    tried, start = _reweighing(checked(proposal)), now - timedelta(days=proposal.days)
    found = rejudged(start, now, tried, labels=labels_between(start, now), timeout=timeout)
    return _summed(found, changed_mails(start, now, tried, limit=EXAMPLES, timeout=timeout))


def ask_for_back_test(*, by: Actor, proposal: Proposal, now: datetime) -> str:
    """Start a durable back-test; returns its id. It goes through the days newest first."""
    authorise(by, Permission.DETECTION_TUNE)
    checked(proposal)
    id = str(uuid7(at=now))
    with transaction.atomic():
        BackTestRun.objects.create(
            id=id,
            by=by.name,
            asked_at=now,
            threshold=proposal.threshold,
            silenced=sorted(proposal.silenced),
            days=proposal.days,
        )
        transaction.on_commit(lambda: enqueue(WORKFLOW, id, id=id))
    return id


def work_day(id: str, day: int) -> None:
    """Read one day of a back-test, day 0 the newest; the same day again gives the same."""
    run = run_of(id)
    proposal = Proposal(run.threshold, frozenset(run.silenced), run.days)
    end = run.asked_at - timedelta(days=day)
    start, tried = end - timedelta(days=1), _reweighing(proposal)
    found = rejudged(start, end, tried, labels=labels_between(start, end), timeout=DAY_SECONDS)
    examples = changed_mails(start, end, tried, limit=EXAMPLES, timeout=DAY_SECONDS)
    with transaction.atomic():
        held = BackTestRun.objects.select_for_update().get(pk=id)
        held.found[str(day)] = {
            "counts": [[one.score, one.was, one.after, one.label, one.mails] for one in found],
            "examples": [{**row, "Timestamp": row["Timestamp"].isoformat()} for row in examples],
        }
        held.done = len(held.found)
        held.ended = held.done >= held.days
        held.save(update_fields=["found", "done", "ended"])


def run_of(id: str) -> BackTestRun:
    """A back-test that was asked for. Raises NotFound."""
    found = BackTestRun.objects.filter(pk=id).first()
    if found is None:
        raise NotFound("there is no such back-test; they are kept for a day")
    return found


def result_of(run: BackTestRun) -> BackTest:
    """What a job has found so far."""
    counts = [Rejudged(*row) for day in run.found.values() for row in day["counts"]]
    examples = [row for day in run.found.values() for row in day["examples"]]
    for row in examples:
        row["Timestamp"] = datetime.fromisoformat(row["Timestamp"])
    return _summed(counts, sorted(examples, key=lambda row: abs(row["Score"] - run.threshold))[:EXAMPLES])


def forget_runs(*, before: datetime) -> int:
    """Drop back-tests asked for before a moment."""
    gone, _ = BackTestRun.objects.filter(asked_at__lt=before).delete()
    return gone


def _reweighing(proposal: Proposal) -> Reweighing:
    again = Silenced.objects.exclude(signal__in=proposal.silenced).values_list("signal", flat=True)
    restored = {signal: WEIGHTS[signal].points for signal in again if signal in WEIGHTS}
    return Reweighing(proposal.threshold, proposal.silenced, restored)


def _summed(found: Iterable[Rejudged], examples: Sequence[dict[str, Any]]) -> BackTest:
    gained: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    bins: dict[float, list[int]] = {}
    mails = unscored = 0
    for one in found:
        mails += one.mails
        if one.score is None:
            unscored += one.mails
            continue
        bins.setdefault(one.score, [0, 0])[one.was] += one.mails
        if one.after != one.was:
            (gained if one.after else lost)[one.label] += one.mails
    return BackTest(
        mails=mails,
        unscored=unscored,
        gained=dict(gained),
        lost=dict(lost),
        bins=tuple((score, *bins[score]) for score in sorted(bins)),  # type: ignore[misc]
        examples=tuple(examples),
    )
