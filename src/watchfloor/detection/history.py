"""What evaluation may ask beyond the rows in hand: of the lake, or of an example's own rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from watchfloor.detection.contracts import Example, Row, Rule
from watchfloor.detection.relating import MESSAGE, columns_of
from watchfloor.detection.thresholds import different
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query, leaves

MAIL_TABLES = {"EmailEvents", "EmailUrlInfo", "EmailAttachmentInfo"}
LOOK_BACK = timedelta(days=30)
"""How old the mail may be that a later event (a click, a removal) speaks of."""
AT_ONCE = 500
MOST_DIFFERENT = 20_000
"""Rows of so many mails that differ in what a rule names."""
WINDOW_ROWS = 1000
MOMENT = timedelta(microseconds=1)
Stretch = tuple[str, datetime, datetime]
"""A group, and the first and last moment of a time."""


@dataclass(frozen=True, slots=True)
class LakeHistory:
    """Asks the lake. Rows of one mail lie within the hour; later events look back thirty days."""

    own_domains: frozenset[str] = frozenset()

    def matching(self, rows: Sequence[Row], *, condition: Condition, table: str) -> list[dict[str, Any]]:
        return lake.matching(rows, conditions=(condition,), table=table)

    def related(self, table: str, ids: Sequence[str], *, rule: Rule, rows: Sequence[Row]) -> Iterable[Row]:
        moments = [row["Timestamp"] for row in rows]
        back = timedelta(hours=1) if rule.table in MAIL_TABLES else LOOK_BACK
        columns = (MESSAGE, *(name for name in columns_of(rule, table) if name != MESSAGE))
        for at in range(0, len(ids), AT_ONCE):
            some = Condition(MESSAGE, Operator.EQUAL_ANY, tuple(ids[at : at + AT_ONCE]))
            query = Query(table, min(moments) - back, max(moments) + timedelta(hours=1), (some,))
            yield from lake.different_rows(query, columns=columns, limit=MOST_DIFFERENT)

    def distinct_counts(self, rule: Rule, groups: Sequence[str], *, start: datetime, end: datetime) -> dict[str, int]:
        threshold = rule.threshold
        assert threshold is not None
        query = self._window_query(rule, groups, start=start, end=end)
        if threshold.group_by:
            return dict(lake.top(query, column=threshold.group_by, limit=len(groups), distinct=threshold.distinct))
        if not threshold.distinct:
            return {"": lake.count(query)}
        return {"": len(lake.top(query, column=threshold.distinct, limit=max(threshold.at_least, 1000)))}

    def counts(self, rule: Rule, stretches: Sequence[Stretch]) -> list[tuple[int, int]]:
        threshold = rule.threshold
        assert threshold is not None
        groups = list(dict.fromkeys(group for group, _, _ in stretches))
        start, end = min(one[1] for one in stretches), max(one[2] for one in stretches)
        query = self._window_query(rule, groups, start=start, end=end)
        asked = [lake.Stretch(*one) for one in stretches]
        return lake.counted_in(query, asked, column=threshold.group_by, distinct=threshold.distinct)

    def window(self, rule: Rule, group: str, *, start: datetime, end: datetime) -> list[Row]:
        query = self._window_query(rule, [group], start=start, end=end)
        return list(lake.rows(query, descending=False, limit=WINDOW_ROWS))

    def _window_query(self, rule: Rule, groups: Sequence[str], *, start: datetime, end: datetime) -> Query:
        assert rule.threshold is not None
        column = rule.threshold.group_by
        chosen = (Condition(column, Operator.EQUAL_ANY, tuple(groups)),) if column else ()
        return replace(query_of(rule, start=start, end=end + MOMENT), required=chosen)


def query_of(rule: Rule, *, start: datetime, end: datetime) -> Query:
    """The rows of [start, end) for which the rule's conditions hold, its trigger aside."""
    where = rule.where
    if where.negated:
        return Query(rule.table, start, end, (where,))
    return Query(rule.table, start, end, where.parts, any_of=where.any_of)


@dataclass(frozen=True, slots=True)
class ExampleHistory:
    """Answers from an example alone, so that a rule is tried without a lake; the rows are all new."""

    example: Example
    own_domains: frozenset[str] = frozenset()

    def matching(self, rows: Sequence[Row], *, condition: Condition, table: str) -> list[dict[str, Any]]:
        return lake.matching(rows, conditions=(condition,), table=table)

    def related(self, table: str, ids: Sequence[str], *, rule: Rule, rows: Sequence[Row]) -> Iterable[Row]:
        return [row for row in self.example.related.get(table, ()) if row["NetworkMessageId"] in ids]

    def distinct_counts(self, rule: Rule, groups: Sequence[str], *, start: datetime, end: datetime) -> dict[str, int]:
        return {group: self._counted(rule, group, start=start, end=end)[1] for group in groups}

    def counts(self, rule: Rule, stretches: Sequence[Stretch]) -> list[tuple[int, int]]:
        return [self._counted(rule, group, start=start, end=end) for group, start, end in stretches]

    def window(self, rule: Rule, group: str, *, start: datetime, end: datetime) -> list[Row]:
        assert rule.threshold is not None
        inside = [row for row in self.example.rows if start <= row["Timestamp"] <= end]
        column = rule.threshold.group_by
        return [row for row in inside if not column or str(row.get(column)) == group]

    def _counted(self, rule: Rule, group: str, *, start: datetime, end: datetime) -> tuple[int, int]:
        assert rule.threshold is not None
        rows: Sequence[Row] = self.window(rule, group, start=start, end=end)
        own = [part for part in rule.where.parts if all("." not in one.column for one in leaves([part]))]
        rows = lake.matching(list(rows), conditions=own, any_of=rule.where.any_of, table=rule.table)
        return len(rows), different(rule, rows)
