"""Rows of other tables for the rows in hand, and rows that say the same taken together: work grows with what differs, not with the flood."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from watchfloor.detection.contracts import Row, Rule
from watchfloor.detection.words import PLACE, items
from watchfloor.lake.contracts import Condition, leaves

MESSAGE = "NetworkMessageId"


class History(Protocol):
    """What evaluation asks beyond the rows in hand. Times bound each question, [start, end]; no `own_domains` means not known."""

    @property
    def own_domains(self) -> frozenset[str]: ...

    def matching(self, rows: Sequence[Row], *, condition: Condition, table: str) -> list[dict[str, Any]]: ...

    def related(self, table: str, ids: Sequence[str], *, rule: Rule, rows: Sequence[Row]) -> Iterable[Row]:
        """What differs in the rows of these mails, in the columns that the rule names."""
        ...

    def distinct_counts(
        self, rule: Rule, groups: Sequence[str], *, start: datetime, end: datetime
    ) -> dict[str, int]: ...

    def counts(self, rule: Rule, stretches: Sequence[tuple[str, datetime, datetime]]) -> list[tuple[int, int]]:
        """Of each (group, start, end): rows, and what the threshold counts."""
        ...

    def window(self, rule: Rule, group: str, *, start: datetime, end: datetime) -> list[Row]: ...


def named_by(rule: Rule) -> tuple[str, ...]:
    """Every column a rule speaks of, its own and those of other tables (as OtherTable.Column), each once."""
    told = [condition.column for condition in leaves(rule.where.parts)]
    told += [name for entity in rule.entities for name in (entity.column, entity.label)]
    told += [*rule.aggregation.by, *(match[2] for match in re.finditer(PLACE, rule.story))]
    if rule.threshold:
        told += [rule.threshold.distinct, rule.threshold.group_by]
    return tuple(dict.fromkeys(name for name in told if name and name != "count"))


def columns_of(rule: Rule, table: str) -> tuple[str, ...]:
    """The columns of another table that a rule speaks of."""
    split = (name.rpartition(".") for name in named_by(rule))
    return tuple(dict.fromkeys(name for of, _, name in split if of == table))


@cache
def _parted(column: str) -> tuple[str, str]:
    table, _, name = column.rpartition(".")
    return table, name


@dataclass(slots=True)
class Related:
    """Rows of other tables by NetworkMessageId, fetched once for the rows that need them, and the values in cells."""

    history: History
    rule: Rule
    found: dict[str, dict[str, list[Row]]] = field(default_factory=dict)
    at_hand: Sequence[Row] = ()
    told: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def of(self, table: str, rows: Sequence[Row]) -> dict[str, list[Row]]:
        known = self.found.setdefault(table, {})
        missing = sorted({str(row[MESSAGE]) for row in rows if row.get(MESSAGE)} - known.keys())
        if missing:
            known.update({message: [] for message in missing})
            for row in self.history.related(table, missing, rule=self.rule, rows=rows):
                known.setdefault(str(row[MESSAGE]), []).append(row)
        return known

    def of_row(self, table: str, row: Row) -> list[Row]:
        """The rows of another table for one row; asked at once for all rows at hand, for one by one takes a minute in a flood."""
        message = str(row.get(MESSAGE, ""))
        if message not in self.found.get(table, {}):
            self.of(table, [*self.at_hand, row])
        return self.found[table].get(message, [])

    def values(self, row: Row, column: str) -> tuple[str, ...]:
        """Every different value of a column, own or `OtherTable.Column`; empty ones and a cluster of 0 left out."""
        table, name = _parted(column)
        if not table:
            return tuple(value for value in items(row, name, self.rule.table) if value not in ("", "0"))
        key = (column, str(row.get(MESSAGE, "")))
        if key not in self.told:
            found = (value for source in self.of_row(table, row) for value in items(source, name, table))
            self.told[key] = tuple(dict.fromkeys(value for value in found if value not in ("", "0")))
        return self.told[key]

    def alike(self, rows: Sequence[Row], columns: Iterable[str]) -> Collection[Row]:
        """The first of the rows that hold the same in these columns; of other tables' columns those of one mail do."""
        return first_of(keys_of(rows, columns), rows).values()

    def listed(self, rows: Sequence[Row], column: str) -> Collection[str]:
        """The different values of a column in these rows, in order of first appearance."""
        return dict.fromkeys(value for row in self.alike(rows, [column]) for value in self.values(row, column))


def keys_of(rows: Sequence[Row], columns: Iterable[str]) -> list[Any]:
    """Of each row what it holds in these columns, as something that can be compared."""
    names = list(dict.fromkeys(MESSAGE if _parted(column)[0] else column for column in columns if column))
    if not names:
        return [""] * len(rows)
    if len(names) == 1:
        only = names[0]
        keys: list[Any] = [row.get(only) for row in rows]
    else:
        keys = [tuple([row.get(name) for name in names]) for row in rows]
    try:
        set(keys)
    except TypeError:  # a list, as rows have it that never were in the lake
        return [repr(key) for key in keys]
    return keys


def first_of(keys: Sequence[Any], rows: Sequence[Row]) -> Mapping[Any, Row]:
    """The first row of each key, in order."""
    found: dict[Any, Row] = {}
    for key, row in zip(keys, rows, strict=True):
        found.setdefault(key, row)
    return found


def parted_by(keys: Sequence[Any], rows: Sequence[Row]) -> Mapping[Any, list[Row]]:
    """The rows of each key, in order."""
    found: dict[Any, list[Row]] = {}
    for key, row in zip(keys, rows, strict=True):
        found.setdefault(key, []).append(row)
    return found
