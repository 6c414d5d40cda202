"""Operators that keep, add, drop or name columns, and those that keep rows."""

import fnmatch
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from watchfloor.lake.kql import literals
from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.functions.dynamics import path
from watchfloor.lake.kql.model import Column, Relation, Scan, Typed
from watchfloor.lake.kql.program import Row, Scope, aliased, beside, columns_of, unique
from watchfloor.lake.kql.scalars import children
from watchfloor.lake.kql.tabular import restarting
from watchfloor.lake.kql.types import Type

if TYPE_CHECKING:
    from watchfloor.lake.kql.tabular.binder import Binder

TIMES = frozenset({"Timestamp", "TimeGenerated"})


def where(binder: "Binder", relation: Relation, operator: s.Where, scope: Scope) -> Relation:
    """Rows for which the condition is true. A condition on the table's time narrows what is read of it."""
    condition = binder.scalars.truth(operator.predicate, Row(relation), scope)
    if relation.scan is not None:
        _narrow(binder, relation.scan, operator.predicate, scope)
    return replace(relation, source=binder.program.step(relation.select(exp.Star()).where(condition, copy=False)))


def _narrow(binder: "Binder", scan: Scan, node: s.Expression, scope: Scope) -> None:
    """Take the bounds of time that the condition states outright."""
    if isinstance(node, s.Logic) and node.operator == "and":
        for part in node.parts:
            _narrow(binder, scan, part, scope)
    elif isinstance(node, s.Between) and not node.negated and _is_time(node.left):
        low = _const(binder, node.low, scope)
        high = _const(binder, node.high, scope)
        if isinstance(low, datetime):
            scan.since(low)
        if isinstance(high, datetime):
            scan.until(high)
        elif isinstance(low, datetime) and isinstance(high, int):
            scan.until(literals.shifted(low, high, node.span))
    elif isinstance(node, s.Binary) and node.operator in ("<", "<=", ">", ">=", "=="):
        left, right, operator = node.left, node.right, node.operator
        if _is_time(right):
            left, right = right, left
            operator = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(operator, operator)
        bound = _const(binder, right, scope) if _is_time(left) else None
        if isinstance(bound, datetime):
            if operator in (">", ">=", "=="):
                scan.since(bound)
            if operator in ("<", "<=", "=="):
                scan.until(bound)


def _is_time(node: s.Expression) -> bool:
    return isinstance(node, s.Name) and node.name in TIMES


def _const(binder: "Binder", node: s.Expression, scope: Scope) -> object:
    try:
        return binder.scalars.const(node, scope).const
    except KqlError:
        return None


# --- columns ----------------------------------------------------------------------------------------------------------


def items_of(
    binder: "Binder", items: Sequence[s.Assigned], row: Row, scope: Scope, *, used: set[str], numbered: int = 0
) -> list[tuple[str, Typed]]:
    """Values with the names they get; several names take the parts of one dynamic. Unnamed ones become Column1, Column2."""
    found: list[tuple[str, Typed]] = []
    unnamed = numbered
    for item in items:
        if isinstance(item.value, s.Star) and row.relation is not None and not item.names:
            found += [(column.name, column.typed()) for column in row.relation.columns]
            continue
        value = binder.scalars.bind(item.value, row, scope)
        if value.parts:
            found += columns_of_parts(item, value, used)
            continue
        if len(item.names) > 1:
            if value.type is not Type.DYNAMIC:
                raise KqlError("several names need a value of several parts", item.span, kind="type")
            found += [(name, path(value, [number], name)) for number, name in enumerate(item.names)]
            continue
        name = item.names[0] if item.names else value.name
        if not name:
            unnamed += 1
            name = f"Column{unnamed}"
        if not item.names:
            name = unique(name, used)
        used.add(name)
        found.append((name, value))
    return found


def columns_of_parts(item: s.Assigned, value: Typed, used: set[str]) -> list[tuple[str, Typed]]:
    """The columns of a function that gives several: under the names a query gives the first of them, the rest under their own."""
    if len(item.names) > len(value.parts):
        raise KqlError(f"there are {len(value.parts)} values for {len(item.names)} names", item.span, kind="type")
    found: list[tuple[str, Typed]] = []
    for number, (name, part) in enumerate(value.parts):
        given = item.names[number] if number < len(item.names) else unique(name, used)
        used.add(given)
        found.append((given, part))
    return found


def extend(binder: "Binder", relation: Relation, operator: s.Extend | s.Serialize, scope: Scope) -> Relation:
    """New columns; one of a known name takes its place. A later item sees the earlier ones."""
    for group in _independent(operator.items):
        relation, items = restarting.prepared(binder, relation, group, scope)
        relation = _extended(binder, relation, items, scope)
    return relation


def _independent(items: Sequence[s.Assigned]) -> list[list[s.Assigned]]:
    """Items in groups of which none reads a column the same group makes."""
    groups: list[list[s.Assigned]] = [[]]
    made: set[str] = set()
    for item in items:
        if made & names_in(item.value) or made & set(item.names):
            groups.append([])
            made = set()
        groups[-1].append(item)
        made |= set(item.names)
    return [group for group in groups if group]


def names_in(node: s.Expression) -> set[str]:
    """Every plain name an expression mentions outside pipelines."""
    found = {node.name} if isinstance(node, s.Name) else set()
    for part in children(node):
        found |= names_in(part)
    return found


