"""Counts by columns or hours over the leading rows of segments (`codes`), where a question asks no more than that.

`SELECT columns, count(*) FROM source WHERE ... GROUP BY columns`, conditions on one column each, at least one of which no other row
can meet. Counts add up, so what the segments do not hold (today's rows) is counted by the engine and joined with theirs.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from watchfloor.lake.engines.access_paths import conjuncts
from watchfloor.lake.engines.codes import MICROSECOND, TIME, Codes
from watchfloor.lake.engines.plain import NotPlain, moment, number_of

PARTS = {"expressions", "from_", "where", "group", "order", "limit", "offset", "kind", "hint"}
SURE = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.DataType, exp.Paren, exp.And, exp.Or, exp.Not,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Is, exp.Like, exp.ILike, exp.Contains, exp.StartsWith,
    exp.EndsWith, exp.Lower, exp.Upper, exp.Concat, exp.DPipe, exp.Coalesce, exp.Trim, exp.Length, exp.Cast, exp.Neg,
)  # fmt: skip
"""What always gives the same for the same value."""
FEW_VALUES = 4
"""So many values are compared one by one sooner than looked up."""
_UNITS = {"MINUTE": 60, "HOUR": 3600, "DAY": 86_400}
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class _Group:
    """A column, or stretches of `step` microseconds: their numbers, or, `stamped`, their beginnings."""

    column: str
    step: int = 0
    stamped: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """A question that counts: `names` of what it gives, for each its group or, None, the count; conditions by their column."""

    names: tuple[str, ...]
    groups: tuple[_Group | None, ...]
    start: datetime | None
    end: datetime | None
    conditions: tuple[tuple[str, exp.Expr], ...]
    order: tuple[tuple[str, str], ...]
    limit: int | None
    offset: int

    @property
    def keys(self) -> list[str]:
        return [name for name, group in zip(self.names, self.groups, strict=True) if group]

    @property
    def count(self) -> str:
        return self.names[self.groups.index(None)]

    def named(self, group: "_Group") -> str:
        return self.names[self.groups.index(group)]

    def finished(self, parts: Sequence[pa.Table]) -> pa.Table:
        """The counts of all parts added up, in order, as many as asked for."""
        whole = pa.concat_tables(parts)
        if len(parts) > 1:
            whole = whole.group_by(self.keys, use_threads=False).aggregate([(self.count, "sum")])
            whole = whole.rename_columns([*self.keys, self.count])
        if self.order and self.limit is not None:
            whole = whole.take(pc.select_k_unstable(whole, self.limit + self.offset, list(self.order)))
        elif self.order:
            whole = whole.sort_by(list(self.order))
        return whole.slice(self.offset, self.limit).select(list(self.names))


def understood(tree: exp.Expr, name: str, schema: pa.Schema) -> Counted | None:
    """What `tree` asks of the source `name`, when it counts and does nothing else."""
    if not isinstance(tree, exp.Select) or any(part and key not in PARTS for key, part in tree.args.items()):
        return None
    source, group = tree.args.get("from_"), tree.args.get("group")
    if source is None or not isinstance(source.this, exp.Table) or source.this.name != name or group is None:
        return None
    if any(part for key, part in source.this.args.items() if key != "this"):
        return None
    if any(part for key, part in group.args.items() if key != "expressions"):
        return None
    try:
        return _understood(tree, schema)
    except NotPlain:
        return None


def _understood(tree: exp.Select, schema: pa.Schema) -> Counted:
    sides = [one.unalias() for one in tree.expressions]
    names = [one.alias or side.name for one, side in zip(tree.expressions, sides, strict=True)]
    grouped = [_meant(one, sides) for one in tree.args["group"].expressions]
    groups = tuple(None if _is_count(side) else _group(side, schema) for side in sides)
    chosen = [side for side, group in zip(sides, groups, strict=True) if group]
    unnamed = any(not one.alias and not isinstance(one, exp.Column) for one in tree.expressions)
    if groups.count(None) != 1 or unnamed or len(set(names)) < len(names) or len(set(groups)) < len(groups):
        raise NotPlain
    if any(side not in grouped for side in chosen) or any(side not in chosen for side in grouped) or not chosen:
        raise NotPlain
    start, end, conditions = _conditions(tree, schema)
    order = tree.args.get("order")
    return Counted(
        names=tuple(names),
        groups=groups,
        start=start,
        end=end,
        conditions=conditions,
        order=tuple(_ordered(one, sides, names) for one in order.expressions) if order else (),
        limit=number_of(tree, "limit"),
        offset=number_of(tree, "offset") or 0,
    )


def _is_count(side: exp.Expr) -> bool:
    star = side.this if isinstance(side, exp.Count) and not side.expressions else None
    return isinstance(star, exp.Star) and not any(star.args.values())


def _meant(side: exp.Expr, sides: list[exp.Expr]) -> exp.Expr:
    """What a number in GROUP BY stands for."""
    if isinstance(side, exp.Literal) and not side.is_string and 1 <= int(side.this) <= len(sides):
        return sides[int(side.this) - 1]
    return side


def _group(side: exp.Expr, schema: pa.Schema) -> _Group:
    if isinstance(side, exp.IntDiv):
        micros = side.this
        number = side.expression
        if (
            isinstance(micros, exp.Anonymous)
            and micros.name.upper() == "EPOCH_US"
            and [_column(one) for one in micros.expressions] == [TIME]
            and isinstance(number, exp.Literal)
            and not number.is_string
            and number.this.isdigit()
            and int(number.this) > 0
        ):
            return _Group(TIME, int(number.this))
        raise NotPlain
    if isinstance(side, exp.TimestampTrunc | exp.DateTrunc):
        unit = side.args["unit"].name.upper()
        if _column(side.this) != TIME or unit not in _UNITS or side.args.get("zone"):
            raise NotPlain
        return _Group(TIME, _UNITS[unit] * MICROSECOND, stamped=True)
    if isinstance(side, exp.Cast) and side.to.this in (exp.DType.TEXT, exp.DType.VARCHAR):
        side = side.this
        if _column(side) in schema.names and not pa.types.is_string(schema.field(_column(side)).type):
            raise NotPlain
    name = _column(side)
    if name not in schema.names or name == TIME:
        raise NotPlain
    return _Group(name)


def _column(side: exp.Expr) -> str:
    if not isinstance(side, exp.Column) or side.args.get("table"):
        raise NotPlain
    return side.name


def _conditions(
    tree: exp.Select, schema: pa.Schema
) -> tuple[datetime | None, datetime | None, tuple[tuple[str, exp.Expr], ...]]:
    """The window that all comparisons of the time leave, and the other conditions with the column each is about."""
    where = tree.args.get("where")
    start: datetime | None = None
    end: datetime | None = None
    others: list[tuple[str, exp.Expr]] = []
    for part in conjuncts(where.this) if where else ():
        names = {column.name for column in part.find_all(exp.Column)}
        if names == {TIME}:
            lower, upper = edges(part)
            start = max((one for one in (start, lower) if one), default=None)
            end = min((one for one in (end, upper) if one), default=None)
        elif len(names) == 1 and all(isinstance(node, SURE) for node in part.walk()):
            others.append((names.pop(), part))
        else:
            raise NotPlain
    if any(name not in schema.names for name, _ in others):
        raise NotPlain
    return start, end, tuple(others)


def edges(part: exp.Expr) -> tuple[datetime | None, datetime | None]:
    """[start, end) of a comparison of the time with a moment."""
    make = _EDGES.get(type(part))
    if make is None or _column(part.this) != TIME:
        raise NotPlain
    return make(moment(part.expression))


_EDGES: dict[type[exp.Expr], Callable[[datetime], tuple[datetime | None, datetime | None]]] = {
    exp.GTE: lambda at: (at, None),
    exp.GT: lambda at: (at + _TICK, None),
    exp.LT: lambda at: (None, at),
    exp.LTE: lambda at: (None, at + _TICK),
}


def _ordered(one: exp.Expr, sides: list[exp.Expr], names: list[str]) -> tuple[str, str]:
    side = one.this
    number = int(side.this) if isinstance(side, exp.Literal) and not side.is_string else 0
    named = side.name if isinstance(side, exp.Column) and not side.args.get("table") else ""
    if 1 <= number <= len(sides):
        name = names[number - 1]
    elif named in names:
        name = named
    else:
        raise NotPlain
    return name, "descending" if one.args.get("desc") else "ascending"


def count(
    asked: Counted, codes: Codes, *, since: datetime | None, schema: pa.Schema, cursor: duckdb.DuckDBPyConnection
) -> pa.Table | None:
    """The counts of one segment, rows before `since` left out; None when rows that are not in `codes` may count too."""
    used = {name for name, _ in asked.conditions} | {one.column for one in asked.groups if one}
    if any(name not in codes.columns for name in used - {TIME}):
        return None
    decided = [(name, *codes.decide(condition, name, cursor)) for name, condition in asked.conditions]
    if all(beyond for _, _, beyond in decided):
        return None
    start = max((one for one in (asked.start, since) if one), default=None)
    span = codes.between(start, asked.end)
    masks = [met(codes.columns[name].indices[span], holds) for name, holds, _ in decided if not pc.all(holds).as_py()]
    return _tallied(asked, codes, schema, span, reduce(pc.and_, masks) if masks else None)


def met(numbers: pa.Array, holds: pa.Array) -> pa.Array:
    """Which rows have a value for which a condition holds."""
    if holds.true_count > FEW_VALUES:
        return pc.take(holds, numbers)
    values = pc.indices_nonzero(holds).to_pylist() or [-1]
    return reduce(pc.or_, (pc.equal(numbers, pa.scalar(value, numbers.type)) for value in values))


def _tallied(asked: Counted, codes: Codes, schema: pa.Schema, span: slice, mask: pa.Array | None) -> pa.Table | None:
    """Each row's groups as one number, those numbers counted, and taken apart again; None when the numbers would be too big."""
    groups = sorted((group for group in asked.groups if group), key=lambda group: -group.step)
    sizes = [len(codes.columns[group.column].dictionary) for group in groups[1:] if not group.step]
    if len(sizes) < len(groups) - 1 or math.prod(sizes) * codes.latest(span) >= 2**62 or codes.earliest(span) < 0:
        return None
    number = _numbers(groups[0], codes, span, mask)
    for group, size in zip(groups[1:], sizes, strict=True):
        number = pc.add(pc.multiply(number.cast(pa.int64()), size), _numbers(group, codes, span, mask).cast(pa.int64()))
    number, counts = pc.value_counts(number).flatten()
    columns: dict[str, pa.Array] = {asked.count: counts}
    for group, size in zip(groups[:0:-1], reversed(sizes), strict=True):
        whole = pc.divide(number, size)
        columns[asked.named(group)] = _values(group, codes, pc.subtract(number, pc.multiply(whole, size)), schema)
        number = whole
    columns[asked.named(groups[0])] = _values(groups[0], codes, number, schema)
    return pa.table({name: columns[name] for name in asked.names})


def _numbers(group: _Group, codes: Codes, span: slice, mask: pa.Array | None) -> pa.Array:
    """The number of each row's group."""
    numbers = codes.times[span] if group.step else codes.columns[group.column].indices[span]
    numbers = numbers if mask is None else numbers.filter(mask)
    return pc.divide(numbers, group.step) if group.step else numbers


def _values(group: _Group, codes: Codes, numbers: pa.Array, schema: pa.Schema) -> pa.Array:
    """What the numbers of groups stand for."""
    if not group.step:
        return pc.take(codes.columns[group.column].dictionary, numbers)
    return pc.multiply(numbers, group.step).cast(schema.field(TIME).type) if group.stamped else numbers
