"""join, lookup, union: relations put beside or below one another."""

import fnmatch
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from watchfloor.lake.kql import compare, literals
from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.errors import KqlError, Span, unsupported
from watchfloor.lake.kql.model import Relation, Scan, Typed
from watchfloor.lake.kql.program import Scope, aliased, bounded, columns_of, unique
from watchfloor.lake.kql.templates import cast, every, fill, no, own, table_of
from watchfloor.lake.kql.types import SQL_TYPES, Type

if TYPE_CHECKING:
    from watchfloor.lake.kql.tabular.binder import Binder

KINDS = {
    "": "innerunique", "innerunique": "innerunique", "inner": "inner", "leftouter": "leftouter",
    "rightouter": "rightouter", "fullouter": "fullouter", "leftsemi": "leftsemi", "rightsemi": "rightsemi",
    "anti": "leftanti", "leftanti": "leftanti", "leftantisemi": "leftanti", "rightanti": "rightanti",
    "rightantisemi": "rightanti",
}  # fmt: skip


def join(binder: "Binder", relation: Relation, operator: s.Join, scope: Scope) -> Relation:
    """Rows of two sides whose keys are equal; without a kind, each left key counts once."""
    if relation.partition:
        raise unsupported("join inside mv-apply", operator.span)
    right = binder.pipeline(operator.right, scope)
    kind = KINDS.get(operator.kind.lower() if operator.kind else ("leftouter" if operator.lookup else ""))
    if kind is None:
        raise KqlError(f"there is no join kind “{operator.kind}”", operator.span)
    pairs = [_pair(binder, condition, relation, right, scope) for condition in _conditions(operator.on)]
    if kind in ("leftsemi", "leftanti"):
        return _semi(binder, relation, right, pairs, negated=kind == "leftanti")
    if kind in ("rightsemi", "rightanti"):
        return _semi(binder, right, relation, [(b, a) for a, b in pairs], negated=kind == "rightanti")
    if kind == "innerunique":
        relation = _once(binder, relation, [left for left, _ in pairs])
    dropped = {name for _, value in pairs if (name := value.name)} if operator.lookup else set()
    return _joined(binder, relation, right, pairs, kind, dropped)


def _conditions(on: Sequence[s.Expression]) -> list[s.Expression]:
    found: list[s.Expression] = []
    for condition in on:
        parts = condition.parts if isinstance(condition, s.Logic) and condition.operator == "and" else (condition,)
        found += parts
    return found


def _pair(binder: "Binder", node: s.Expression, left: Relation, right: Relation, scope: Scope) -> tuple[Typed, Typed]:
    """A key of both sides, in one type."""
    if isinstance(node, s.Name):
        one, other = left.demand(node.name, node.span).typed(), right.demand(node.name, node.span).typed()
    elif isinstance(node, s.Binary) and node.operator == "==":
        one, other = _side(binder, node.left, left, right, scope), _side(binder, node.right, left, right, scope)
        if _names_right(node.left) or _names_left(node.right):
            one, other = other, one
    else:
        raise KqlError("a join compares columns: a name of both sides, or $left.a == $right.b", node.span)
    if Type.DYNAMIC in (one.type, other.type):
        raise KqlError("a dynamic cannot be a key; convert it first, as with tostring()", node.span, kind="type")
    name, other_name = one.name, other.name
    one, other = compare.alike(one, other, node.span)
    return one.named(name), other.named(other_name)


def _side(binder: "Binder", node: s.Expression, left: Relation, right: Relation, scope: Scope) -> Typed:
    if isinstance(node, s.Path) and isinstance(node.base, s.Name) and node.base.name in ("$left", "$right"):
        relation = left if node.base.name == "$left" else right
        return relation.demand(node.name, node.span).typed()
    raise KqlError("a join compares $left.a with $right.b", node.span)


def _names_right(node: s.Expression) -> bool:
    return isinstance(node, s.Path) and isinstance(node.base, s.Name) and node.base.name == "$right"


def _names_left(node: s.Expression) -> bool:
    return isinstance(node, s.Path) and isinstance(node.base, s.Name) and node.base.name == "$left"


def _once(binder: "Binder", relation: Relation, keys: Sequence[Typed]) -> Relation:
    """Some one row for each key."""
    over = exp.Window(this=exp.RowNumber(), partition_by=[own(key.sql) for key in keys])
    select = relation.select(exp.Star()).qualify(exp.EQ(this=over, expression=exp.Literal.number(1)), copy=False)
    return replace(relation, source=binder.program.step(select), scan=None)


