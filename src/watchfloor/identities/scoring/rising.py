"""When a rise of the score is sudden: the points of a day against the person's own days and the peers' bad days. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchfloor.identities.scoring.contracts import LEARNING, Scale
from watchfloor.identities.scoring.formulas import spread

DAY = timedelta(days=1)
LOOK_BACK_DAYS = 30
TIMES = 5.0
"""Robust deviations over the median, of oneself and of peers."""
QUIET = timedelta(days=7)
"""After an alert, no second one of the same person for so long, unless the rise doubles."""
LEAST_BAD_DAYS = 10


@dataclass(frozen=True, slots=True)
class Rise:
    """`rise` points within a day where `threshold` was enough; `words` says how that threshold came about."""

    rise: float
    threshold: float
    words: str


def rise_of(points: Iterable[tuple[datetime, float]], *, now: datetime) -> float:
    """The points of the last twenty-four hours, whole."""
    return sum(value for at, value in points if now - DAY < at <= now)


def days_of(points: Iterable[tuple[datetime, float]], *, now: datetime, since: datetime) -> list[float]:
    """The points of each full day before the last twenty-four hours, zero for quiet ones; at most thirty days."""
    number = min(LOOK_BACK_DAYS, max(0, (now - DAY - since) // DAY + 1))
    days = [0.0] * number
    for at, value in points:
        back = (now - DAY - at) // DAY
        if at <= now - DAY and 0 <= back < number:
            days[back] += value
    return days


def threshold_of(own: Sequence[float], peers: Sequence[float], *, chosen: Scale) -> tuple[float, str]:
    """(threshold, in words) from the person's own days and the peers' days that had points."""
    middle, deviation = spread(own)
    mine = middle + TIMES * max(deviation, chosen.rise_spread)
    among, apart = spread(peers) if len(peers) >= LEAST_BAD_DAYS else (0.0, 0.0)
    theirs = among + TIMES * max(apart, chosen.rise_spread)
    highest = max(chosen.rise_least, mine, theirs)
    reason = {chosen.rise_least: "the least that is told of", mine: "of the person's own days"}.get(
        highest, "of the peers' days with points"
    )
    return highest, f"{highest:.0f} points within a day are enough ({reason})"


def sudden(
    points: Sequence[tuple[datetime, float]],
    peers: Sequence[float],
    *,
    now: datetime,
    since: datetime | None,
    told: tuple[datetime, float] | None,
    chosen: Scale,
) -> Rise | None:
    """The rise, when there is one to tell: not of who is new, and not again so soon unless it doubled."""
    if since is None or now - since < LEARNING:
        return None
    rise = rise_of(points, now=now)
    if rise < chosen.rise_least:
        return None
    threshold, words = threshold_of(days_of(points, now=now, since=since), peers, chosen=chosen)
    if rise < threshold:
        return None
    if told and now - told[0] < QUIET and rise < 2 * told[1]:
        return None
    return Rise(round(rise, 2), round(threshold, 2), words)
