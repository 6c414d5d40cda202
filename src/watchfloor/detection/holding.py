"""Which rows a rule's conditions hold for."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from watchfloor.detection.contracts import Group, Row, Rule
from watchfloor.detection.relating import MESSAGE, Related, first_of, keys_of
from watchfloor.lake.contracts import Condition, Part, leaves


def own_parts(where: Group) -> tuple[Part, ...]:
    """What rows of the rule's own table must meet, whatever other tables say: conditions every hit fulfils, perhaps not all."""
    part = _own(where)
    return () if part is None else (part,)


def _own(part: Part) -> Part | None:
    """The part without other tables' columns, never narrower than it; None when that asks nothing."""
    if isinstance(part, Condition):
        return None if "." in part.column else part
    if part.negated:
        return part if all("." not in one.column for one in leaves([part])) else None
    inside = [_own(one) for one in part.parts]
    left = tuple(one for one in inside if one is not None)
    return None if not left or (part.any_of and len(left) < len(inside)) else replace(part, parts=left)


@dataclass(slots=True)
class Holding:
    """Which rows a group of conditions holds for, told apart by `_row`."""

    rule: Rule
    related: Related
    tried: dict[Condition, dict[Any, bool]] = field(default_factory=dict)

    def rows(self, rows: Sequence[Row]) -> list[Row]:
        """The rows for which the rule's conditions hold, in their order; what many rows say alike is looked at once."""
        if not rows:
            return []
        keys = keys_of(rows, self.columns)
        held = {row["_row"] for row in self.group(self.rule.where, marked(rows, keys))}
        return [row for key, row in zip(keys, rows, strict=True) if key in held]

    @property
    def columns(self) -> list[str]:
        return [one.column for one in leaves([self.rule.where])]

    def group(self, group: Group, rows: Sequence[Row]) -> list[Row]:
        if group.negated:
            held = {row["_row"] for row in self.group(replace(group, negated=False), rows)}
            return [row for row in rows if row["_row"] not in held]
        own_first = sorted(group.parts, key=lambda part: isinstance(part, Group) or "." in part.column)
        if group.any_of and own_first:
            numbers = {row["_row"] for part in own_first for row in self.part(part, rows)}
            return [row for row in rows if row["_row"] in numbers]
        for part in own_first:
            if rows:
                rows = self.part(part, rows)
        return list(rows)

    def part(self, part: Part, rows: Sequence[Row]) -> list[Row]:
        if isinstance(part, Group):
            return self.group(part, rows)
        table, _, name = part.column.rpartition(".")
        if not table:
            return self._own(part, rows)
        wanted = {str(row.get(MESSAGE, "")) for row in rows}
        others = [row for mail, found in self.related.of(table, rows).items() if mail in wanted for row in found]
        bare = Condition(name, part.operator, part.values)
        held = {str(row[MESSAGE]) for row in self.related.history.matching(others, condition=bare, table=table)}
        return [row for row in rows if str(row.get(MESSAGE, "")) in held]

    def _own(self, part: Condition, rows: Sequence[Row]) -> list[Row]:
        """Each different cell is tried once, however many alerts explain themselves by it."""
        tried = self.tried.setdefault(part, {})
        cells = keys_of(rows, [part.column])
        if new := {cell: row for cell, row in first_of(cells, rows).items() if cell not in tried}:
            fits = self.related.history.matching(
                [{**row, "_cell": cell} for cell, row in new.items()], condition=part, table=self.rule.table
            )
            tried |= dict.fromkeys(new, False) | dict.fromkeys((row["_cell"] for row in fits), True)
        return [row for cell, row in zip(cells, rows, strict=True) if tried[cell]]


def marked(rows: Sequence[Row], keys: Sequence[Any]) -> list[Row]:
    """The first row of each kind, with what tells it apart."""
    return [{**row, "_row": key} for key, row in first_of(keys, rows).items()]
