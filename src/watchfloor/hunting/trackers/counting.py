"""Counting tracked queries again: per day over two weeks, by the worker; an error is kept in words (TT-04)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from watchfloor.hunting.campaigns.figures import narrowed
from watchfloor.hunting.campaigns.known import campaigns
from watchfloor.hunting.explorer.state import ExplorerState
from watchfloor.hunting.models import Tracker
from watchfloor.hunting.trackers.keeping import CAMPAIGNS, campaigns_state_of, state_of, view_of
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Measure, Query

EVERY = timedelta(minutes=15)
DAYS = 15
"""Days that are counted: today, and two weeks before."""
AT_ONCE = 10
WEEK = 7


def count_due(*, now: datetime) -> int:
    """Count every tracked query that is due; returns how many. A worker that was slower to claim one leaves it."""
    due = Tracker.objects.filter(tracked=True, next_at__lte=now).order_by("next_at")[:AT_ONCE]
    return sum(_claimed(one, now=now) and count(one, now=now) for one in due)


def _claimed(one: Tracker, *, now: datetime) -> bool:
    return bool(Tracker.objects.filter(pk=one.pk, next_at=one.next_at).update(next_at=now + EVERY))


def count(one: Tracker, *, now: datetime) -> bool:
    """One count; its outcome stands in its row. Returns True: it was done."""
    try:
        days, state, words = counted(one, now=now), "ok", ""
    except WatchfloorError as error:
        days, state, words = one.days, "failing", error.message
    Tracker.objects.filter(pk=one.pk, changed_at=one.changed_at).update(
        days=days, last_state=state, last_words=words, last_at=now
    )
    return True


def counted(one: Tracker, *, now: datetime) -> list[tuple[str, int]]:
    """(day, rows) of each of the last days in UTC, today last: one question. Raises what the lake raises."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight - timedelta(days=DAYS - 1)
    state = state_of(one, start=first, end=midnight + timedelta(days=1), now=now)
    if state.faulty:
        wrong = next(filter for filter in state.filters if filter.error)
        raise Unusable(f"a condition cannot be used: {visible(wrong.words)}: {wrong.error}")
    rows = {row["Bucket"]: row["rows"] for row in _rows(_query(one, state, now=now))}
    days = [first + timedelta(days=number) for number in range(DAYS)]
    return [(f"{day:%Y-%m-%d}", rows.get(day, 0)) for day in days]


def _query(one: Tracker, state: ExplorerState, *, now: datetime) -> Query | None:
    """What is counted; None where no campaign is meant, so that there is nothing to count."""
    if view_of(one.parameters) != CAMPAIGNS:
        return state.query
    found = campaigns(campaigns_state_of(one, start=state.start, end=state.end, now=now).wanted)
    return narrowed(state.query, found) if found else None


def _rows(query: Query | None) -> list[dict[str, Any]]:
    return lake.summed(query, by=("Bucket",), measures=(Measure("rows"),)) if query else []


class Unusable(WatchfloorError):
    """The saved query names something that is not there any more; edit it in Explorer and save it again."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Counts of days up to today: `today`, the day before, and how today compares with an average day of the week before."""

    counts: tuple[int, ...] = ()

    @property
    def today(self) -> int:
        return self.counts[-1] if self.counts else 0

    @property
    def prior_day(self) -> int:
        return self.counts[-2] if len(self.counts) > 1 else 0

    @property
    def usual(self) -> float:
        """An average day of the seven before today."""
        before = self.counts[-1 - WEEK : -1]
        return sum(before) / len(before) if before else 0.0

    @property
    def words(self) -> str:
        """“+40% against 5.0 a day”, where the head of the column tells of the week before."""
        if not self.usual:
            return "new: none in the week before" if self.today else "none in the week before"
        return f"{self.today / self.usual - 1:+.0%} against {self.usual:,.1f} a day"

    @property
    def rising(self) -> bool:
        return self.today > self.usual

    @property
    def line(self) -> str:
        """The counts as points of an SVG line in a box of 120 by 28."""
        return points(self.counts)

    @property
    def last_point(self) -> tuple[str, str]:
        """Where today's point lies."""
        x, _, y = self.line.rpartition(" ")[2].partition(",")
        return x, y


def points(counts: Sequence[int], *, width: int = 120, height: int = 28, edge: int = 3) -> str:
    """Counts as the points of a line, the least at the bottom; nothing for fewer than two."""
    if len(counts) < 2:
        return ""
    most = max(*counts, 1)
    step = (width - 2 * edge) / (len(counts) - 1)
    room = height - 2 * edge
    return " ".join(
        f"{edge + step * place:.1f},{height - edge - room * count / most:.1f}" for place, count in enumerate(counts)
    )


def trend_of(row: Tracker) -> Trend:
    """The trend of a tracked query as it was last counted."""
    return Trend(tuple(int(count) for _, count in row.days))
