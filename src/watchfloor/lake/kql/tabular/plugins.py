"""evaluate and invoke: plugins whose columns may depend on data, and functions that take the table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from watchfloor.lake.kql import convert
from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.errors import KqlError, unsupported
from watchfloor.lake.kql.functions import aggregates
from watchfloor.lake.kql.functions.addresses import in_network, masked
from watchfloor.lake.kql.functions.bags import HELD
from watchfloor.lake.kql.functions.dynamics import path
from watchfloor.lake.kql.model import Column, Relation, Typed
from watchfloor.lake.kql.program import Closure, Program, Row, Scope, aliased, columns_of, count_of, unique
from watchfloor.lake.kql.tabular import hosting, sources
from watchfloor.lake.kql.tabular.combining import qualified
from watchfloor.lake.kql.templates import every, fill, own, paren, table_of, text
from watchfloor.lake.kql.types import Type

if TYPE_CHECKING:
    from watchfloor.lake.kql.tabular.binder import Binder

MOST_COLUMNS = 200
JSON_KINDS = {
    "BIGINT": Type.LONG,
    "UBIGINT": Type.LONG,
    "DOUBLE": Type.REAL,
    "BOOLEAN": Type.BOOL,
    "VARCHAR": Type.STRING,
}


def evaluate(binder: "Binder", relation: Relation, operator: s.Evaluate, scope: Scope) -> Relation:
    """A plugin by name."""
    if operator.call.name == "bag_unpack":
        return bag_unpack(binder, relation, operator, scope)
    plugin = {
        "pivot": pivot,
        "ipv4_lookup": ipv4_lookup,
        "ipv6_lookup": ipv6_lookup,
        "rows_near": rows_near,
    }.get(operator.call.name)
    if plugin is None:
        raise unsupported(f"plugin {operator.call.name}", operator.span)
    return plugin(binder, relation, operator.call, scope)


CONFLICTS = ("error", "replace_source", "keep_source")


@dataclass(frozen=True, slots=True)
class Unpacking:
    """How a bag becomes columns: what stands before their names, who wins over a column that is there, which keys do not count."""

    column: Column
    prefix: str = ""
    conflict: str = "error"
    ignored: frozenset[str] = frozenset()


def _unpacking(binder: "Binder", relation: Relation, call: s.Call, scope: Scope) -> Unpacking:
    if not call.args or not isinstance(call.args[0], s.Name):
        raise KqlError("bag_unpack() takes a column", call.span, kind="type")
    column = relation.demand(call.args[0].name, call.args[0].span)
    if column.type is not Type.DYNAMIC:
        raise KqlError(f"bag_unpack() takes a dynamic, and this is a {column.type}", call.span, kind="type")
    names = ("OutputColumnPrefix", "columnsConflict", "ignoredProperties")
    given = dict(zip(names, call.args[1:], strict=False)) | dict(call.named)
    said = {name: binder.scalars.const(node, scope).const for name, node in given.items()}
    if not set(said) <= set(names):
        raise KqlError(f"bag_unpack() knows {', '.join(names)}", call.span, kind="type")
    conflict, ignored = said.get("columnsConflict", "error"), said.get("ignoredProperties") or []
    if conflict not in CONFLICTS or not isinstance(ignored, list):
        raise KqlError(f"columnsConflict is one of {', '.join(CONFLICTS)}", call.span, kind="type")
    return Unpacking(column, str(said.get("OutputColumnPrefix") or ""), str(conflict), frozenset(map(str, ignored)))


def bag_unpack(binder: "Binder", relation: Relation, operator: s.Evaluate, scope: Scope) -> Relation:
    """A column for each key of a bag. The keys are asked of the data; nobody to ask leaves the columns open."""
    how = _unpacking(binder, relation, operator.call, scope)
    kept = [(one.name, one.typed()) for one in relation.columns if one.name != how.column.name]
    program = binder.program
    if operator.schema is not None:
        return program.make(relation, _declared(relation, how, operator.schema))
    if program.probe is None:
        return replace(program.make(relation, kept or [(how.column.name, how.column.typed())]), open=True)
    found = {key: kinds for key, kinds in _keys(program, relation, how.column).items() if key not in how.ignored}
    if len(found) > MOST_COLUMNS:
        raise KqlError(f"these bags have more than {MOST_COLUMNS} different keys", operator.span, kind="limit")
    shown = _resolved(
        kept, {how.prefix + key: _part(how.column, key, found[key]) for key in sorted(found)}, how, operator
    )
    return program.make(relation, shown) if shown else sources.nothing(binder, [(how.column.name, Type.DYNAMIC)])


def _part(column: Column, key: str, kinds: set[str]) -> Typed:
    """One key's values, typed when they are all alike."""
    known = {JSON_KINDS.get(one, Type.DYNAMIC) for one in kinds - {"NULL"}}
    value = path(column.typed(), [key], key)
    return convert.to(value, known.pop()) if len(known) == 1 else value


