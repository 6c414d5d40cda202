"""Calls that need more than their arguments' values: the moment of the query, the columns of the row, rows beside it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from watchfloor.lake.kql import arithmetic, convert, literals
from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.errors import KqlError, unsupported
from watchfloor.lake.kql.functions import bags
from watchfloor.lake.kql.model import Typed
from watchfloor.lake.kql.program import Row, Scope
from watchfloor.lake.kql.templates import cast, fill, once, own, whole
from watchfloor.lake.kql.types import NUMBERS, Type

if TYPE_CHECKING:
    from watchfloor.lake.kql.scalars import ScalarBinder

Special = Callable[["ScalarBinder", s.Call, Row, Scope], Typed]


def _now(binder: "ScalarBinder", node: s.Call, row: Row, scope: Scope) -> Typed:
    moment = literals.typed(Type.DATETIME, binder.program.now)
    if not node.args:
        return moment
    return arithmetic.binary("+", moment, _span(binder, node.args[0], row, scope), node.span)


def _ago(binder: "ScalarBinder", node: s.Call, row: Row, scope: Scope) -> Typed:
    if len(node.args) != 1:
        raise KqlError("ago() takes one timespan", node.span, kind="type")
    moment = literals.typed(Type.DATETIME, binder.program.now)
    return arithmetic.binary("-", moment, _span(binder, node.args[0], row, scope), node.span)


def _span(binder: "ScalarBinder", node: s.Expression, row: Row, scope: Scope) -> Typed:
    return convert.fit(binder.bind(node, row, scope), Type.TIMESPAN, node.span)


def _toscalar(binder: "ScalarBinder", node: s.Call, row: Row, scope: Scope) -> Typed:
    if len(node.args) != 1:
        raise KqlError("toscalar() takes one table", node.span, kind="type")
    rows = binder.rows(node.args[0], Row(), scope)
    if rows is not None:
        return binder.first_value(rows)
    value = binder.bind(node.args[0], Row(), scope)
    if value.is_const:
        return value
    return replace(value, sql=exp.Subquery(this=exp.Select(expressions=[own(value.sql)])))


def _column_if_exists(binder: "ScalarBinder", node: s.Call, row: Row, scope: Scope) -> Typed:
    if len(node.args) != 2:
        raise KqlError(f"{node.name}() takes a name and a value", node.span, kind="type")
    name = node.args[0].name if isinstance(node.args[0], s.Name) else binder.const(node.args[0], scope).const
    if isinstance(name, str) and row.relation is not None and (column := row.relation.column(name)):
        return column.typed()
    found = binder.bind(node.args[1], row, scope)
    return found.named(str(name))


def _ingestion_time(binder: "ScalarBinder", node: s.Call, row: Row, scope: Scope) -> Typed:
    """The lake does not keep when a row came in; its own time is the nearest that is true."""
    for name in ("Timestamp", "TimeGenerated"):
        if found := row.find(name):
            return found.named("")
    raise KqlError("ingestion_time() needs a table's rows", node.span, kind="type")


def _pack_all(binder: "ScalarBinder", node: s.Call, row: Row, scope: Scope) -> Typed:
    if row.relation is None:
        raise KqlError("pack_all() needs rows", node.span, kind="type")
    parts: list[exp.Expr] = []
    for column in row.relation.columns:
        parts += [exp.Literal.string(column.name), own(convert.to_dynamic(column.typed()).sql)]
    packed = exp.Anonymous(this="JSON_OBJECT", expressions=parts)
    if node.args and binder.const(node.args[0], scope).const is True:
        return Typed(once(bags.WITHOUT_EMPTY, packed), Type.DYNAMIC)
    return Typed(packed, Type.DYNAMIC)


def _bag_pack_columns(binder: "ScalarBinder", node: s.Call, row: Row, scope: Scope) -> Typed:
    parts: list[exp.Expr] = []
    for arg in node.args:
        value = binder.bind(arg, row, scope)
        parts += [exp.Literal.string(value.name), own(convert.to_dynamic(value).sql)]
    return Typed(exp.Anonymous(this="JSON_OBJECT", expressions=parts), Type.DYNAMIC)


def _windowed(function: str) -> Special:
    """row_number(), prev(), next(), row_cumsum(): over the rows in the order they stand."""

    def make(binder: "ScalarBinder", node: s.Call, row: Row, scope: Scope) -> Typed:
        relation = row.relation
        if relation is None:
            raise KqlError(f"{node.name}() needs rows", node.span, kind="type")
        args = [binder.bind(arg, row, scope) for arg in node.args]
        order = exp.Order(expressions=[key.expression() for key in relation.order]) if relation.order else None
        parts = [exp.column(name, quoted=True) for name in relation.partition]

        def over(call: exp.Expr, *, running: bool = False) -> exp.Expr:
            spec = (
                exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
                if running
                else None
            )
            return exp.Window(
                this=call,
                partition_by=[own(part) for part in parts],
                order=order.copy() if order else None,
                spec=spec,
            )

        if function == "row_number":
            if len(args) > 1:
                raise unsupported("row_number() with a restart outside extend and project", node.span)
            first = args[0].sql if args else whole(1)
            return Typed(fill("CAST(_0 - 1 + _1 AS BIGINT)", over(exp.RowNumber()), first), Type.LONG)
        if function == "row_cumsum":
            value = args[0]
            if value.type not in NUMBERS | {Type.TIMESPAN}:
                raise KqlError("row_cumsum() adds numbers", node.span, kind="type")
            if len(args) > 1:
                raise unsupported("row_cumsum() with a restart outside extend and project", node.span)
            found = over(exp.Sum(this=own(value.sql)), running=True)
            kind = value.type if value.type is not Type.INT else Type.LONG
            return Typed(cast(found, "DOUBLE" if kind in (Type.REAL, Type.DECIMAL) else "BIGINT"), kind)
        offset = args[1].sql if len(args) > 1 else whole(1)
        expressions = [own(args[0].sql), offset.copy()]
        if len(args) > 2:
            expressions.append(own(convert.fit(args[2], args[0].type, node.span).sql))
        call = exp.Anonymous(this="LAG" if function == "prev" else "LEAD", expressions=expressions)
        found = over(call)
        if args[0].type is Type.STRING:
            return Typed(fill("COALESCE(_0, '')", found), Type.STRING, null=False)
        return Typed(found, args[0].type)

    return make


def _outside(binder: "ScalarBinder", node: s.Call, row: Row, scope: Scope) -> Typed:
    raise unsupported(f"{node.name}() outside extend and project", node.span)


def _place_of(binder: "ScalarBinder", node: s.Call, row: Row, scope: Scope) -> Typed:
    from watchfloor.lake.kql.tabular.hosting import place_of_address

    if len(node.args) != 1:
        raise KqlError("geo_info_from_ip_address() takes an address", node.span, kind="type")
    return place_of_address(binder.program, convert.to_text(binder.bind(node.args[0], row, scope)))


def _column_names_of(binder: "ScalarBinder", node: s.Call, row: Row, scope: Scope) -> Typed:
    rows = binder.rows(node.args[0], Row(), scope) if len(node.args) == 1 else None
    if rows is None:
        raise KqlError("column_names_of() takes a table", node.span, kind="type")
    return literals.typed(Type.DYNAMIC, [column.name for column in rows.columns])


def _materialize(binder: "ScalarBinder", node: s.Call, row: Row, scope: Scope) -> Typed:
    if len(node.args) != 1:
        raise KqlError("materialize() takes one table or value", node.span, kind="type")
    return binder.bind(node.args[0], row, scope)


def _typed_null(binder: "ScalarBinder", node: s.Call, row: Row, scope: Scope) -> Typed:
    """`datetime(x)`, `long(x)`: a conversion when the literal is no literal."""
    kind = {"date": "datetime", "time": "timespan", "double": "real", "boolean": "bool"}.get(node.name, node.name)
    if len(node.args) != 1:
        raise KqlError(f"{node.name}() takes one value", node.span, kind="type")
    return convert.to(binder.bind(node.args[0], row, scope), Type(kind))


SPECIAL: dict[str, Special] = {
    "now": _now,
    "ago": _ago,
    "toscalar": _toscalar,
    "column_ifexists": _column_if_exists,
    "columnifexists": _column_if_exists,
    "ingestion_time": _ingestion_time,
    "pack_all": _pack_all,
    "bag_pack_columns": _bag_pack_columns,
    "row_number": _windowed("row_number"),
    "row_cumsum": _windowed("row_cumsum"),
    **dict.fromkeys(("row_rank_dense", "row_rank_min", "row_window_session"), _outside),
    "prev": _windowed("prev"),
    "next": _windowed("next"),
    "materialize": _materialize,
    "column_names_of": _column_names_of,
    "geo_info_from_ip_address": _place_of,
    **dict.fromkeys(
        ("datetime", "date", "timespan", "time", "long", "int", "real", "double", "bool", "guid", "decimal"),
        _typed_null,
    ),
}
