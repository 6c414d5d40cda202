"""What a detection would have done over the last month, before anybody saves it: asked of the lake, nothing reported."""

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import authorise
from watchfloor.detection.contracts import Finding
from watchfloor.hunting.advanced.window import Window, narrowing
from watchfloor.hunting.advanced.words import time_column
from watchfloor.hunting.custom.mapping import findings
from watchfloor.hunting.custom.running import MOST_ROWS, SECONDS
from watchfloor.hunting.models import CustomDetection
from watchfloor.kernel.errors import BadInput
from watchfloor.lake import selectors as lake

DAYS = 30
BUDGET = 20.0
"""Seconds that somebody waits for it; what was not reached by then is said."""
_GROUPS = re.compile(
    r"\|\s*(?:summarize|count|distinct|top|make-series|take|limit|sample|reduce|evaluate)\b|\b(?:ago|now)\s*\("
)


@dataclass(frozen=True, slots=True)
class BackTest:
    """`days` counts alerts by day, oldest first; `covered` is how far back it looked; `words` say what the numbers leave out."""

    rows: int
    found: int
    alerts: int
    days: tuple[tuple[str, int], ...]
    covered: timedelta
    asked: int
    seconds: float
    words: tuple[str, ...] = ()

    @property
    def chart(self) -> dict[str, Any]:
        return {
            "categories": [day for day, _ in self.days],
            "series": [{"name": "Alerts", "values": [number for _, number in self.days]}],
            "legend": False,
        }


def back_test(plan: CustomDetection, *, by: Actor, now: datetime, days: int = DAYS) -> BackTest:
    """Hold an unsaved detection against the last `days`. A query that groups rows, or names its own times, is asked once for
    each look-back, newest first, as the schedule would; any other once for all. Raises what the lake raises."""
    authorise(by, Permission.DETECTION_TUNE)
    if not plan.text.strip():
        raise BadInput("write a query first", place="query")
    began, rows, asked, cut = time.monotonic(), 0, 0, False
    found: dict[str, Finding] = {}
    start = reached = now - timedelta(days=days)
    for window in _windows(plan, start=start, now=now):
        if asked and time.monotonic() - began > BUDGET:
            break
        answer = _asked(plan, window, by=by)
        asked, rows, cut, reached = asked + 1, rows + len(answer[0]), cut or answer[1], window.start or start
        for one in findings(plan, answer[0], now=window.end or now):
            found.setdefault(one.key, one)
    alerts = alerts_of(found.values())
    return BackTest(
        rows=rows,
        found=len(found),
        alerts=len(alerts),
        days=_by_day(alerts, start=reached, now=now),
        covered=now - reached,
        asked=asked,
        seconds=time.monotonic() - began,
        words=tuple(_words(plan, found, rows, cut=cut, late=reached > start, covered=now - reached)),
    )


def _windows(plan: CustomDetection, *, start: datetime, now: datetime) -> Iterator[Window]:
    """The whole time at once, or a look-back after the other, newest first."""
    back = timedelta(minutes=plan.look_back_minutes)
    if not _GROUPS.search(plan.text) or back >= now - start:
        yield Window.between(start, now)
        return
    end = now
    while end > start:
        yield Window.between(max(start, end - back), end)
        end -= back


def _asked(plan: CustomDetection, window: Window, *, by: Actor) -> tuple[list[dict[str, Any]], bool]:
    """The rows that a run at the window's end would have seen, and whether there were too many."""
    assert window.end is not None
    text = narrowing(plan.text, window, time_column) + plan.text
    answer = lake.hunt(text, now=window.end, by=by, limit=MOST_ROWS, timeout=SECONDS)
    names = [name for name, _ in answer.columns]
    return [dict(zip(names, row, strict=True)) for row in answer.rows], answer.truncated


def alerts_of(found: Any) -> list[Finding]:
    """The findings that would open an alert: those of the same key less than its window after the one before join it."""
    last: dict[str, datetime] = {}
    opened = []
    for one in sorted(found, key=lambda one: one.first_activity):
        before = last.get(one.aggregation_key)
        last[one.aggregation_key] = one.last_activity
        if before is None or one.first_activity - before > timedelta(seconds=one.aggregation_seconds):
            opened.append(one)
    return opened


def _by_day(alerts: Sequence[Finding], *, start: datetime, now: datetime) -> tuple[tuple[str, int], ...]:
    counts = Counter(f"{one.first_activity:%Y-%m-%d}" for one in alerts)
    span = (now.date() - start.date()).days
    days = [f"{start.date() + timedelta(days=number):%Y-%m-%d}" for number in range(span + 1)]
    return tuple((day, counts[day]) for day in days)


def _words(
    plan: CustomDetection, found: Mapping[str, Finding], rows: int, *, cut: bool, late: bool, covered: timedelta
) -> Iterator[str]:
    if late:
        yield f"It took too long to look at more than the last {covered.days} days and {covered.seconds // 3600} hours."
    if cut:
        yield f"More than {MOST_ROWS:,} rows were found at once; the count is too low. Narrow the query."
    if rows and not found:
        yield "No row holds an entity of the mapping, so no alert would have been made."
    if rows and len(found) > plan.most_findings:
        yield f"One run makes at most {plan.most_findings:,} new findings; the first runs would have spread them."
