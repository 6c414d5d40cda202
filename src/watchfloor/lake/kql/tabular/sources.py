"""What a pipeline may begin with."""

import fnmatch
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

from sqlglot import exp

from watchfloor.lake.kql import convert, literals
from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.cells import value_of
from watchfloor.lake.kql.errors import KqlError, Span
from watchfloor.lake.kql.model import CatalogueTable, Column, ListData, Relation, Typed
from watchfloor.lake.kql.program import Closure, Row, Scope, aliased, columns_of, unique
from watchfloor.lake.kql.tabular import combining
from watchfloor.lake.kql.tabular.shaping import columns_of_parts
from watchfloor.lake.kql.templates import cast, fill, own, table_of
from watchfloor.lake.kql.types import SQL_TYPES, WHOLE, Type

if TYPE_CHECKING:
    from watchfloor.lake.kql.tabular.binder import Binder

WATCHLIST = (
    ("_DTItemId", Type.STRING),
    ("LastUpdatedTimeUTC", Type.DATETIME),
    ("SearchKey", Type.STRING),
    ("WatchlistItem", Type.DYNAMIC),
)


def table(binder: "Binder", tree: s.Table, scope: Scope) -> Relation:
    """A let name, else a table of the catalogue."""
    bound = scope.find(tree.name)
    if isinstance(bound, Relation):
        return bound
    if isinstance(bound, Closure) and not bound.function.parameters:
        return invocation(binder, s.Invocation(s.Call(tree.name, (), span=tree.span), span=tree.span), scope)
    if bound is not None:
        raise KqlError(f"“{tree.name}” is a value, and a table is wanted here", tree.span, kind="type")
    found = binder.program.catalogue.table(tree.name)
    if found is None:
        raise no_table(binder, tree.name, tree.span)
    return scanned(binder, found)


def no_table(binder: "Binder", name: str, span: Span) -> KqlError:
    near = get_close_matches(name, binder.program.catalogue.names(), 1, 0.7)
    hint = f"; did you mean “{near[0]}”?" if near else ""
    return KqlError(f"there is no table “{name}”{hint}", span, kind="name")


def scanned(binder: "Binder", found: CatalogueTable) -> Relation:
    """A reading of a table. What the reader may not see is left out here, below every operator."""
    program = binder.program
    scan = program.scan(found.table)
    columns = tuple(
        Column(column.name, column.type, column.name, column.null, column.sql, column.json)
        for column in found.columns
        if not column.extra
    )
    extras = tuple(
        Column(column.name, column.type, column.name, column.null, column.sql, column.json)
        for column in found.columns
        if column.extra
    )
    relation = Relation(scan.name, columns, extras, scan=scan, raw=True)
    guards = [guard for guard in (found.where, program.hosts.guards.get(found.table)) if guard is not None]
    if guards:
        select = relation.select(exp.Star()).where(*(guard.copy() for guard in guards), copy=False)
        relation = Relation(program.step(select), columns, extras, scan=scan, raw=True)
    return relation


def invocation(binder: "Binder", tree: s.Invocation, scope: Scope) -> Relation:
    """A let function, materialize(), table(), a watchlist."""
    call = tree.call
    bound = scope.find(call.name)
    if isinstance(bound, Closure):
        return closure(binder, call, bound, scope)
    if call.name in ("materialize", "view"):
        rows = binder.scalars.rows(call.args[0], Row(), scope) if call.args else None
        if rows is None:
            raise KqlError(f"{call.name}() takes a table", call.span, kind="type")
        return rows
    if call.name == "table":
        name = binder.scalars.const(call.args[0], scope).const if call.args else ""
        return table(binder, s.Table(str(name), span=call.span), scope)
    if call.name in ("_GetWatchlist", "_ASIM_GetWatchlistRaw"):
        return watchlist(binder, call, scope)
    if call.name == "toscalar":
        raise KqlError("toscalar() gives a value, and a table is wanted here", call.span, kind="type")
    raise KqlError(f"there is no function {call.name}() that gives a table", call.span, kind="unsupported")


def closure(binder: "Binder", call: s.Call, bound: Closure, scope: Scope) -> Relation:
    """A let function whose body is a table."""
    inner = binder.scalars.arguments(call, bound, Row(), scope)
    body = bound.function.body
    if isinstance(body, s.Pipeline):
        return binder.pipeline(body, inner)
    rows = binder.scalars.rows(body, Row(), inner)
    if rows is None:
        raise KqlError(f"{call.name}() gives a value, and a table is wanted here", call.span, kind="type")
    return rows


