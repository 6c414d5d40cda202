"""summarize and make-series: rows into groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from watchfloor.lake.kql import convert, literals
from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.errors import NOWHERE, KqlError
from watchfloor.lake.kql.functions import aggregates
from watchfloor.lake.kql.model import Column, Relation, Typed
from watchfloor.lake.kql.program import Row, Scope, aliased, columns_of, unique
from watchfloor.lake.kql.tabular.shaping import items_of
from watchfloor.lake.kql.templates import fill, own, table_of, text
from watchfloor.lake.kql.types import Type

if TYPE_CHECKING:
    from watchfloor.lake.kql.tabular.binder import Binder

WEIGHTED = ("percentilew", "percentilesw", "percentilesw_array")
PERCENTILES = ("percentiles", "percentiles_array", *WEIGHTED)
EXTREMES = ("arg_max", "arg_min", "argmax", "argmin")


@dataclass(frozen=True, slots=True)
class Extreme:
    """An arg_max or arg_min: the values of the row in which `by` is largest or smallest."""

    by: Typed
    largest: bool
    values: tuple[tuple[str, Typed], ...]


def summarize(binder: "Binder", relation: Relation, operator: s.Summarize, scope: Scope) -> Relation:
    """Groups: the keys first, then the aggregates. Without keys there is always one row."""
    used: set[str] = set()
    row = Row(relation)
    keys = items_of(binder, operator.keys, row, scope, used=used)
    for name, value in keys:
        if value.type is Type.DYNAMIC:
            raise KqlError(
                f"“{name}” is dynamic and cannot be a key; convert it, as with tostring()", operator.span, kind="type"
            )
    parts = [_aggregate(binder, item, relation, keys, scope) for item in operator.aggregates]
    if len(parts) == 1 and isinstance(parts[0], Extreme):
        return _one_row_each(binder, relation, keys, parts[0], used)
    return _grouped(binder, relation, keys, operator.aggregates, parts, used)


def _aggregate(
    binder: "Binder", item: s.Assigned, relation: Relation, keys: Sequence[tuple[str, Typed]], scope: Scope
) -> Extreme | list[tuple[str, Typed]]:
    node = item.value
    if isinstance(node, s.Call) and node.name in EXTREMES:
        return _extreme(binder, item, node, relation, keys, scope)
    if isinstance(node, s.Call) and node.name in PERCENTILES:
        return _percentiles(binder, item, node, relation, scope)
    if isinstance(node, s.Call) and node.name in ("take_any", "any", "anyif") and _takes_many(node):
        return _any_of_many(binder, item, node, relation, keys, scope)
    value = binder.scalars.bind(node, Row(relation, aggregates=True), scope)
    name = item.names[0] if item.names else value.name
    return [(name, value)]


def _takes_many(node: s.Call) -> bool:
    return len(node.args) > 1 or (len(node.args) == 1 and isinstance(node.args[0], s.Star))


def _values(
    binder: "Binder", nodes: Sequence[s.Expression], relation: Relation, keys: Sequence[tuple[str, Typed]], scope: Scope
) -> list[tuple[str, Typed]]:
    """The columns an arg_max carries along; `*` is all but the keys."""
    taken = {name for name, _ in keys}
    found: list[tuple[str, Typed]] = []
    for node in nodes:
        if isinstance(node, s.Star):
            found += [(column.name, column.typed()) for column in relation.columns if column.name not in taken]
        else:
            value = binder.scalars.bind(node, Row(relation), scope)
            found.append((value.name, value))
    return found


def _extreme(
    binder: "Binder",
    item: s.Assigned,
    node: s.Call,
    relation: Relation,
    keys: Sequence[tuple[str, Typed]],
    scope: Scope,
) -> Extreme:
    if not node.args:
        raise KqlError(f"{node.name}() takes what is to be largest, and columns", node.span, kind="type")
    by = binder.scalars.bind(node.args[0], Row(relation), scope)
    if by.type is Type.DYNAMIC:
        raise KqlError(f"{node.name}() needs something with an order; convert the dynamic", node.span, kind="type")
    first = by.name or f"{'max' if 'max' in node.name else 'min'}_"
    values = [
        (first, by),
        *((name, value) for name, value in _values(binder, node.args[1:], relation, keys, scope) if name != by.name),
    ]
    names = list(item.names) + [name for name, _ in values[len(item.names) :]]
    return Extreme(
        by, "max" in node.name, tuple((name or "", value) for name, (_, value) in zip(names, values, strict=False))
    )


def _percentiles(
    binder: "Binder", item: s.Assigned, node: s.Call, relation: Relation, scope: Scope
) -> list[tuple[str, Typed]]:
    given = [*node.args, *(arg for _, arg in node.named)] if not node.args else node.args
    value = binder.scalars.bind(given[0], Row(relation), scope)
    weighted = node.name in WEIGHTED
    if len(given) < 2 + weighted:
        raise KqlError(f"{node.name}() takes a value{', a weight' * weighted} and percentiles", node.span, kind="type")
    shares = [binder.scalars.const(arg, scope) for arg in given[1 + weighted :]]
    if len(shares) == 1 and isinstance(shares[0].const, list):
        shares = [literals.typed(Type.REAL, float(one)) for one in shares[0].const if isinstance(one, int | float)]
    if weighted:
        weight = binder.scalars.bind(given[1], Row(relation), scope)
        made = [aggregates.weighted_percentile(value, weight, share, node.span) for share in shares]
    else:
        made = [aggregates.call(aggregates.AGGREGATES["percentile"], [value, share], node.span) for share in shares]
    if node.name.endswith("_array"):
        packed = exp.Anonymous(this="JSON_ARRAY", expressions=[own(convert.to_dynamic(one).sql) for one in made])
        return [(item.names[0] if item.names else f"percentiles_{value.name}", Typed(packed, Type.DYNAMIC))]
    names = [f"percentile_{value.name}_{str(share.const).replace('.', '_')}" for share in shares]
    return list(zip([*item.names, *names[len(item.names) :]], made, strict=False))


def _any_of_many(
    binder: "Binder",
    item: s.Assigned,
    node: s.Call,
    relation: Relation,
    keys: Sequence[tuple[str, Typed]],
    scope: Scope,
) -> list[tuple[str, Typed]]:
    found = []
    for number, (name, value) in enumerate(_values(binder, node.args, relation, keys, scope)):
        made = aggregates.call(aggregates.AGGREGATES["take_any"], [value], node.span)
        shown = f"any_{name}" if node.name == "any" else name
        found.append((item.names[number] if number < len(item.names) else shown, made))
    return found


def _one_row_each(
    binder: "Binder", relation: Relation, keys: Sequence[tuple[str, Typed]], found: Extreme, used: set[str]
) -> Relation:
    """A lone arg_max is a choice of rows: no aggregate has to carry their columns."""
    shown = [*keys, *((unique(name or "max_", used), value) for name, value in found.values)]
    made = columns_of(shown, taken=[hidden.sql for hidden in relation.hidden])
    partition = [own(value.sql) for _, value in keys] + [exp.column(name, quoted=True) for name in relation.partition]
    order = exp.Ordered(this=own(found.by.sql), desc=found.largest, nulls_first=False)
    over = exp.Window(this=exp.RowNumber(), partition_by=partition, order=exp.Order(expressions=[order]))
    parted = tuple(hidden for hidden in relation.hidden if hidden.sql in relation.partition)
    select = relation.select(
        *(aliased(value.sql, column) for (_, value), column in zip(shown, made, strict=True)),
        *(hidden.read() for hidden in parted),
    ).qualify(exp.EQ(this=over, expression=exp.Literal.number(1)), copy=False)
    return Relation(binder.program.step(select), made, hidden=parted, partition=relation.partition, open=relation.open)


def _grouped(
    binder: "Binder",
    relation: Relation,
    keys: Sequence[tuple[str, Typed]],
    items: Sequence[s.Assigned],
    parts: Sequence[Extreme | list[tuple[str, Typed]]],
    used: set[str],
) -> Relation:
    shown: list[tuple[str, Typed]] = list(keys)
    held: dict[str, exp.Expr] = {}
    unnamed = sum(name.startswith("Column") for name, _ in keys)
    for part in parts:
        for name, value in _row_of(part, held) if isinstance(part, Extreme) else part:
            if not name:
                unnamed += 1
                name = f"Column{unnamed}"
            shown.append((unique(name, used), value))
    if not shown:
        raise KqlError("summarize needs an aggregate or a key", items[0].span if items else NOWHERE)
    parted = tuple(hidden for hidden in relation.hidden if hidden.sql in relation.partition)
    made = columns_of(shown, taken=[hidden.sql for hidden in parted])
    groups = [value.sql for _, value in keys] + [hidden.read() for hidden in parted]
    if held:
        source = _with_rows(binder, relation, keys, shown, made, held, parted, groups)
    else:
        source = binder.program.step(_selected(relation, shown, made, parted, groups, distinct=not items))
    return Relation(source, made, hidden=parted, partition=relation.partition, open=relation.open)


def _selected(
    relation: Relation,
    shown: Sequence[tuple[str, Typed]],
    made: Sequence[Column],
    parted: Sequence[Column],
    groups: Sequence[exp.Expr],
    *,
    distinct: bool,
) -> exp.Select:
    select = relation.select(
        *(aliased(value.sql, column) for (_, value), column in zip(shown, made, strict=True)),
        *(hidden.read() for hidden in parted),
    )
    if groups and distinct:
        return select.distinct(copy=False)
    if groups:
        select.group_by(*(_groupable(own(group), number) for number, group in enumerate(groups)), copy=False)
    return select


def _with_rows(
    binder: "Binder",
    relation: Relation,
    keys: Sequence[tuple[str, Typed]],
    shown: Sequence[tuple[str, Typed]],
    made: Sequence[Column],
    held: Mapping[str, exp.Expr],
    parted: Sequence[Column],
    groups: Sequence[exp.Expr],
) -> str:
    """Whole rows are worked out once, under a name, and taken apart in a second step."""
    inner = [
        aliased(value.sql, column) if not _reads(value.sql, held) else None
        for (_, value), column in zip(shown, made, strict=True)
    ]
    select = relation.select(
        *(one for one in inner if one is not None),
        *(aliased(row, Column(name, Type.DYNAMIC, name)) for name, row in held.items()),
        *(hidden.read() for hidden in parted),
    )
    if groups:
        select.group_by(*(_groupable(own(group), number) for number, group in enumerate(groups)), copy=False)
    step = binder.program.step(select)
    outer = [
        aliased(value.sql if one is None else column.read(), column)
        for one, (_, value), column in zip(inner, shown, made, strict=True)
    ]
    return binder.program.step(
        exp.Select(expressions=[*outer, *(hidden.read() for hidden in parted)]).from_(table_of(step), copy=False)
    )


def _reads(sql: exp.Expr, held: Mapping[str, exp.Expr]) -> bool:
    return any(column.name in held for column in sql.find_all(exp.Column))


def _groupable(group: exp.Expr, number: int) -> exp.Expr:
    """A constant key would be read as a place: it is wrapped."""
    return (
        exp.Coalesce(this=group, expressions=[exp.null()])
        if isinstance(group, exp.Literal | exp.Cast) and not list(group.find_all(exp.Column))
        else group
    )


def _row_of(found: Extreme, held: dict[str, exp.Expr]) -> list[tuple[str, Typed]]:
    """An arg_max beside other aggregates: one structure of all its columns, taken at the largest, `held` under a name."""
    struct = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(f"c{number}"), expression=own(value.sql))
            for number, (_, value) in enumerate(found.values)
        ]
    )
    function = "ARG_MAX" if found.largest else "ARG_MIN"
    name = f"~row{len(held)}"
    held[name] = exp.Anonymous(this=function, expressions=[struct, own(found.by.sql)])
    result: list[tuple[str, Typed]] = []
    for number, (label, value) in enumerate(found.values):
        row = exp.column(name, quoted=True)
        part: exp.Expr = exp.Anonymous(this="STRUCT_EXTRACT", expressions=[row, text(f"c{number}")])
        if value.type is Type.STRING:
            part = fill("COALESCE(_0, '')", part)
        result.append((label, Typed(part, value.type, null=value.type is not Type.STRING)))
    return result