def _semi(
    binder: "Binder", kept: Relation, other: Relation, pairs: Sequence[tuple[Typed, Typed]], *, negated: bool
) -> Relation:
    """Rows of one side that have, or lack, a partner."""
    condition = every(*(_keys_equal(kept.source, left, other.source, right) for left, right in pairs))
    inner = exp.select(exp.Literal.number(1)).from_(table_of(other.source), copy=False).where(condition, copy=False)
    found: exp.Expr = exp.Exists(this=inner)
    if negated:
        found = no(found)
    return replace(kept, source=binder.program.step(kept.select(exp.Star()).where(found, copy=False)), scan=None)


def _keys_equal(left_source: str, left: Typed, right_source: str, right: Typed) -> exp.Expr:
    """Two nulls are one key, unlike in a condition."""
    kind = exp.NullSafeEQ if left.null and right.null and left.type is not Type.STRING else exp.EQ
    return kind(this=qualified(left.sql, left_source), expression=qualified(right.sql, right_source))


def qualified(sql: exp.Expr, source: str) -> exp.Expr:
    """The expression with every column of one side named with it."""
    found = own(sql)
    for column in found.find_all(exp.Column):
        if not column.table:
            column.set("table", exp.to_identifier(source, quoted=True))
    return found


def _joined(
    binder: "Binder",
    left: Relation,
    right: Relation,
    pairs: Sequence[tuple[Typed, Typed]],
    kind: str,
    dropped: set[str],
) -> Relation:
    used: set[str] = set()
    mine = _side_of_join("L", left, used, outer=kind in ("rightouter", "fullouter"), dropped=set())
    theirs = _side_of_join("R", right, used, outer=kind in ("leftouter", "fullouter"), dropped=dropped)
    # Where the left side stays as it is, its columns are not written out again.
    kept = kind not in ("rightouter", "fullouter")
    made = columns_of(theirs if kept else [*mine, *theirs])
    if kept:
        made = tuple(replace(column, sql=f"{column.sql}~s{len(binder.program.steps)}") for column in made)
    first: list[exp.Expr] = [exp.Column(this=exp.Star(), table=exp.to_identifier("L", quoted=True))] if kept else []
    values = theirs if kept else [*mine, *theirs]
    condition = every(*(_keys_equal("L", one, "R", other) for one, other in pairs))
    sides = {"inner": "INNER", "innerunique": "INNER", "leftouter": "LEFT", "rightouter": "RIGHT", "fullouter": "FULL"}
    select = (
        exp.Select(
            expressions=[*first, *(aliased(value.sql, one) for (_, value), one in zip(values, made, strict=True))]
        )
        .from_(table_of(left.source, "L"), copy=False)
        .join(
            table_of(right.source, "R"),
            on=condition,
            join_type=sides[kind],
            copy=False,
        )
    )
    columns = bounded((*left.columns, *made)) if kept else made
    return Relation(binder.program.step(select), columns, open=left.open or right.open, raw=kept)


def _side_of_join(
    side: str, relation: Relation, used: set[str], *, outer: bool, dropped: set[str]
) -> list[tuple[str, Typed]]:
    """The columns of one side under names nobody has yet; `outer` says that its row may be missing."""
    shown: list[tuple[str, Typed]] = []
    for column in relation.columns:
        if column.name in dropped:
            continue
        sql = qualified(column.read(), side)
        if outer and column.type is Type.STRING:
            sql = fill("COALESCE(_0, '')", sql)
        null = column.null or (outer and column.type is not Type.STRING)
        shown.append((unique(column.name, used), Typed(sql, column.type, null=null)))
    return shown


# --- union ------------------------------------------------------------------------------------------------------------


def union_source(binder: "Binder", tree: s.Union, scope: Scope) -> Relation:
    """`union T1, T2`."""
    return _union(binder, [], tree.parts, tree.options, scope, tree.span)


def union(binder: "Binder", relation: Relation, operator: s.Combine, scope: Scope) -> Relation:
    """`| union T2`."""
    if relation.partition:
        raise unsupported("union inside mv-apply", operator.span)
    return _union(binder, [("union_arg0", relation)], operator.parts, operator.options, scope, operator.span)