def watchlist(binder: "Binder", call: s.Call, scope: Scope) -> Relation:
    """A list an administrator uploaded; one nobody has is noted, and its columns stay open."""
    alias = str(binder.scalars.const(call.args[0], scope).const) if call.args else ""
    found = binder.program.hosts.watchlists.get(alias)
    if found is not None:
        return listed(binder, found)
    binder.program.missing.append(f"watchlist {alias}")
    return replace(nothing(binder, WATCHLIST, open_=True), texts=True)


def externaldata(binder: "Binder", tree: s.Externaldata, scope: Scope) -> Relation:
    """Never fetched: served from the list an administrator pinned to the address, else noted as missing."""
    for address in tree.addresses:
        found = binder.program.hosts.pinned.get(address)
        if found is not None:
            return listed(binder, fitted(found, tree.columns))
    binder.program.missing.append(f"list {', '.join(tree.addresses)}")
    return nothing(binder, [(name, Type(kind)) for name, kind in tree.columns])


def fitted(found: ListData, columns: Sequence[tuple[str, str]]) -> ListData:
    """A pinned list under the names and types the query gives its columns, by place."""
    wanted = tuple((name, Type(kind)) for name, kind in columns)
    rows = tuple(tuple(row[: len(wanted)]) + (None,) * (len(wanted) - len(row)) for row in found.rows)
    return ListData(wanted, rows)


def nothing(binder: "Binder", columns: Sequence[tuple[str, Type]], *, open_: bool = False) -> Relation:
    """No rows of these columns."""
    shown = [(name, literals.typed(kind, None)) for name, kind in columns]
    made = columns_of(shown)
    select = exp.Select(
        expressions=[aliased(value.sql, column) for (_, value), column in zip(shown, made, strict=True)]
    ).where(exp.false(), copy=False)
    return Relation(binder.program.step(select), made, open=open_)


def listed(binder: "Binder", found: ListData) -> Relation:
    """The rows of a list: a few stand in the query itself, many are a source of their own."""
    if name := binder.program.give(found):
        made = columns_of([(column, literals.typed(kind, None)) for column, kind in found.columns])
        read = [cast(exp.column(column.name, quoted=True), SQL_TYPES[column.type]) for column in made]
        select = exp.Select(expressions=[aliased(value, column) for value, column in zip(read, made, strict=True)])
        return Relation(binder.program.step(select.from_(table_of(name), copy=False)), made)
    return rows_of(
        binder,
        found.columns,
        [
            [literals.typed(kind, value_of(value, kind)) for value, (_, kind) in zip(row, found.columns, strict=False)]
            for row in found.rows
        ],
    )


def datatable(binder: "Binder", tree: s.Datatable, scope: Scope) -> Relation:
    """Rows written in the query."""
    width = len(tree.columns)
    if width == 0 or len(tree.values) % width:
        raise KqlError(f"a datatable of {width} columns needs a multiple of {width} values", tree.span, kind="type")
    kinds = [Type(kind) for _, kind in tree.columns]
    cells = [_cell(binder, value, kinds[number % width], scope) for number, value in enumerate(tree.values)]
    rows = [cells[at : at + width] for at in range(0, len(cells), width)]
    return rows_of(binder, [(name, kind) for (name, _), kind in zip(tree.columns, kinds, strict=True)], rows)


def _cell(binder: "Binder", node: s.Expression, kind: Type, scope: Scope) -> Typed:
    value = binder.scalars.const(node, scope)
    return value if value.type is kind else convert.to(value, kind)


def rows_of(binder: "Binder", columns: Sequence[tuple[str, Type]], rows: Sequence[Sequence[Typed]]) -> Relation:
    """Literal rows as a step."""
    made = columns_of([(name, literals.typed(kind, None)) for name, kind in columns])
    if not rows:
        return nothing(binder, columns)
    values = exp.Values(
        expressions=[exp.Tuple(expressions=[own(cell.sql) for cell in row]) for row in rows],
        alias=exp.TableAlias(
            this=exp.to_identifier("given"), columns=[exp.to_identifier(column.sql, quoted=True) for column in made]
        ),
    )
    select = exp.Select(
        expressions=[
            aliased(cast(exp.column(column.sql, quoted=True), SQL_TYPES[column.type]), column) for column in made
        ]
    ).from_(values, copy=False)
    return Relation(binder.program.step(select), made)


