"""What volume is usual: a baseline of one's own past, and the band it leads to expect. Pure.

A window is held against those of the same hour of the day before it, once seven of them are known, else against all hours
known. The middle is the median; the band is four times the usual scatter (median absolute deviation, as a standard deviation;
at least the square root of the median, which is what chance alone scatters) above and below it. A few odd days move neither.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

DAY = timedelta(days=1)
ENOUGH = DAY
"""So much past must be known before anything is called unusual."""
SAME_HOURS = 7
SCATTER = 1.4826
WIDTH = 4.0


@dataclass(frozen=True, slots=True)
class Window:
    """Rows counted from `start` on, and what was expected of them; `learned` windows stand behind that, 0: too few to say."""

    start: datetime
    count: int
    low: float = 0.0
    middle: float = 0.0
    high: float = 0.0
    learned: int = 0
    how: str = ""

    def unusual(self, least: int) -> bool:
        return self.learned > 0 and self.count >= least and self.count > self.high


def judged(
    starts: Sequence[datetime],
    counts: Sequence[int],
    *,
    step: timedelta,
    days: int,
    known_from: datetime,
    after: datetime,
) -> Iterator[Window]:
    """Each window from `after` on with what the `days` before it lead to expect; what was before `known_from` is not known."""
    for number, (start, count) in enumerate(zip(starts, counts, strict=True)):
        if start < after:
            continue
        first = max(start - days * DAY, known_from)
        past = [place for place in range(number) if first <= starts[place]]
        if start - first < ENOUGH or len(past) < 2:
            yield Window(start, count)
            continue
        same = [place for place in past if (start - starts[place]) % DAY == timedelta(0)] if step < DAY else []
        used = same if len(same) >= SAME_HOURS else past
        yield _window(start, count, [counts[place] for place in used], by_hour=used is same and bool(same))


def _window(start: datetime, count: int, past: Sequence[int], *, by_hour: bool) -> Window:
    middle = float(median(past))
    scatter = max(SCATTER * median(abs(one - middle) for one in past), middle**0.5, 1.0)
    how = "the same hour of the days before" if by_hour else "all windows known before"
    return Window(start, count, max(0.0, middle - WIDTH * scatter), middle, middle + WIDTH * scatter, len(past), how)
