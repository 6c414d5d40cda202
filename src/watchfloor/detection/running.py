"""What thresholds counted last, kept in memory between batches so that a group over its threshold is not counted in the lake each time.

Only ever a lower bound: values that were seen, each with its latest time. What is not known here, after a start or because too
much was held, the lake is asked.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import nlargest
from threading import Lock

from watchfloor.detection.contracts import Row, Rule

MOST_VALUES = 200_000
"""Held in all, some 30 MB; the groups that were quiet longest go first."""
LARGEST = 2000
"""Thresholds above this are always counted in the lake."""


@dataclass(slots=True)
class Running:
    """By rule and group: values that count, with when each was seen last."""

    held: OrderedDict[tuple[int, str], dict[object, datetime]] = field(default_factory=OrderedDict)
    size: int = 0
    position: int = 0
    guard: Lock = field(default_factory=Lock)

    def go_on_from(self, position: int) -> None:
        """Forget all when the batches before this cursor's `position` were not the last ones noted: another worker read them."""
        with self.guard:
            if position != self.position:
                self.held.clear()
                self.size = 0

    def reached(self, rule: Rule, group: str, *, start: datetime, end: datetime) -> bool:
        """Whether so many values are known to lie in [start, end] that the threshold is reached without any others."""
        assert rule.threshold is not None
        with self.guard:
            seen = self.held.get((_known_as(rule), group))
            return seen is not None and sum(start <= at <= end for at in seen.values()) >= rule.threshold.at_least

    def note(self, rule: Rule, groups: Mapping[str, Sequence[Row]]) -> None:
        """Remember rows that met the conditions and are committed."""
        assert rule.threshold is not None
        if rule.threshold.at_least > LARGEST:
            return
        with self.guard:
            for group, rows in groups.items():
                self._add((_known_as(rule), group), counted(rule, rows), rule.threshold.at_least)
            while self.size > MOST_VALUES:
                self.size -= len(self.held.popitem(last=False)[1])

    def _add(self, key: tuple[int, str], values: Iterable[tuple[object, datetime]], most: int) -> None:
        seen = self.held.pop(key, {})
        self.size -= len(seen)
        for value, at in values:
            if value not in seen or seen[value] < at:
                seen[value] = at
        if len(seen) > most:
            seen = dict(nlargest(most, seen.items(), key=lambda item: item[1]))
        self.held[key] = seen
        self.size += len(seen)


def counted(rule: Rule, rows: Sequence[Row]) -> Iterable[tuple[object, datetime]]:
    """What a threshold counts, with its time: the values of its column, or each row by its own id."""
    assert rule.threshold is not None
    column = rule.threshold.distinct or "ReportId"
    return ((str(row.get(column)), row["Timestamp"]) for row in rows)


def _known_as(rule: Rule) -> int:
    """A rule as long as it asks the same: one that is changed begins anew."""
    return hash((rule.id, rule.table, rule.where, rule.threshold))
