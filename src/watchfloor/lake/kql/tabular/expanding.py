"""mv-expand and mv-apply: one row becomes several."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from watchfloor.lake.kql import convert
from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.functions.bags import HELD
from watchfloor.lake.kql.model import Column, Relation, Typed
from watchfloor.lake.kql.program import Row, Scope, aliased, beside, columns_of, count_of, unique
from watchfloor.lake.kql.tabular.combining import qualified
from watchfloor.lake.kql.templates import fill, once, table_of, whole
from watchfloor.lake.kql.types import Type

if TYPE_CHECKING:
    from watchfloor.lake.kql.tabular.binder import Binder

_EACH = """CASE JSON_TYPE(_0) WHEN 'ARRAY' THEN FROM_JSON(_0, '["JSON"]')
 WHEN 'OBJECT' THEN LIST_TRANSFORM(JSON_KEYS(_0), LAMBDA key : {bag})
 ELSE CASE WHEN _0 IS NULL OR JSON_TYPE(_0) = 'NULL' THEN {null} ELSE [_0] END END"""
_KEY, _HELD = "CAST(TO_JSON(key) AS TEXT)", f"COALESCE(CAST({HELD} AS TEXT), 'null')"
_BAGS = _EACH.replace("{bag}", f"CAST('{{' || {_KEY} || ':' || {_HELD} || '}}' AS JSON)")
_PAIRS = _EACH.replace("{bag}", f"CAST('[' || {_KEY} || ',' || {_HELD} || ']' AS JSON)")


def parts(*, pairs: bool, null: str) -> str:
    """The elements of a dynamic: of an array its own, of a bag one-key bags (or pairs), of anything else itself."""
    return (_PAIRS if pairs else _BAGS).replace("{null}", null)


def mv_expand(binder: "Binder", relation: Relation, operator: s.MvExpand, scope: Scope) -> Relation:
    """A row for each element; several columns go side by side to the end of the longest.

    A null keeps its row, an empty array or bag gives none, as the documentation of the operator says.
    """
    limit = None
    if operator.limit is not None:
        limit = count_of(binder.scalars.const(operator.limit, scope), "the limit", operator.span)
    return expanded(
        binder,
        relation,
        operator.items,
        scope,
        index_name=operator.index_name,
        limit=limit,
        keeps_null=True,
        pairs=operator.bags_as_arrays,
    )


def expanded(
    binder: "Binder",
    relation: Relation,
    items: Sequence[s.Expansion],
    scope: Scope,
    *,
    index_name: str,
    limit: int | None,
    keeps_null: bool,
    pairs: bool = False,
) -> Relation:
    """The relation with a row per element."""
    names: set[str] = set()
    bound = [_bound(binder, relation, item, scope, names) for item in items]
    shape = parts(pairs=pairs, null="[CAST(NULL AS JSON)]" if keeps_null else "[]")
    lists = [once(shape, value.sql) for _, value, _ in bound]
    marks = [
        Column(f"~l{number}", Type.DYNAMIC, f"~l{len(binder.program.steps)}_{number}") for number in range(len(bound))
    ]
    inner = binder.program.step(
        relation.select(exp.Star(), *(aliased(part, mark) for part, mark in zip(lists, marks, strict=True)))
    )
    lengths = [exp.Anonymous(this="LEN", expressions=[mark.read()]) for mark in marks]
    most: exp.Expr = exp.Anonymous(this="GREATEST", expressions=[whole(0), *lengths])
    if limit is not None:
        most = exp.Anonymous(this="LEAST", expressions=[most, whole(limit)])
    place = Column("~i", Type.LONG, f"~i{len(binder.program.steps)}")
    numbered = binder.program.step(
        exp.Select(expressions=[exp.Star(), aliased(fill("UNNEST(RANGE(0, CAST(_0 AS BIGINT)))", most), place)]).from_(
            table_of(inner), copy=False
        )
    )
    taken = {name: _element(mark, place, kind) for (name, _, kind), mark in zip(bound, marks, strict=True)}
    if index_name:
        taken[index_name] = place.typed()
    return beside(binder.program, replace(relation, source=numbered, scan=None), taken, replaced=True)


def _bound(
    binder: "Binder", relation: Relation, item: s.Expansion, scope: Scope, taken: set[str]
) -> tuple[str, Typed, Type]:
    """The name, value and element type of one item; `taken` gathers the names of those before it."""
    value = binder.scalars.bind(item.value, Row(relation), scope)
    if value.type is Type.STRING and value.json:
        value = convert.parsed(value)
    if value.type is not Type.DYNAMIC:
        raise KqlError(f"only a dynamic can be expanded, and this is a {value.type}", item.span, kind="type")
    used = {column.name for column in relation.columns} | taken
    unnamed = sum(name.startswith("Column") for name in taken) + 1
    # An expression that keeps a column's name, such as todynamic(Entities), takes that column's place.
    name = item.name or value.name or unique(f"Column{unnamed}", used)
    taken.add(name)
    return name, value, Type(item.type) if item.type else Type.DYNAMIC


def _element(mark: Column, place: Column, kind: Type) -> Typed:
    found = Typed(fill("LIST_EXTRACT(_0, _1 + 1)", mark.read(), place.read()), Type.DYNAMIC)
    return found if kind is Type.DYNAMIC else convert.to(found, kind)


def mv_apply(binder: "Binder", relation: Relation, operator: s.MvApply, scope: Scope) -> Relation:
    """The elements of each row go through a pipeline of their own; what comes out stands beside the row's columns."""
    program = binder.program
    limit = None
    if operator.limit is not None:
        limit = count_of(binder.scalars.const(operator.limit, scope), "the limit", operator.span)
    row_id = Column("~r", Type.LONG, f"~r{len(program.steps)}", null=False)
    numbered = program.step(relation.select(exp.Star(), aliased(exp.Window(this=exp.RowNumber()), row_id)))
    outer = replace(relation, source=numbered, scan=None)
    inside = replace(outer, hidden=(*outer.hidden, row_id), partition=(*outer.partition, row_id.sql), order=())
    inside = expanded(
        binder, inside, operator.items, scope, index_name=operator.index_name, limit=limit, keeps_null=False
    )
    result = binder.steps(inside, operator.body, scope)
    return _beside(binder, outer, result, row_id, operator)


