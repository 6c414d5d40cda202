"""find: the rows of several tables that fulfil one condition, in the columns they share and those the condition names."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlglot import exp

from watchfloor.lake.kql import convert, literals
from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.model import Column, Relation, Typed, no_column
from watchfloor.lake.kql.program import Row, Scope
from watchfloor.lake.kql.scalars import children
from watchfloor.lake.kql.tabular import combining, sources
from watchfloor.lake.kql.templates import own
from watchfloor.lake.kql.types import Type, wider

if TYPE_CHECKING:
    from watchfloor.lake.kql.tabular.binder import Binder

Part = tuple[str, Relation]
PACKED = "pack_"


@dataclass(frozen=True, slots=True)
class Shown:
    """The answer's columns (name, type); `packed` says that what else a row's table has goes into a bag."""

    columns: tuple[tuple[str, Type], ...]
    packed: bool


def found(binder: "Binder", tree: s.Find, scope: Scope) -> Relation:
    """`find in (T1, T2) where condition`. A column the condition names and a table lacks is empty there."""
    parts = _parts(binder, tree, scope)
    predicate = sources.as_search(tree.predicate)
    named = [name for name in _in_order(predicate) if any(one.column(name) for _, one in parts)]
    shown = _chosen(parts, tree) if tree.columns else _smart(parts, named)
    if tree.packed:
        shown = replace(shown, packed=True)
    rows = [
        (label, _shaped(binder, _filtered(binder, _completed(parts, one, named), predicate, scope), shown))
        for label, one in parts
    ]
    return combining.united(binder, rows, withsource=tree.label or "source_", inner=False)


def _parts(binder: "Binder", tree: s.Find, scope: Scope) -> list[Part]:
    asked = tree.parts or (s.Pipeline(s.Table("*", span=tree.span), (), span=tree.span),)
    spread = [one for part in asked for one in combining.spread(binder, part)]
    parts = [
        (combining.label_of(one) or f"union_arg{number}", binder.pipeline(one, scope))
        for number, one in enumerate(spread)
    ]
    if not parts:
        raise KqlError("there is no table to look in", tree.span, kind="name")
    return parts


def _in_order(node: s.Expression) -> list[str]:
    """The names a condition says, as they come."""
    if isinstance(node, s.Name):
        return [node.name]
    found: list[str] = []

    for part in children(node):
        found += [name for name in _in_order(part) if name not in found]
    return found


def _type_of(parts: Sequence[Part], name: str) -> Type:
    """The type of a column in all tables that have it: a dynamic when they differ."""
    kinds = [column.type for _, one in parts if (column := one.column(name))]
    kind = kinds[0]
    for other in kinds[1:]:
        kind = wider(kind, other) or Type.DYNAMIC
    return kind


def _smart(parts: Sequence[Part], named: Sequence[str]) -> Shown:
    """What all tables have, then what the condition names; the rest is packed where there is any."""
    shared = [
        column.name
        for column in parts[0][1].columns
        if all(any(column.name == one.name for one in other.columns) for _, other in parts)
    ]
    names = [*shared, *(name for name in named if name not in shared)]
    left = any(column.name not in names for _, one in parts for column in one.columns)
    return Shown(tuple((name, _type_of(parts, name)) for name in names), left)


def _chosen(parts: Sequence[Part], tree: s.Find) -> Shown:
    for name, _ in tree.columns:
        if not any(one.column(name) for _, one in parts):
            raise no_column(name, (column.name for _, one in parts for column in one.columns), tree.span)
    return Shown(tuple((name, Type(kind) if kind else _type_of(parts, name)) for name, kind in tree.columns), False)


def _completed(parts: Sequence[Part], relation: Relation, named: Sequence[str]) -> Relation:
    """The table with an empty column for each name it lacks."""
    lacking = [name for name in named if relation.column(name) is None]
    made = tuple(_empty(name, _type_of(parts, name)) for name in lacking)
    return replace(relation, extras=(*relation.extras, *made))


def _empty(name: str, kind: Type) -> Column:
    value = literals.typed(kind, None)
    return Column(name, kind, name, null=kind is not Type.STRING, made=value.sql)


def _filtered(binder: "Binder", relation: Relation, predicate: s.Expression, scope: Scope) -> Relation:
    condition = binder.scalars.truth(predicate, Row(relation), scope)
    return replace(relation, source=binder.program.step(relation.select(exp.Star()).where(condition, copy=False)))


def _shaped(binder: "Binder", relation: Relation, shown: Shown) -> Relation:
    values = [(name, _value(relation, name, kind)) for name, kind in shown.columns]
    if shown.packed:
        names = {name for name, _ in shown.columns}
        values.append((PACKED, _packed([column for column in relation.columns if column.name not in names])))
    return replace(binder.program.make(relation, values), scan=relation.scan)


def _value(relation: Relation, name: str, kind: Type) -> Typed:
    column = relation.column(name)
    if column is None:
        return literals.typed(kind, None)
    return column.typed() if column.type is kind else _as(column.typed(), kind)


def _as(value: Typed, kind: Type) -> Typed:
    return convert.to_dynamic(value) if kind is Type.DYNAMIC else convert.to(value, kind)


def _packed(columns: Sequence[Column]) -> Typed:
    parts: list[exp.Expr] = []
    for column in columns:
        parts += [exp.Literal.string(column.name), own(convert.to_dynamic(column.typed()).sql)]
    return Typed(exp.Anonymous(this="JSON_OBJECT", expressions=parts), Type.DYNAMIC)