def printed(binder: "Binder", tree: s.Print, scope: Scope) -> Relation:
    """One row of values."""
    used: set[str] = set()
    shown: list[tuple[str, Typed]] = []
    for number, item in enumerate(tree.values):
        value = binder.scalars.const(item.value, scope)
        if value.parts:
            shown += columns_of_parts(item, value, used)
            continue
        shown.append((unique(item.names[0] if item.names else f"print_{number}", used), value))
    made = columns_of(shown)
    select = exp.Select(
        expressions=[aliased(value.sql, column) for (_, value), column in zip(shown, made, strict=True)]
    )
    return Relation(binder.program.step(select), made)


MOST_ROWS = 10_000_000
"""Rows a range may make."""


def ranged(binder: "Binder", tree: s.Range, scope: Scope) -> Relation:
    """`range x from a to b step c`."""
    first, last, step = (binder.scalars.const(node, scope) for node in (tree.start, tree.end, tree.step))
    if first.type is Type.DATETIME:
        last, step = convert.fit(last, first.type, tree.span), convert.fit(step, Type.TIMESPAN, tree.span)
        count = "(EPOCH_US(_1) - EPOCH_US(_0)) // NULLIF(_2 // 10, 0) + 1"
        shape, kind = f"_0 + TO_MICROSECONDS(CAST({_places(count)} * (_2 // 10) AS BIGINT))", Type.DATETIME
    elif first.type in WHOLE | {Type.TIMESPAN} and step.type in WHOLE | {Type.TIMESPAN}:
        shape, kind = (
            f"CAST(_0 + {_places('CAST(FLOOR((_1 - _0) / NULLIF(_2, 0)) AS BIGINT) + 1')} * _2 AS BIGINT)",
            first.type,
        )
    else:
        shape, kind = f"_0 + _2 * {_places('FLOOR((_1 - _0) / NULLIF(_2, 0)) + 1')}", Type.REAL
    value = Typed(fill(shape, first.sql, last.sql, step.sql), kind)
    made = columns_of([(tree.column, value)])
    return Relation(binder.program.step(exp.Select(expressions=[aliased(value.sql, made[0])])), made)


def _places(count: str) -> str:
    """0, 1, 2 ... `count` of them as rows; an error when there would be too many."""
    return (
        f"UNNEST(RANGE(0, CASE WHEN {count} > {MOST_ROWS} THEN ERROR('a range may have {MOST_ROWS} rows') "
        f"ELSE CAST(GREATEST({count}, 0) AS BIGINT) END))"
    )


def searched(binder: "Binder", tree: s.Search, scope: Scope) -> Relation:
    """`search in (T1, T2) "x"`: the rows of these tables, of all without a list, in which some text has it."""
    only = binder.wanted
    names = tree.tables or tuple(binder.program.catalogue.names())
    parts: list[tuple[str, Relation]] = []
    for name in _spread(binder, names):
        relation = table(binder, s.Table(name, span=tree.span), scope)
        parts.append((name, filtered_by_search(binder, relation, tree.predicate, scope)))
    if not parts:
        raise KqlError("there is no table to search", tree.span, kind="name")
    return combining.united(binder, parts, withsource="$table", inner=False, only=only)


def filtered_by_search(binder: "Binder", relation: Relation, predicate: s.Expression, scope: Scope) -> Relation:
    """`search` as an operator."""
    node = as_search(predicate)
    select = relation.select(exp.Star()).where(binder.scalars.truth(node, Row(relation), scope), copy=False)
    return replace(relation, source=binder.program.step(select))


def as_search(node: s.Expression) -> s.Expression:
    """A bare text searches every column; a star alone finds every row."""
    if isinstance(node, s.Star) and node.pattern == "*":
        return s.Literal("bool", True, span=node.span)
    if isinstance(node, s.Literal) and node.type == "string":
        return s.Binary("has", s.Star(span=node.span), node, span=node.span)
    if isinstance(node, s.Logic):
        return s.Logic(node.operator, tuple(map(as_search, node.parts)), span=node.span)
    if isinstance(node, s.Call) and node.name == "not" and node.args:
        return s.Call("not", tuple(map(as_search, node.args)), span=node.span)
    return node


def _spread(binder: "Binder", names: Sequence[str]) -> list[str]:
    """Names with stars as the tables they stand for."""
    found: list[str] = []
    for name in names:
        found += fnmatch.filter(binder.program.catalogue.names(), name) if "*" in name else [name]
    return list(dict.fromkeys(found))