def _union(
    binder: "Binder",
    before: Sequence[tuple[str, Relation]],
    parts: Sequence[s.Pipeline],
    options: Sequence[tuple[str, str]],
    scope: Scope,
    span: Span,
) -> Relation:
    only = binder.wanted
    said = dict(options)
    fuzzy = said.get("isfuzzy", "false").lower() == "true"
    found = list(before)
    for part in parts:
        for one in spread(binder, part):
            try:
                relation = binder.pipeline(one, scope)
            except KqlError as error:
                if fuzzy and error.kind == "name":
                    continue
                raise
            found.append((label_of(one) or f"union_arg{len(found)}", relation))
    if not found:
        raise KqlError("none of these tables is there", span, kind="name")
    label = said.get("withsource") or said.get("with_source") or ""
    return united(binder, found, withsource=label, inner=said.get("kind") == "inner", only=only)


def label_of(part: s.Pipeline) -> str:
    """What `withsource` calls a part: the last name it was given, else its table."""
    names = [operator.name for operator in part.operators if isinstance(operator, s.As)]
    if names:
        return names[-1]
    if isinstance(part.source, s.Nested):
        return label_of(part.source.pipeline)
    return part.source.name if isinstance(part.source, s.Table) else ""


def spread(binder: "Binder", part: s.Pipeline) -> list[s.Pipeline]:
    """A name with stars stands for every table it fits."""
    if not isinstance(part.source, s.Table) or "*" not in part.source.name:
        return [part]
    names = fnmatch.filter(binder.program.catalogue.names(), part.source.name)
    return [replace(part, source=s.Table(name, span=part.source.span)) for name in names]


def united(
    binder: "Binder",
    parts: Sequence[tuple[str, Relation]],
    *,
    withsource: str,
    inner: bool,
    only: frozenset[str] | None = None,
) -> Relation:
    """All rows of all parts, in the columns of any of them; one name with two types becomes two columns.

    `only` names the columns that somebody will ask for, where that is known: the others are not carried along.
    """
    names = _columns_of_all([relation for _, relation in parts], inner=inner)
    open_ = any(relation.open for _, relation in parts)
    if only is not None and not open_:
        names = [one for one in names if one[0] in only] or names[: 0 if withsource else 1]
    shown_of: list[list[tuple[str, Typed]]] = []
    for label, relation in parts:
        shown: list[tuple[str, Typed]] = []
        if withsource:
            shown.append((withsource, literals.string(label)))
        known = {(column.name, column.type): column for column in relation.columns}
        for name, original, kind in names:
            column = known.get((original, kind))
            value = column.typed() if column else literals.typed(kind, None)
            shown.append((name, value))
        shown_of.append(shown)
    made = columns_of(
        [(name, replace(value, null=True) if value.type is not Type.STRING else value) for name, value in shown_of[0]]
    )
    selects = [
        relation.select(*(aliased(_as_type(value), column) for (_, value), column in zip(shown, made, strict=True)))
        for (_, relation), shown in zip(parts, shown_of, strict=True)
    ]
    tree: exp.Expr = selects[0]
    for select in selects[1:]:
        tree = exp.Union(this=tree, expression=select, distinct=False)
    return Relation(binder.program.step(tree), made, scan=_scans(parts), open=open_)


def _scans(parts: Sequence[tuple[str, Relation]]) -> Scan | None:
    """The readings of all parts as one, so that a condition on the time narrows each."""
    found = [relation.scan for _, relation in parts if relation.scan is not None]
    return Scan("", "", parts=tuple(found)) if len(found) == len(parts) else None


def _as_type(value: Typed) -> exp.Expr:
    return value.sql if not value.is_const else cast(own(value.sql), SQL_TYPES[value.type])


def _columns_of_all(relations: Sequence[Relation], *, inner: bool) -> list[tuple[str, str, Type]]:
    """(shown name, name in its part, type) of the union's columns."""
    kinds: dict[str, list[Type]] = {}
    for relation in relations:
        for column in relation.columns:
            known = kinds.setdefault(column.name, [])
            if column.type not in known:
                known.append(column.type)
    if inner:
        shared = [{(column.name, column.type) for column in relation.columns} for relation in relations]
        kinds = {
            name: [kind for kind in found if all((name, kind) in one for one in shared)]
            for name, found in kinds.items()
        }
    return [
        (name if len(found) == 1 else f"{name}_{kind}", name, kind) for name, found in kinds.items() for kind in found
    ]
