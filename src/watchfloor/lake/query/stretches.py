"""Cutting a window so that a page by time need not read all of it."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta

from watchfloor.lake.query.compile import Window

GROWTH = 3
"""Each stretch holds so many times the days of the one before: a page of the newest rows reads one day, a rare find few stretches."""


def stretches(window: Window, days: Iterable[date], *, descending: bool) -> Iterator[Window]:
    """`window` cut at midnights (UTC) into disjoint stretches of 1, 3, 9... of `days`, from the end that is read first.

    `days` are those that have files: a gap costs nothing. Together the stretches are the whole window.
    """
    order = sorted(set(days), reverse=descending)
    at, size = 0, 1
    while at + size < len(order):
        cut = _midnight(order[at + size - 1], after=not descending)
        if window.start < cut < window.end:
            near, far = Window(cut, window.end), Window(window.start, cut)
            if not descending:
                near, far = far, near
            yield near
            window = far
        at, size = at + size, size * GROWTH
    yield window


def _midnight(day: date, *, after: bool) -> datetime:
    return datetime.combine(day + timedelta(days=after), time(), UTC)
