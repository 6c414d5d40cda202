"""evaluate and invoke: plugins whose columns may depend on data, and functions that take the table."""

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from watchfloor.lake.kql import convert, literals
from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.errors import KqlError, unsupported
from watchfloor.lake.kql.functions import aggregates
from watchfloor.lake.kql.functions.dynamics import path
from watchfloor.lake.kql.functions.numbers import NUMBER
from watchfloor.lake.kql.model import Column, Relation, Typed
from watchfloor.lake.kql.program import Closure, Scope, aliased, columns_of, unique
from watchfloor.lake.kql.scalars import Row
from watchfloor.lake.kql.tabular import sources
from watchfloor.lake.kql.templates import fill, own, table_of, text
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
    plugin = {"bag_unpack": bag_unpack, "pivot": pivot, "ipv4_lookup": ipv4_lookup, "narrow": None}.get(
        operator.call.name
    )
    if plugin is None:
        raise unsupported(f"plugin {operator.call.name}", operator.span)
    return plugin(binder, relation, operator.call, scope)


def bag_unpack(binder: "Binder", relation: Relation, call: s.Call, scope: Scope) -> Relation:
    """A column for each key of a bag. The keys are asked of the data; nobody to ask leaves the columns open."""
    if not call.args or not isinstance(call.args[0], s.Name):
        raise KqlError("bag_unpack() takes a column", call.span, kind="type")
    column = relation.demand(call.args[0].name, call.args[0].span)
    prefix = str(binder.scalars.const(call.args[1], scope).const) if len(call.args) > 1 else ""
    kept = [one for one in relation.columns if one.name != column.name]
    shown = [(one.name, one.typed()) for one in kept]
    program = binder.program
    if program.probe is None:
        if not shown:
            shown = [(column.name, column.typed())]
        return replace(program.make(relation, shown), open=True)
    shape = "UNNEST(CASE WHEN JSON_TYPE(_0) = 'OBJECT' THEN JSON_KEYS(_0) ELSE [] END)"
    keys = relation.select(
        aliased(fill(shape, column.read()), Column("key", Type.STRING, "key")),
        aliased(column.read(), Column("bag", Type.DYNAMIC, "bag")),
    )
    kind = fill(
        "JSON_TYPE(JSON_EXTRACT(_0, '$.\"' || REPLACE(_1, '\"', '\\\"') || '\"'))", exp.column("bag"), exp.column("key")
    )
    asked = (
        exp.Select(expressions=[exp.column("key"), exp.alias_(kind, "kind")])
        .from_(exp.Subquery(this=keys, alias=exp.TableAlias(this=exp.to_identifier("k"))), copy=False)
        .distinct(copy=False)
    )
    found: dict[str, set[str]] = {}
    for key, said in program.probe(program, asked):
        found.setdefault(str(key), set()).add(str(said))
    if len(found) > MOST_COLUMNS:
        raise KqlError(f"these bags have more than {MOST_COLUMNS} different keys", call.span, kind="limit")
    used = {name for name, _ in shown}
    for key in sorted(found):
        kinds = {JSON_KINDS.get(one, Type.DYNAMIC) for one in found[key] - {"NULL"}}
        value = path(column.typed(), [key], key)
        shown.append((unique(prefix + key, used), convert.to(value, kinds.pop()) if len(kinds) == 1 else value))
    if not shown:
        return sources.nothing(binder, [(column.name, Type.DYNAMIC)])
    return program.make(relation, shown)


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
    """Rows with the networks of another table that hold their address."""
    if len(call.args) < 3:
        raise KqlError("ipv4_lookup() takes a table, an address and the table's network", call.span, kind="type")
    other = binder.scalars._rows(call.args[0], Row(), scope)
    if other is None:
        raise KqlError("ipv4_lookup() takes a table first", call.span, kind="type")
    address = convert.to_text(binder.scalars.bind(call.args[1], Row(relation), scope))
    network = convert.to_text(binder.scalars.bind(call.args[2], Row(other), scope))
    unmatched = dict(call.named).get("return_unmatched")
    keeps = bool(unmatched is not None and binder.scalars.const(unmatched, scope).const)
    if len(call.args) > 3 and isinstance(call.args[-1], s.Literal) and call.args[-1].value is True:
        keeps = True
    from watchfloor.lake.kql.tabular.combining import _qualified

    one, two = _qualified(address.sql, "L"), _qualified(network.sql, "R")
    base = NUMBER.replace("_0", "SPLIT_PART(_1, '/', 1)")
    bits = "COALESCE(TRY_CAST(NULLIF(SPLIT_PART(_1, '/', 2), '') AS BIGINT), 32)"
    inside = fill(f"(({NUMBER}) >> (32 - {bits})) = (({base}) >> (32 - {bits}))", one, two)
    used: set[str] = set()
    shown = [
        (unique(column.name, used), replace(column.typed(), sql=_qualified(column.read(), "L")))
        for column in relation.columns
    ]
    shown += [
        (unique(column.name, used), replace(column.typed(), sql=_qualified(column.read(), "R"), null=True))
        for column in other.columns
    ]
    made = columns_of(shown)
    select = (
        exp.Select(expressions=[aliased(value.sql, column) for (_, value), column in zip(shown, made, strict=True)])
        .from_(table_of(relation.source, "L"), copy=False)
        .join(
            table_of(other.source, "R"),
            on=inside,
            join_type="LEFT" if keeps else "INNER",
            copy=False,
        )
    )
    return Relation(binder.program.step(select), made, open=relation.open or other.open)


PROFILE = (
    ("GlobalPrevalence", Type.LONG), ("GlobalFirstSeen", Type.DATETIME), ("GlobalLastSeen", Type.DATETIME),
    ("Signer", Type.STRING), ("Issuer", Type.STRING), ("SignerHash", Type.STRING), ("IsCertificateValid", Type.BOOL),
    ("IsRootSignerMicrosoft", Type.BOOL), ("IsExecutable", Type.BOOL), ("ThreatName", Type.STRING),
    ("Publisher", Type.STRING), ("SoftwareName", Type.STRING), ("ProfileAvailability", Type.STRING),
)  # fmt: skip


def invoke(binder: "Binder", relation: Relation, operator: s.Invoke, scope: Scope) -> Relation:
    """A let function that takes the table first; FileProfile says that nothing is known."""
    call = operator.call
    bound = scope.find(call.name)
    if isinstance(bound, Closure):
        inner = scope.inner(**{"$invoked": relation})
        given = s.Call(call.name, (s.Name("$invoked", span=call.span), *call.args), call.named, span=call.span)
        return sources.closure(binder, given, bound, inner)
    if call.name == "FileProfile":
        return _file_profile(binder, relation)
    raise unsupported(f"function {call.name}()", call.span)


def _file_profile(binder: "Binder", relation: Relation) -> Relation:
    """We hold no profiles of the world's files: every column is empty, and ProfileAvailability says so."""
    known = {column.name for column in relation.columns}
    shown = [(column.name, column.typed()) for column in relation.columns]
    for name, kind in PROFILE:
        value = literals.string("Missing") if name == "ProfileAvailability" else literals.typed(kind, None)
        if name not in known:
            shown.append((name, value))
    return binder.program.make(relation, shown)
