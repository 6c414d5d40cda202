"""Running rules: many at once over the rows of some time, those that do more than look at single events one by one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from watchfloor.hunting.advanced.window import Window, narrowing
from watchfloor.hunting.advanced.words import time_column
from watchfloor.hunting.sigma.rules import SigmaRule
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.lake import selectors as lake

Row = dict[str, Any]
MOST_ROWS = 10_000
"""Rows of one rule in one run."""
SECONDS = 60.0


@dataclass(slots=True)
class Found:
    """What rules found, by the id of the rule: `rows`, and `failed` in words for rules that could not be run.

    `cut` are rules that found more than MOST_ROWS, of which the rest is not there.
    """

    rows: dict[str, list[Row]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)


def key_of(rule: SigmaRule) -> str:
    """What a rule is told apart by here: its id, or its file when it has none."""
    return rule.id or rule.place


def matches(rules: Iterable[SigmaRule], *, start: datetime, end: datetime, now: datetime) -> Iterator[tuple[str, Row]]:
    """(id of the rule, row) for everything these rules find in [start, end); rules that fail are left out, see `evaluate`."""
    for key, rows in evaluate(rules, start=start, end=end, now=now).rows.items():
        for row in rows:
            yield key, row


def evaluate(rules: Iterable[SigmaRule], *, start: datetime, end: datetime, now: datetime) -> Found:
    """All these rules over the rows of [start, end); `now` is what the queries take for the current time.

    Of a correlation the events may lie as much earlier as its timespan is long, so that none is cut in two; what it finds has
    its last event in the window.
    """
    known = {key_of(rule): rule for rule in rules}
    met = lake.hunt_many({key: rule.kql for key, rule in known.items()}, start=start, end=end)
    found = Found()
    for key, row in met.rows:
        found.rows.setdefault(key, []).append(row)
    for key in [key for key, rows in found.rows.items() if len(rows) > MOST_ROWS]:
        found.cut.add(key)
        del found.rows[key][MOST_ROWS:]
    for key in met.alone:
        _alone(key, known[key], found, Window("custom", "", start, end), now=now)
    return found


def _alone(key: str, rule: SigmaRule, found: Found, window: Window, *, now: datetime) -> None:
    """One rule as a query of its own."""
    assert window.start is not None
    wide = Window("custom", "", window.start - timedelta(seconds=rule.seconds), window.end)
    try:
        answer = lake.hunt(narrowing(rule.kql, wide, time_column) + rule.kql, now=now, limit=MOST_ROWS, timeout=SECONDS)
    except WatchfloorError as error:
        found.failed[key] = error.message
        return
    names = [name for name, _ in answer.columns]
    rows = [row for row in _rows(names, answer.rows) if _is_in(row, window)]
    if rows:
        found.rows[key] = rows
    if answer.truncated:
        found.cut.add(key)


def _rows(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[Row]:
    return (dict(zip(names, row, strict=True)) for row in rows)


def _is_in(row: Mapping[str, Any], window: Window) -> bool:
    at = row.get("Timestamp") or row.get("TimeGenerated")
    if not isinstance(at, datetime) or window.start is None or window.end is None:
        return True
    return window.start <= at < window.end
