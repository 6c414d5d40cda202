"""What evaluation may ask beyond the rows in hand: of the lake, or of an example's own rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watchfloor.detection.contracts import Example, Row, Rule
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query

MAIL_TABLES = {"EmailEvents", "EmailUrlInfo", "EmailAttachmentInfo"}
LOOK_BACK = timedelta(days=30)
"""How old the mail may be that a later event (a click, a removal) speaks of."""
AT_ONCE = 500
WINDOW_ROWS = 1000
MOMENT = timedelta(microseconds=1)


def flat(rule: Rule) -> tuple[Condition, ...]:
    """The conditions of a rule with a threshold, which has no nested groups."""
    return tuple(part for part in rule.where.parts if isinstance(part, Condition))


@dataclass(frozen=True, slots=True)
class LakeHistory:
    """Asks the lake. Rows of one mail lie within the hour; later events look back thirty days."""

    own_domains: frozenset[str] = frozenset()

    def matching(self, rows: Sequence[Row], *, condition: Condition, table: str) -> list[dict[str, Any]]:
        return lake.matching(rows, conditions=(condition,), table=table)

    def related(self, table: str, ids: Sequence[str], *, rule: Rule, rows: Sequence[Row]) -> Iterable[Row]:
        moments = [row["Timestamp"] for row in rows]
        back = timedelta(hours=1) if rule.table in MAIL_TABLES else LOOK_BACK
        for at in range(0, len(ids), AT_ONCE):
            some = Condition("NetworkMessageId", Operator.EQUAL_ANY, tuple(ids[at : at + AT_ONCE]))
            query = Query(table, min(moments) - back, max(moments) + timedelta(hours=1), (some,))
            yield from lake.all_rows(query, limit=20_000)

    def distinct_counts(self, rule: Rule, groups: Sequence[str], *, start: datetime, end: datetime) -> dict[str, int]:
        threshold = rule.threshold
        assert threshold is not None
        query = self._window_query(rule, groups, start=start, end=end)
        return dict(lake.top(query, column=threshold.group_by, limit=len(groups), distinct=threshold.distinct))

    def window(self, rule: Rule, group: str, *, start: datetime, end: datetime) -> list[Row]:
        query = self._window_query(rule, [group], start=start, end=end)
        return list(lake.rows(query, descending=False, limit=WINDOW_ROWS))

    def _window_query(self, rule: Rule, groups: Sequence[str], *, start: datetime, end: datetime) -> Query:
        assert rule.threshold is not None
        chosen = Condition(rule.threshold.group_by, Operator.EQUAL_ANY, tuple(groups))
        return Query(rule.table, start, end + MOMENT, (*flat(rule), chosen))


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
        return {group: len(self._distinct(rule, group, start=start, end=end)) for group in groups}

    def window(self, rule: Rule, group: str, *, start: datetime, end: datetime) -> list[Row]:
        assert rule.threshold is not None
        inside = [row for row in self.example.rows if start <= row["Timestamp"] <= end]
        return [row for row in inside if str(row.get(rule.threshold.group_by)) == group]

    def _distinct(self, rule: Rule, group: str, *, start: datetime, end: datetime) -> set[str]:
        assert rule.threshold is not None
        rows: Sequence[Row] = self.window(rule, group, start=start, end=end)
        for condition in flat(rule):
            rows = self.matching(rows, condition=condition, table=rule.table) if "." not in condition.column else rows
        return {str(row.get(rule.threshold.distinct)) for row in rows}