def _beside(binder: "Binder", outer: Relation, result: Relation, row_id: Column, operator: s.MvApply) -> Relation:
    """The row's columns, those expanded left out where the pipeline shows them, then what the pipeline shows."""
    expanded_names = {
        item.name or (item.value.name if isinstance(item.value, s.Name) else "") for item in operator.items
    }
    inner_names = {column.name for column in result.columns}
    kept = [column for column in outer.columns if column.name not in inner_names and column.name not in expanded_names]
    through = [column for column in outer.columns if column.name in inner_names]
    names = [column.name for column in outer.columns if column in kept or column in through]
    used: set[str] = set()
    shown: list[tuple[str, Typed]] = []
    for name in names:
        column = next(one for one in outer.columns if one.name == name)
        side, source = ("I", result) if column in through else ("O", outer)
        found = source.demand(name, operator.span)
        shown.append((unique(name, used), Typed(qualified(found.read(), side), found.type, null=found.null)))
    shown += [
        (unique(column.name, used), Typed(qualified(column.read(), "I"), column.type, null=column.null))
        for column in result.columns
        if column.name not in names
    ]
    made = columns_of(shown, taken=[hidden.sql for hidden in outer.hidden])
    select = (
        exp.Select(
            expressions=[
                *(aliased(value.sql, column) for (_, value), column in zip(shown, made, strict=True)),
                *(hidden.read("O") for hidden in outer.hidden),
            ]
        )
        .from_(table_of(outer.source, "O"), copy=False)
        .join(
            table_of(result.source, "I"),
            on=exp.EQ(this=row_id.read("O"), expression=row_id.read("I")),
            copy=False,
        )
    )
    return replace(outer, source=binder.program.step(select), columns=made, extras=(), raw=False)


def partitioned(binder: "Binder", relation: Relation, operator: s.Partition, scope: Scope) -> Relation:
    """A pipeline for the rows of each value of a column; what comes out stands below one another."""
    key = relation.demand(operator.by, operator.span)
    mark = Column("~p", key.type, f"~p{len(binder.program.steps)}", null=key.null)
    select = relation.select(exp.Star(), aliased(key.read(), mark))
    inside = replace(
        relation,
        source=binder.program.step(select),
        scan=None,
        hidden=(*relation.hidden, mark),
        partition=(*relation.partition, mark.sql),
    )
    result = binder.steps(inside, operator.body, scope)
    kept = tuple(hidden for hidden in result.hidden if hidden.sql in relation.partition)
    return replace(result, hidden=kept, partition=relation.partition, order=())
