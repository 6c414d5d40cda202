"""Functions that go through the rows in their order and begin anew now and then: row_number(), row_cumsum(), row_rank_dense(),
row_rank_min(), row_window_session().

One window cannot tell where another begins, so each is worked out in steps of its own before the operator that asks for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from watchfloor.lake.kql import convert
from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.model import Column, Order, Relation, Typed
from watchfloor.lake.kql.program import Row, Scope, aliased, beside
from watchfloor.lake.kql.scalars import children
from watchfloor.lake.kql.templates import cast, every, fill, own, table_of
from watchfloor.lake.kql.types import NUMBERS, Type

if TYPE_CHECKING:
    from watchfloor.lake.kql.tabular.binder import Binder

L = Type.LONG


def prepared(
    binder: "Binder", relation: Relation, items: Sequence[s.Assigned], scope: Scope
) -> tuple[Relation, tuple[s.Assigned, ...]]:
    """The relation with the values of these calls beside its columns out of sight, and the items that name them instead."""
    calls = [call for item in items for call in _calls(item.value)]
    if not calls:
        return relation, tuple(items)
    walk = _Walk(binder, scope, _numbered(binder, relation))
    named: dict[int, s.Expression] = {}
    for call in calls:
        name = f"~v{len(binder.program.steps)}"
        _WORKED[call.name](walk, call, name)
        # coalesce() of one value is the value without a name, as an unnamed call has none.
        named[id(call)] = s.Call("coalesce", (s.Name(name, span=call.span),), span=call.span)
    return walk.relation, tuple(replace(item, value=_with(item.value, named)) for item in items)


def _calls(node: s.Expression) -> list[s.Call]:
    if isinstance(node, s.Call) and node.name in _WORKED and (len(node.args) > 1 or node.name.startswith("row_rank")):
        return [node]
    return [call for part in children(node) for call in _calls(part)]


def _with(node: Any, named: Mapping[int, s.Expression]) -> Any:
    """The expression with the calls exchanged for their names."""
    if id(node) in named:
        return named[id(node)]
    if isinstance(node, tuple):
        return tuple(_with(part, named) for part in node)
    if isinstance(node, s.Expression):
        return replace(node, **{one.name: _with(getattr(node, one.name), named) for one in fields(node)})
    return node


def _numbered(binder: "Binder", relation: Relation) -> Relation:
    """The rows with their place, so that every window sees ties in one order."""
    order = exp.Order(expressions=[key.expression() for key in relation.order]) if relation.order else None
    place = Column("~p", L, f"~p{len(binder.program.steps)}", null=False)
    over = exp.Window(this=exp.RowNumber(), order=order)
    source = binder.program.step(relation.select(exp.Star(), aliased(over, place)))
    return replace(
        relation, source=source, hidden=(*relation.hidden, place), order=(Order(place.sql, False, False),), scan=None
    )


@dataclass(slots=True)
class _Walk:
    """The rows as they are gone through, step after step."""

    binder: "Binder"
    scope: Scope
    relation: Relation

    def bind(self, node: s.Expression) -> Typed:
        return self.binder.scalars.bind(node, Row(self.relation), self.scope)

    def keep(self, name: str, value: Typed) -> exp.Expr:
        """A value as a column out of sight; gives how it is read."""
        made = beside(self.binder.program, self.relation, {name: value})
        column = made.demand(name, s.Node().span)
        shown = tuple(one for one in made.columns if one.name != name)
        self.relation = replace(made, columns=shown, extras=(*made.extras, column), raw=True)
        return column.read()

    def over(self, call: exp.Expr, *groups: exp.Expr, running: bool = False) -> exp.Expr:
        parts = [exp.column(name, quoted=True) for name in self.relation.partition] + [own(group) for group in groups]
        spec = (
            exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
            if running
            else None
        )
        order = exp.Order(expressions=[key.expression() for key in self.relation.order])
        return exp.Window(this=call, partition_by=parts, order=order, spec=spec)

    def groups(self, flag: exp.Expr, name: str, *within: exp.Expr) -> exp.Expr:
        """A number for each run of rows that begins where the flag is true."""
        held = self.keep(f"{name}~f", Typed(fill("COALESCE(_0, FALSE)", flag), Type.BOOL))
        total = self.over(exp.Sum(this=cast(held, "BIGINT")), *within, running=True)
        return self.keep(f"{name}~g", Typed(cast(total, "BIGINT"), L))

    def restarts(self, call: s.Call, place: int, name: str) -> list[exp.Expr]:
        """What the rows are parted by: nothing when the call names no restart."""
        if len(call.args) <= place:
            return []
        flag = self.binder.scalars.truth(call.args[place], Row(self.relation), self.scope)
        return [self.groups(flag, name)]


def _row_number(walk: _Walk, call: s.Call, name: str) -> None:
    first = convert.fit(walk.bind(call.args[0]), L, call.span)
    groups = walk.restarts(call, 1, name)
    walk.keep(name, Typed(fill("CAST(_0 - 1 + _1 AS BIGINT)", walk.over(exp.RowNumber(), *groups), first.sql), L))


def _row_cumsum(walk: _Walk, call: s.Call, name: str) -> None:
    value = walk.bind(call.args[0])
    if value.type not in NUMBERS | {Type.TIMESPAN}:
        raise KqlError("row_cumsum() adds numbers", call.span, kind="type")
    groups = walk.restarts(call, 1, name)
    kind = L if value.type is Type.INT else value.type
    total = cast(
        walk.over(exp.Sum(this=own(value.sql)), *groups, running=True),
        "DOUBLE" if kind in (Type.REAL, Type.DECIMAL) else "BIGINT",
    )
    walk.keep(name, Typed(total, kind))


def _row_rank(*, dense: bool) -> Callable[[_Walk, s.Call, str], None]:
    """The rank by the changes of a value, or by the place of the first row that has it."""

    def work(walk: _Walk, call: s.Call, name: str) -> None:
        groups = walk.restarts(call, 1, name)
        value = walk.bind(call.args[0])
        before = walk.over(exp.Anonymous(this="LAG", expressions=[own(value.sql)]), *groups)
        changed = fill("_0 IS DISTINCT FROM _1 OR _2 = 1", value.sql, before, walk.over(exp.RowNumber(), *groups))
        run = walk.groups(changed, f"{name}~r", *groups)
        if dense:
            walk.keep(name, Typed(run, L))
            return
        place = walk.keep(f"{name}~n", Typed(walk.over(exp.RowNumber(), *groups), L))
        walk.keep(name, Typed(walk.over(exp.Min(this=place), *groups, run, running=True), L))

    return work


def _row_window_session(walk: _Walk, call: s.Call, name: str) -> None:
    """The value with which a row's session began: it ends at a restart, after a gap, or when it has lasted too long."""
    if not 3 <= len(call.args) <= 4:
        raise KqlError("row_window_session() takes a value, two distances and a restart", call.span, kind="type")
    value = walk.bind(call.args[0])
    kind = Type.TIMESPAN if value.type is Type.DATETIME else value.type
    if value.type not in NUMBERS | {Type.DATETIME, Type.TIMESPAN}:
        raise KqlError(
            f"row_window_session() takes a moment or a number, and this is a {value.type}", call.span, kind="type"
        )
    longest, widest = (convert.fit(walk.bind(node), kind, node.span) for node in call.args[1:3])
    ticks = fill("EPOCH_US(_0) * 10", value.sql) if value.type is Type.DATETIME else value.sql
    measure = walk.keep(f"{name}~m", Typed(ticks, kind))
    gap = fill("_0 - _1 > _2", measure, walk.over(exp.Anonymous(this="LAG", expressions=[own(measure)])), widest.sql)
    flag = gap
    if len(call.args) > 3:
        asked = walk.binder.scalars.truth(call.args[3], Row(walk.relation), walk.scope)
        flag = fill("COALESCE(_0, FALSE) OR COALESCE(_1, FALSE)", gap, asked)
    group = walk.groups(flag, name)
    place = walk.keep(f"{name}~n", Typed(walk.over(exp.RowNumber(), group), L))
    _sessions(walk, (measure, group, place), longest, (name, value.type))