def _resolved(
    kept: Sequence[tuple[str, Typed]], unpacked: dict[str, Typed], how: Unpacking, operator: s.Evaluate
) -> list[tuple[str, Typed]]:
    """Both kinds of columns under names of their own."""
    names = {name for name, _ in kept}
    both = sorted(names & unpacked.keys())
    if both and how.conflict == "error":
        raise KqlError(
            f"the bag has “{both[0]}”, and so has the table; say columnsConflict='replace_source' or 'keep_source'",
            operator.span,
            kind="name",
        )
    if how.conflict == "keep_source":
        unpacked = {name: value for name, value in unpacked.items() if name not in names}
    shown = [(name, unpacked.pop(name, value)) for name, value in kept]
    return [*shown, *unpacked.items()]


def _declared(relation: Relation, how: Unpacking, schema: Sequence[tuple[str, str]]) -> list[tuple[str, Typed]]:
    """The columns the query itself declares: those of the table by name, all others out of the bag."""
    found: dict[str, Typed] = {}
    for name, kind in schema:
        if name == "*":
            found |= {one.name: one.typed() for one in relation.columns if one.name != how.column.name}
            continue
        column = relation.column(name)
        if column is not None and name != how.column.name and how.conflict != "replace_source":
            found[name] = convert.to(column.typed(), Type(kind))
        else:
            found[name] = convert.to(path(how.column.typed(), [name.removeprefix(how.prefix)], name), Type(kind))
    return list(found.items())


def _keys(program: Program, relation: Relation, column: Column) -> dict[str, set[str]]:
    """The keys the bags have, with the kinds of their values."""
    shape = "UNNEST(CASE WHEN JSON_TYPE(_0) = 'OBJECT' THEN JSON_KEYS(_0) ELSE [] END)"
    keys = relation.select(
        aliased(fill(shape, column.read()), Column("key", Type.STRING, "key")),
        aliased(column.read(), Column("bag", Type.DYNAMIC, "bag")),
    )
    kind = fill(f"JSON_TYPE({HELD.replace('key', '_1')})", exp.column("bag"), exp.column("key"))
    asked = (
        exp.Select(expressions=[exp.column("key"), exp.alias_(kind, "kind")])
        .from_(exp.Subquery(this=keys, alias=exp.TableAlias(this=exp.to_identifier("k"))), copy=False)
        .distinct(copy=False)
    )
    found: dict[str, set[str]] = {}
    for key, said in program.probe(program, asked) if program.probe else ():
        found.setdefault(str(key), set()).add(str(said))
    return found


def pivot(binder: "Binder", relation: Relation, call: s.Call, scope: Scope) -> Relation:
    """A column for each value of one column; the others are the keys."""
    if not call.args or not isinstance(call.args[0], s.Name):
        raise KqlError("pivot() takes a column", call.span, kind="type")
    column = relation.demand(call.args[0].name, call.args[0].span)
    aggregate = call.args[1] if len(call.args) > 1 else s.Call("count", (), span=call.span)
    if not isinstance(aggregate, s.Call) or aggregate.name not in aggregates.AGGREGATES:
        raise KqlError("pivot() takes an aggregate second", call.span, kind="type")
    value = binder.scalars.bind(aggregate, Row(relation, aggregates=True), scope)
    used_names = {node.name for node in aggregate.args if isinstance(node, s.Name)}
    names = [node.name for node in call.args[2:] if isinstance(node, s.Name)]
    keys = (
        [relation.demand(name, call.span) for name in names]
        if names
        else [one for one in relation.columns if one.name != column.name and one.name not in used_names]
    )
    program = binder.program
    shown: list[tuple[str, Typed]] = [(key.name, key.typed()) for key in keys]
    key_text = convert.to_text(column.typed()).sql
    if program.probe is None:
        select = relation.select(*(key.read() for key in keys)).distinct(copy=False) if keys else None
        if select is None:
            return sources.nothing(binder, [(column.name, Type.STRING)], open_=True)
        made = columns_of(shown)
        select = relation.select(
            *(aliased(one.sql, made_) for (_, one), made_ in zip(shown, made, strict=True))
        ).distinct(copy=False)
        return Relation(program.step(select), made, open=True)
    values = sorted(str(row[0]) for row in program.probe(program, relation.select(own(key_text)).distinct(copy=False)))
    if len(values) > MOST_COLUMNS:
        raise KqlError(f"pivot() would make more than {MOST_COLUMNS} columns", call.span, kind="limit")
    used = {name for name, _ in shown}
    for one in values:
        condition = fill("_0 = _1", key_text, text(one))
        filtered = aggregates._filtered(own(value.sql), condition)
        shown.append((unique(one or "_", used), Typed(filtered, value.type)))
    made = columns_of(shown)
    select = relation.select(*(aliased(one.sql, made_) for (_, one), made_ in zip(shown, made, strict=True)))
    if keys:
        select = select.group_by(*(key.read() for key in keys), copy=False)
    return Relation(program.step(select), made)


