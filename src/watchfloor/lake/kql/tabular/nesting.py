"""top-nested: the values of a column with the largest aggregate, and within each those of the next column."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from watchfloor.lake.kql import convert
from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.model import Column, Relation, Typed
from watchfloor.lake.kql.program import Row, Scope, aliased, columns_of, count_of, unique
from watchfloor.lake.kql.templates import cast, every, fill, own, table_of, whole
from watchfloor.lake.kql.types import SQL_TYPES, Type

if TYPE_CHECKING:
    from watchfloor.lake.kql.tabular.binder import Binder


@dataclass(frozen=True, slots=True)
class Level:
    """One level as it was worked out: `source` has the keys up to here as `keys`, and the aggregate as `value`."""

    source: str
    keys: tuple[Column, ...]
    value: Column
    names: tuple[str, str]


def top_nested(binder: "Binder", relation: Relation, operator: s.TopNested, scope: Scope) -> Relation:
    """A row for each value of the last level, with the values and aggregates of the levels above beside it."""
    used: set[str] = set()
    levels: list[Level] = []
    keys: tuple[Column, ...] = ()
    for level in operator.levels:
        relation, keys, found = _level(binder, relation, keys, level, used, scope)
        levels.append(found)
    return _joined(binder, levels, operator)


def _level(
    binder: "Binder", relation: Relation, above: tuple[Column, ...], level: s.NestedLevel, used: set[str], scope: Scope
) -> tuple[Relation, tuple[Column, ...], Level]:
    """The rows left for the next level with their key, and the level itself."""
    program = binder.program
    key = binder.scalars.bind(level.of.value, Row(relation), scope)
    if key.type is Type.DYNAMIC:
        key = convert.to_text(key).named(key.name)
    label = unique(level.of.names[0] if level.of.names else key.name or "Column1", used)
    number = len(program.steps)
    mark = Column(label, key.type, f"~k{number}", key.null)
    keyed = _stepped(binder, relation, relation.select(exp.Star(), aliased(key.sql, mark)))
    value = binder.scalars.bind(level.by.value, Row(keyed, aggregates=True), scope)
    name = unique(level.by.names[0] if level.by.names else f"aggregated_{label}", used)
    total = Column(name, value.type, f"~v{number}", value.null)
    top = _ranked(binder, keyed, above, mark, (total, value), level, scope)
    if level.others is not None:
        other = convert.fit(binder.scalars.const(level.others, scope), key.type, level.span)
        keyed, mark = _with_others(binder, keyed, above, mark, top, other)
        top = _ranked(binder, keyed, above, mark, (total, value), None, scope)
    else:
        keyed = _kept(binder, keyed, (*above, mark), top)
    return keyed, (*above, mark), Level(top, (*above, mark), total, (label, name))


def _ranked(
    binder: "Binder",
    relation: Relation,
    above: Sequence[Column],
    mark: Column,
    total: tuple[Column, Typed],
    level: s.NestedLevel | None,
    scope: Scope,
) -> str:
    """The values of one level with their aggregates, the first `count` within those above."""
    column, value = total
    keys = [*above, mark]
    select = relation.select(*(aliased(key.read(), key) for key in keys), aliased(value.sql, column))
    source = binder.program.step(select.group_by(*(key.read() for key in keys), copy=False))
    if level is None or level.count is None:
        return source
    count = count_of(binder.scalars.const(level.count, scope), "the number of values", level.span)
    order = exp.Ordered(this=column.read(), desc=level.descending, nulls_first=False)
    over = exp.Window(
        this=exp.RowNumber(), partition_by=[key.read() for key in above], order=exp.Order(expressions=[order])
    )
    chosen = exp.Select(expressions=[exp.Star()]).from_(table_of(source), copy=False)
    return binder.program.step(chosen.qualify(exp.LTE(this=over, expression=whole(count)), copy=False))


def _stepped(binder: "Binder", relation: Relation, select: exp.Select) -> Relation:
    return replace(relation, source=binder.program.step(select), scan=None)


def _same(keys: Sequence[Column], left: str, right: str) -> exp.Expr:
    return every(*(exp.NullSafeEQ(this=key.read(left), expression=key.read(right)) for key in keys))


def _kept(binder: "Binder", relation: Relation, keys: Sequence[Column], top: str) -> Relation:
    """The rows of the chosen values."""
    inner = exp.Select(expressions=[whole(1)]).from_(table_of(top), copy=False)
    inner = inner.where(_same(keys, relation.source, top), copy=False)
    select = relation.select(exp.Star()).where(exp.Exists(this=inner), copy=False)
    return _stepped(binder, relation, select)


def _with_others(
    binder: "Binder", relation: Relation, above: Sequence[Column], mark: Column, top: str, other: Typed
) -> tuple[Relation, Column]:
    """All rows, the values that were not chosen under one name."""
    inner = exp.Select(expressions=[whole(1)]).from_(table_of(top), copy=False)
    inner = inner.where(_same([*above, mark], relation.source, top), copy=False)
    made = Column(mark.name, mark.type, f"~o{len(binder.program.steps)}", mark.null or other.null)
    shown = fill("CASE WHEN _0 THEN _1 ELSE _2 END", exp.Exists(this=inner), mark.read(), own(other.sql))
    return _stepped(binder, relation, relation.select(exp.Star(), aliased(shown, made))), made


def _joined(binder: "Binder", levels: Sequence[Level], operator: s.TopNested) -> Relation:
    """The levels side by side, by the keys they share."""
    last = levels[-1]
    if len({level.source for level in levels}) != len(levels):
        raise KqlError("top-nested needs different levels", operator.span)
    shown: list[tuple[str, Typed]] = []
    for level in levels:
        key, value = level.keys[-1], level.value
        shown.append((level.names[0], Typed(key.read(last.source), key.type, null=key.null)))
        shown.append((level.names[1], Typed(value.read(level.source), value.type, null=value.null)))
    made = columns_of(shown)
    select = exp.Select(
        expressions=[
            aliased(cast(value.sql, SQL_TYPES[value.type]), column)
            for (_, value), column in zip(shown, made, strict=True)
        ]
    ).from_(table_of(last.source), copy=False)
    for level in levels[:-1]:
        select = select.join(table_of(level.source), on=_same(level.keys, last.source, level.source), copy=False)
    return Relation(binder.program.step(select), made)