def _sessions(walk: _Walk, read: tuple[exp.Expr, exp.Expr, exp.Expr], longest: Typed, made: tuple[str, Type]) -> None:
    """Within runs without a gap: go through the values and begin a session where the last has lasted too long."""
    measure, group, place = read
    program, relation = walk.binder.program, walk.relation
    order = relation.order[0].sql
    keys = [*(exp.column(one, quoted=True) for one in relation.partition), group]
    names = [f"~k{number}" for number in range(len(keys))]
    listed = fill(f'LIST(_0 ORDER BY "{order}")', measure)
    begun = fill(
        "LIST_REDUCE(_0, LAMBDA a, x : LIST_APPEND(a, CASE WHEN x - LIST_EXTRACT(a, -1) > _1 THEN x "
        "ELSE LIST_EXTRACT(a, -1) END), [LIST_EXTRACT(_0, 1)])",
        listed,
        longest.sql,
    )
    starts = Column("~s", Type.DYNAMIC, "~s")
    shown = [aliased(key, Column(one, L, one)) for key, one in zip(keys, names, strict=True)]
    select = relation.select(*shown, aliased(begun, starts)).group_by(*(own(key) for key in keys), copy=False)
    lists = program.step(select)
    same = [
        exp.NullSafeEQ(this=_of("L", key), expression=exp.column(one, table="R", quoted=True))
        for key, one in zip(keys, names, strict=True)
    ]
    name, kind = made
    start: exp.Expr = exp.Anonymous(
        this="LIST_EXTRACT", expressions=[starts.read("R"), fill("_0 + 1", _of("L", place))]
    )
    if kind is Type.DATETIME:
        start = fill("CAST('1970-01-01T00:00:00Z' AS TIMESTAMPTZ) + TO_MICROSECONDS(CAST(_0 // 10 AS BIGINT))", start)
    column = Column(name, kind, name)
    joined = (
        exp.Select(
            expressions=[exp.Column(this=exp.Star(), table=exp.to_identifier("L", quoted=True)), aliased(start, column)]
        )
        .from_(table_of(relation.source, "L"), copy=False)
        .join(table_of(lists, "R"), on=every(*same), copy=False)
    )
    walk.relation = replace(relation, source=program.step(joined), extras=(*relation.extras, column), raw=True)


def _of(side: str, key: exp.Expr) -> exp.Expr:
    return exp.column(key.name, table=side, quoted=True)


_WORKED: dict[str, Callable[[_Walk, s.Call, str], None]] = {
    "row_number": _row_number,
    "row_cumsum": _row_cumsum,
    "row_rank_dense": _row_rank(dense=True),
    "row_rank_min": _row_rank(dense=False),
    "row_window_session": _row_window_session,
}