def ipv4_lookup(binder: "Binder", relation: Relation, call: s.Call, scope: Scope) -> Relation:
    """Rows with the networks of another table that hold their address; further columns of the same name must be equal."""
    return _lookup(binder, relation, call, scope, lambda left, right: fill(masked("_0", "_1"), left, right))


def ipv6_lookup(binder: "Binder", relation: Relation, call: s.Call, scope: Scope) -> Relation:
    """ipv4_lookup() for addresses of both kinds."""
    return _lookup(binder, relation, call, scope, in_network)


def _lookup(
    binder: "Binder", relation: Relation, call: s.Call, scope: Scope, holds: Callable[[exp.Expr, exp.Expr], exp.Expr]
) -> Relation:
    if len(call.args) < 3:
        raise KqlError(f"{call.name}() takes a table, an address and the table's network", call.span, kind="type")
    other = binder.scalars.rows(call.args[0], Row(), scope)
    if other is None:
        raise KqlError(f"{call.name}() takes a table first", call.span, kind="type")
    address = convert.to_text(binder.scalars.bind(call.args[1], Row(relation), scope))
    network = convert.to_text(binder.scalars.bind(call.args[2], Row(other), scope))
    further = [node for node in call.args[3:] if isinstance(node, s.Name)]
    keeps = _says_true(binder, [*call.args[3 + len(further) :], *dict(call.named).values()], scope)
    conditions = [paren(holds(qualified(address.sql, "L"), qualified(network.sql, "R")))]
    for node in further:
        left, right = relation.demand(node.name, node.span), other.demand(node.name, node.span)
        conditions.append(exp.EQ(this=qualified(left.read(), "L"), expression=qualified(right.read(), "R")))
    return _beside(binder, relation, other, {node.name for node in further}, conditions, keeps=keeps)


def rows_near(binder: "Binder", relation: Relation, call: s.Call, scope: Scope) -> Relation:
    """Rows that fulfil a condition, and so many before and after each, in the order the rows stand."""
    if not 2 <= len(call.args) <= 3:
        raise KqlError("rows_near() takes a condition and counts of rows before and after", call.span, kind="type")
    if not relation.order:
        raise KqlError("rows_near() needs rows in an order; sort them first", call.span, kind="type")
    condition = binder.scalars.truth(call.args[0], Row(relation), scope)
    counts = [count_of(binder.scalars.const(node, scope), "the count of rows", node.span) for node in call.args[1:]]
    before, after = counts[0], counts[-1]
    spec = exp.WindowSpec(kind="ROWS", start=str(after), start_side="PRECEDING", end=str(before), end_side="FOLLOWING")
    order = exp.Order(expressions=[key.expression() for key in relation.order])
    parts = [exp.column(name, quoted=True) for name in relation.partition]
    near = exp.Window(this=fill("BOOL_OR(COALESCE(_0, FALSE))", condition), partition_by=parts, order=order, spec=spec)
    return replace(
        relation, source=binder.program.step(relation.select(exp.Star()).qualify(near, copy=False)), scan=None
    )


def _says_true(binder: "Binder", nodes: Sequence[s.Expression], scope: Scope) -> bool:
    return any(binder.scalars.const(node, scope).const is True for node in nodes)


def _beside(
    binder: "Binder",
    relation: Relation,
    other: Relation,
    dropped: set[str],
    conditions: Sequence[exp.Expr],
    *,
    keeps: bool,
) -> Relation:
    """The columns of both sides where the conditions hold; with `keeps` also the rows that find nothing."""
    used: set[str] = set()
    shown = [
        (unique(column.name, used), replace(column.typed(), sql=qualified(column.read(), "L")))
        for column in relation.columns
    ]
    for column in other.columns:
        if column.name not in dropped:
            sql = qualified(column.read(), "R")
            text_ = column.type is Type.STRING
            value = Typed(fill("COALESCE(_0, '')", sql) if text_ else sql, column.type, null=not text_)
            shown.append((unique(column.name, used), value))
    made = columns_of(shown)
    select = (
        exp.Select(expressions=[aliased(value.sql, column) for (_, value), column in zip(shown, made, strict=True)])
        .from_(table_of(relation.source, "L"), copy=False)
        .join(table_of(other.source, "R"), on=every(*conditions), join_type="LEFT" if keeps else "INNER", copy=False)
    )
    return Relation(binder.program.step(select), made, open=relation.open or other.open)


def invoke(binder: "Binder", relation: Relation, operator: s.Invoke, scope: Scope) -> Relation:
    """A let function that takes the table first, or FileProfile."""
    call = operator.call
    bound = scope.find(call.name)
    if isinstance(bound, Closure):
        inner = scope.inner(**{"$invoked": relation})
        given = s.Call(call.name, (s.Name("$invoked", span=call.span), *call.args), call.named, span=call.span)
        return sources.closure(binder, given, bound, inner)
    if call.name == "FileProfile":
        return hosting.file_profile(binder, relation, call, scope)
    if call.name == "SeenBy":
        raise KqlError(
            "SeenBy() tells which devices saw a device, which nobody here records", call.span, kind="unsupported"
        )
    raise unsupported(f"function {call.name}()", call.span)
