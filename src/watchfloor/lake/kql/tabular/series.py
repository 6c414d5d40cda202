"""make-series: for each key an array of one value a step, the gaps filled."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from watchfloor.lake.kql import arithmetic, convert, literals
from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.functions.times import bin_of
from watchfloor.lake.kql.model import Column, Relation, Typed
from watchfloor.lake.kql.program import Row, Scope, aliased, columns_of, unique
from watchfloor.lake.kql.tabular.shaping import items_of
from watchfloor.lake.kql.templates import every, fill, own, table_of, whole
from watchfloor.lake.kql.types import NUMBERS, WHOLE, Type

if TYPE_CHECKING:
    from watchfloor.lake.kql.tabular.binder import Binder


def make_series(binder: "Binder", relation: Relation, operator: s.MakeSeries, scope: Scope) -> Relation:
    """For each key, arrays of one value per step of the axis, the gaps filled."""
    row = Row(relation)
    axis = binder.scalars.bind(operator.axis.value, row, scope)
    step = binder.scalars.const(operator.step, scope)
    if axis.type not in WHOLE | {Type.DATETIME, Type.REAL, Type.TIMESPAN}:
        raise KqlError(f"the axis of make-series cannot be a {axis.type}", operator.span, kind="type")
    keys = items_of(binder, operator.keys, row, scope, used=set())
    first, last = _ends(binder, relation, operator, axis, step, scope)
    place = bin_of(axis, step, operator.span, first)
    values = _series_values(binder, operator, relation, scope)
    buckets = _buckets(binder, relation, keys, place, axis, (first, last), values)
    return _arrays(binder, relation, operator, keys, values, buckets, (first, last, step), axis)


def _ends(
    binder: "Binder", relation: Relation, operator: s.MakeSeries, axis: Typed, step: Typed, scope: Scope
) -> tuple[Typed, Typed]:
    """Where the axis begins and ends (not included); the data's own ends when nobody says."""
    extremes: list[Typed] = []
    for node, function in ((operator.start, "MIN"), (operator.end, "MAX")):
        if node is not None:
            extremes.append(convert.fit(binder.scalars.const(node, scope), axis.type, node.span))
            continue
        inner = relation.select(fill(f"{function}(_0)", axis.sql))
        found = Typed(exp.Subquery(this=inner), axis.type)
        found = bin_of(found, step, operator.span)
        if function == "MAX":
            found = arithmetic.binary("+", found, step, operator.span)
        extremes.append(found)
    return extremes[0], extremes[1]


def _series_values(
    binder: "Binder", operator: s.MakeSeries, relation: Relation, scope: Scope
) -> list[tuple[str, Typed, Typed]]:
    """(name, aggregate, what stands in a gap)."""
    found: list[tuple[str, Typed, Typed]] = []
    used: set[str] = set()
    for item, default in operator.aggregates:
        value = binder.scalars.bind(item.value, Row(relation, aggregates=True), scope)
        gap = (
            convert.fit(binder.scalars.const(default, scope), value.type, item.span)
            if default is not None
            else literals.typed(value.type, 0 if value.type in NUMBERS | {Type.TIMESPAN} else None)
        )
        name = item.names[0] if item.names else value.name
        found.append((unique(name or "Column1", used), value, gap))
    return found


def _buckets(
    binder: "Binder",
    relation: Relation,
    keys: Sequence[tuple[str, Typed]],
    place: Typed,
    axis: Typed,
    ends: tuple[Typed, Typed],
    values: Sequence[tuple[str, Typed, Typed]],
) -> str:
    shown = [aliased(value.sql, _as(f"k{number}")) for number, (_, value) in enumerate(keys)]
    shown.append(aliased(place.sql, _as("at")))
    shown += [aliased(value.sql, _as(f"v{number}")) for number, (_, value, _) in enumerate(values)]
    inside = fill("_0 >= _1 AND _0 < _2", axis.sql, ends[0].sql, ends[1].sql)
    groups = [own(value.sql) for _, value in keys] + [own(place.sql)]
    return binder.program.step(relation.select(*shown).where(inside, copy=False).group_by(*groups, copy=False))


def _as(name: str) -> Column:
    return Column(name, Type.LONG, name)


def _arrays(
    binder: "Binder",
    relation: Relation,
    operator: s.MakeSeries,
    keys: Sequence[tuple[str, Typed]],
    values: Sequence[tuple[str, Typed, Typed]],
    buckets: str,
    axis_range: tuple[Typed, Typed, Typed],
    axis: Typed,
) -> Relation:
    program = binder.program
    columns = [exp.column(f"k{number}", quoted=True) for number in range(len(keys))]
    places = _places(axis_range, axis)
    source = exp.Select(expressions=[*columns, aliased(places, _as("at"))])
    if keys:
        distinct = exp.Select(expressions=list(columns)).from_(table_of(buckets), copy=False).distinct(copy=False)
        source = source.from_(
            exp.Subquery(this=distinct, alias=exp.TableAlias(this=exp.to_identifier("groups"))), copy=False
        )
    elif not operator.nonempty:
        source = source.where(exp.Exists(this=relation.select(whole(1)).limit(1, copy=False)), copy=False)
    grid = program.step(source)
    both = [
        exp.EQ(this=exp.column(name, table="g", quoted=True), expression=exp.column(name, table="b", quoted=True))
        for name in [*(f"k{number}" for number in range(len(keys))), "at"]
    ]
    label = operator.axis.names[0] if operator.axis.names else axis.name or "Column1"
    shown: list[tuple[str, Typed]] = [
        (name, replace(value, sql=exp.column(f"k{number}", table="g", quoted=True)))
        for number, (name, value) in enumerate(keys)
    ]
    at = Typed(exp.column("at", table="g", quoted=True), axis.type)
    for number, (name, value, gap) in enumerate(values):
        filled = Typed(fill("COALESCE(_0, _1)", exp.column(f"v{number}", table="b", quoted=True), gap.sql), value.type)
        listed = fill("TO_JSON(LIST(_0 ORDER BY _1))", convert.to_dynamic(filled).sql, at.sql)
        shown.append((name, Typed(listed, Type.DYNAMIC)))
    times = fill("TO_JSON(LIST(_0 ORDER BY _1))", convert.to_dynamic(at).sql, at.sql)
    shown.append((label, Typed(times, Type.DYNAMIC)))
    made = columns_of(shown)
    select = (
        exp.Select(expressions=[aliased(value.sql, column) for (_, value), column in zip(shown, made, strict=True)])
        .from_(table_of(grid, "g"), copy=False)
        .join(
            table_of(buckets, "b"),
            on=every(*both),
            join_type="LEFT",
            copy=False,
        )
    )
    if not keys:
        select = select.having(fill("COUNT(*) > 0"), copy=False)
    else:
        select = select.group_by(
            *(exp.column(f"k{number}", table="g", quoted=True) for number in range(len(keys))), copy=False
        )
    return Relation(program.step(select), made)


def _places(axis_range: tuple[Typed, Typed, Typed], axis: Typed) -> exp.Expr:
    first, last, step = (part.sql for part in axis_range)
    if axis.type is Type.DATETIME:
        shape = "_0 + TO_MICROSECONDS(UNNEST(RANGE(0, EPOCH_US(_1) - EPOCH_US(_0), CAST(_2 // 10 AS BIGINT))))"
    elif axis.type is Type.REAL:
        shape = "_0 + _2 * UNNEST(RANGE(0, CAST(CEIL((_1 - _0) / _2) AS BIGINT)))"
    else:
        shape = "UNNEST(RANGE(_0, _1, _2))"
    return fill(shape, first, last, step)
