"""Operators that order, limit, count and name rows."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from watchfloor.lake.kql import convert, literals
from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.errors import unsupported
from watchfloor.lake.kql.model import Column, Order, Relation, Typed
from watchfloor.lake.kql.program import Row, Scope, aliased, columns_of, count_of
from watchfloor.lake.kql.tabular.shaping import extend, items_of
from watchfloor.lake.kql.tabular.sources import rows_of
from watchfloor.lake.kql.templates import fill, whole
from watchfloor.lake.kql.types import Type

if TYPE_CHECKING:
    from watchfloor.lake.kql.tabular.binder import Binder


def sort(binder: "Binder", relation: Relation, operator: s.Sort, scope: Scope) -> Relation:
    """Rows in an order that lasts until something mixes them; its keys are carried along out of sight."""
    return _ordered(binder, relation, operator.by, scope)


def _ordered(binder: "Binder", relation: Relation, by: Sequence[s.Ordering], scope: Scope) -> Relation:
    row = Row(relation)
    keys: list[Typed] = []
    order: list[Order] = []
    hidden: list[Column] = []
    base = len(binder.program.steps)
    for number, ordering in enumerate(by):
        value = binder.scalars.bind(ordering.value, row, scope)
        if value.type is Type.DYNAMIC:
            value = convert.to_text(value)
        identifier = f"~o{base}_{number}"
        nulls_first = ordering.nulls_first if ordering.nulls_first is not None else not ordering.descending
        keys.append(value)
        order.append(Order(identifier, ordering.descending, nulls_first))
        hidden.append(Column(identifier, value.type, identifier))
    kept = tuple(column for column in relation.hidden if column.sql in relation.partition)
    select = relation.select(
        exp.Star(), *(aliased(value.sql, column) for value, column in zip(keys, hidden, strict=True))
    )
    return replace(relation, source=binder.program.step(select), hidden=(*kept, *hidden), order=tuple(order), scan=None)


def top(binder: "Binder", relation: Relation, operator: s.Top, scope: Scope) -> Relation:
    """sort, then take."""
    ordered = _ordered(binder, relation, operator.by, scope)
    return limited(binder, ordered, count_of(binder.scalars.const(operator.count, scope), "the count", operator.span))


def take(binder: "Binder", relation: Relation, operator: s.Take, scope: Scope) -> Relation:
    """Some rows; the first ones when they stand in an order, any when a sample is asked for."""
    count = count_of(binder.scalars.const(operator.count, scope), "the count", operator.span)
    if operator.random:
        drawn = replace(relation, order=(Order("~random", False, False),))
        select = relation.select(exp.Star(), aliased(fill("RANDOM()"), Column("~random", Type.REAL, "~random")))
        drawn = replace(drawn, source=binder.program.step(select), scan=None)
        return replace(limited(binder, drawn, count), order=relation.order)
    return limited(binder, relation, count)


def limited(binder: "Binder", relation: Relation, count: int) -> Relation:
    """The first rows, of every part where there are parts."""
    keys = [key.expression() for key in relation.order]
    if relation.partition:
        over = exp.Window(
            this=exp.RowNumber(),
            partition_by=[exp.column(name, quoted=True) for name in relation.partition],
            order=exp.Order(expressions=keys) if keys else None,
        )
        select = relation.select(exp.Star()).qualify(exp.LTE(this=over, expression=whole(count)), copy=False)
    else:
        select = relation.select(exp.Star()).limit(count, copy=False)
        if keys:
            select = select.order_by(*keys, copy=False)
    return replace(relation, source=binder.program.step(select), scan=None)


def counted(binder: "Binder", relation: Relation, operator: s.Count, scope: Scope) -> Relation:
    """How many rows there are."""
    if relation.partition:
        raise unsupported("count inside mv-apply", operator.span)
    value = Typed(exp.Count(this=exp.Star()), Type.LONG, null=False)
    made = columns_of([(operator.name, value)])
    return Relation(binder.program.step(relation.select(aliased(value.sql, made[0]))), made)


def without_order(relation: Relation) -> Relation:
    """The relation whose rows stand in no order any more; what only the order needed is dropped."""
    kept = tuple(column for column in relation.hidden if column.sql in relation.partition)
    return replace(relation, order=(), hidden=kept)


def distinct(binder: "Binder", relation: Relation, operator: s.Distinct, scope: Scope) -> Relation:
    """Each combination once."""
    shown = items_of(binder, operator.items, Row(relation), scope, used=set())
    source = without_order(relation)
    made = columns_of(shown, taken=[hidden.sql for hidden in source.hidden])
    select = source.select(
        *(aliased(value.sql, column) for (_, value), column in zip(shown, made, strict=True)),
        *(hidden.read() for hidden in source.hidden),
    ).distinct(copy=False)
    return replace(
        source, source=binder.program.step(select), columns=made, extras=(), scan=None, open=False, raw=False
    )


def sample_distinct(binder: "Binder", relation: Relation, operator: s.SampleDistinct, scope: Scope) -> Relation:
    found = distinct(
        binder, relation, s.Distinct((s.Assigned((), operator.of, span=operator.span),), span=operator.span), scope
    )
    return limited(binder, found, count_of(binder.scalars.const(operator.count, scope), "the count", operator.span))


def named(binder: "Binder", relation: Relation, operator: s.As, scope: Scope) -> Relation:
    """`as name`: the rows so far under a name, for what comes after."""
    outermost = scope
    while outermost.outer is not None:
        outermost = outermost.outer
    # What comes after must not narrow what the name stands for.
    outermost.names[operator.name] = found = replace(relation, scan=None)
    return found


def serialize(binder: "Binder", relation: Relation, operator: s.Serialize, scope: Scope) -> Relation:
    """The order stands; further columns as with extend."""
    return extend(binder, relation, operator, scope) if operator.items else relation


def render(binder: "Binder", relation: Relation, operator: s.Render, scope: Scope) -> Relation:
    """Says how to draw; the rows are the same."""
    binder.program.render = operator
    return relation


def getschema(binder: "Binder", relation: Relation, operator: s.GetSchema, scope: Scope) -> Relation:
    """The columns as rows."""
    system = {
        Type.BOOL: "System.SByte", Type.INT: "System.Int32", Type.LONG: "System.Int64", Type.REAL: "System.Double",
        Type.DECIMAL: "System.Data.SqlTypes.SqlDecimal", Type.STRING: "System.String", Type.DATETIME: "System.DateTime",
        Type.TIMESPAN: "System.TimeSpan", Type.GUID: "System.Guid", Type.DYNAMIC: "System.Object",
    }  # fmt: skip
    rows = [
        [
            literals.string(column.name),
            literals.long(number),
            literals.string(system[column.type]),
            literals.string(column.type),
        ]
        for number, column in enumerate(relation.columns)
    ]
    shape = [
        ("ColumnName", Type.STRING),
        ("ColumnOrdinal", Type.LONG),
        ("DataType", Type.STRING),
        ("ColumnType", Type.STRING),
    ]
    return rows_of(binder, shape, rows)