def _extended(binder: "Binder", relation: Relation, items: Sequence[s.Assigned], scope: Scope) -> Relation:
    used = {column.name for column in relation.columns}
    added = dict(items_of(binder, items, Row(relation), scope, used=used))
    kept = None if TIMES & added.keys() else relation.scan
    return replace(beside(binder.program, relation, added), scan=kept)


def reshaped(
    binder: "Binder",
    relation: Relation,
    shown: Sequence[tuple[str, Typed]],
    *,
    extras: Sequence[Column] = (),
    scan: Scan | None = None,
) -> Relation:
    """A step with these columns; `extras` go on being nameable."""
    taken = [hidden.sql for hidden in relation.hidden]
    made = columns_of([*shown, *((extra.name, extra.typed()) for extra in extras)], taken=taken)
    values = [*(value.sql for _, value in shown), *(extra.read() for extra in extras)]
    select = relation.select(
        *(aliased(value, column) for value, column in zip(values, made, strict=True)),
        *(hidden.read() for hidden in relation.hidden),
    )
    return replace(
        relation,
        source=binder.program.step(select),
        columns=made[: len(shown)],
        extras=made[len(shown) :],
        scan=scan,
        raw=False,
    )


def project(binder: "Binder", relation: Relation, operator: s.Project, scope: Scope) -> Relation:
    """Exactly these columns."""
    relation, items = restarting.prepared(binder, relation, operator.items, scope)
    shown = items_of(binder, items, Row(relation), scope, used=set())
    names = [name for name, _ in shown]
    for name in names:
        if names.count(name) > 1:
            raise KqlError(f"two columns are called “{name}”", operator.span, kind="name")
    if not shown:
        raise KqlError("project without a column leaves nothing", operator.span)
    keeps_time = any(name in TIMES and value.name == name for name, value in shown)
    return replace(reshaped(binder, relation, shown, scan=relation.scan if keeps_time else None), open=False)


def pick(binder: "Binder", relation: Relation, operator: s.Pick, scope: Scope) -> Relation:
    """project-away, project-keep, project-reorder."""
    if operator.how == "reorder":
        return _reordered(binder, relation, operator)
    matched: list[str] = []
    for pattern in operator.patterns:
        found = _matching(relation, pattern)
        if not found and "*" not in pattern and not relation.open:
            relation.demand(pattern, operator.span)
        matched += found
    keep = operator.how == "keep"
    shown = [(column.name, column.typed()) for column in relation.columns if (column.name in matched) is keep]
    if keep:
        extras = [column for column in relation.extras if column.name in matched]
        shown += [(column.name, column.typed()) for column in extras]
    if not shown:
        raise KqlError("no column is left", operator.span)
    return reshaped(binder, relation, shown, scan=relation.scan)


def _matching(relation: Relation, pattern: str) -> list[str]:
    names = [column.name for column in relation.columns]
    if "*" in pattern:
        return [name for name in names if fnmatch.fnmatchcase(name, pattern)]
    return [pattern] if relation.column(pattern) is not None and not (relation.open and pattern not in names) else []


def _reordered(binder: "Binder", relation: Relation, operator: s.Pick) -> Relation:
    names = [column.name for column in relation.columns]
    front: list[str] = []
    extras: list[Column] = []
    for number, pattern in enumerate(operator.patterns):
        found = _matching(relation, pattern)
        if not found and "*" not in pattern and not relation.open:
            relation.demand(pattern, operator.span)
        if operator.orders[number : number + 1] != ("",) and operator.orders:
            found = sorted(found, reverse=operator.orders[number] == "desc")
        for name in found:
            if name in names and name not in front:
                front.append(name)
            elif name not in front and (extra := relation.column(name)):
                extras.append(extra)
    by_name = {column.name: column for column in relation.columns}
    order = [*front, *(name for name in names if name not in front)]
    return replace(relation, columns=tuple(by_name[name] for name in order))


def by_names(binder: "Binder", relation: Relation, operator: s.ByNames, scope: Scope) -> Relation:
    """The columns of these names, in this order; a name no column has is passed over."""
    wanted: list[str] = []
    for node in operator.names:
        said = binder.scalars.const(node, scope).const
        if not isinstance(said, str | list):
            raise KqlError("project-by-names takes constant names, or lists of them", node.span, kind="type")
        wanted += [said] if isinstance(said, str) else map(str, said)
    known = [column.name for column in relation.columns]
    names = dict.fromkeys(name for one in wanted for name in known if fnmatch.fnmatchcase(name, one))
    if not names:
        raise KqlError("no column is left", operator.span)
    return reshaped(binder, relation, [(name, relation.demand(name, operator.span).typed()) for name in names])


def rename(binder: "Binder", relation: Relation, operator: s.Rename, scope: Scope) -> Relation:
    """Other names for the same columns."""
    if alone := next((name for name, old in operator.pairs if not old), ""):
        raise KqlError(f"“{alone}” gets no other name here; write new = old", operator.span, kind="type")
    new = {relation.demand(old, operator.span).name: name for name, old in operator.pairs}
    columns = [*relation.columns, *(extra for extra in relation.extras if extra.name in new)]
    shown = [(new.get(column.name, column.name), column.typed()) for column in columns]
    return reshaped(binder, relation, shown)
