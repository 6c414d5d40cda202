"""Several figures of the rows of a query at once, by the values of some columns."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlglot import exp

from watchfloor.lake import ask
from watchfloor.lake.contracts import Measure, Query
from watchfloor.lake.query import compile as trees

DAY = 86400
CLUSTER = "EmailClusterId"
BUCKET = "Bucket"
"""What `by` calls the time bucket a row falls into."""


def summed(
    query: Query,
    *,
    by: Sequence[str] = (),
    measures: Sequence[Measure],
    step_seconds: int = DAY,
    same: Mapping[int, int] | None = None,
) -> list[dict[str, Any]]:
    """One row for each group: the columns of `by` and each measure under its name; one row in all without `by`.

    `by` names columns of the query's table, or BUCKET: the start of the row's time bucket of `step_seconds`, in UTC.
    `same` says which EmailClusterId counts as which other. Latest locations and actions are the newest ones. The number of
    groups is the caller's to bound.
    """
    ask.checked(query, [name for name in by if name != BUCKET])
    groups = [_group(name, step_seconds, same or {}).as_(name, quoted=True) for name in by]
    figures = [_KINDS[one.kind](one).as_(one.name, quoted=True) for one in measures]
    latest = any(node.name in trees.LATEST for tree in (*groups, *figures) for node in tree.find_all(exp.Column))
    found: list[dict[str, Any]] = ask.run(query, *groups, *figures, latest=latest, group=len(groups)).to_pylist()
    for row in found:
        if BUCKET in row:
            row[BUCKET] = datetime.fromtimestamp(row[BUCKET] * step_seconds, UTC)
    return found


def _group(name: str, step_seconds: int, same: Mapping[int, int]) -> exp.Expr:
    if name == CLUSTER and same:
        merged = exp.Case(this=trees.column(name))
        for one, other in same.items():
            merged = merged.when(trees.literal(one), trees.literal(other))
        return merged.else_(trees.column(name))
    if name != BUCKET:
        return trees.column(name)
    micros = exp.Anonymous(this="EPOCH_US", expressions=[trees.column("Timestamp")])
    return exp.IntDiv(this=micros, expression=exp.Literal.number(step_seconds * 1_000_000))


def _holds(where: tuple[str, tuple[str, ...]]) -> exp.Expr:
    column, values = where
    return exp.In(this=trees.column(column), expressions=[trees.literal(value) for value in values])


def _rows(one: Measure) -> exp.Expr:
    if one.where is None:
        return exp.Count(this=exp.Star())
    return exp.Count(this=exp.Case().when(_holds(one.where), exp.Literal.number(1)))


def _distinct(one: Measure) -> exp.Expr:
    counted: exp.Expr = trees.column(one.column)
    if one.where is not None:
        counted = exp.Case().when(_holds(one.where), counted)
    return exp.Count(this=exp.Distinct(expressions=[counted]))


_KINDS: dict[str, Callable[[Measure], exp.Expr]] = {
    "rows": _rows,
    "distinct": _distinct,
    "newest": lambda one: exp.ArgMax(this=trees.column(one.column), expression=trees.column("Timestamp")),
    "first": lambda one: exp.Min(this=trees.column(one.column)),
    "last": lambda one: exp.Max(this=trees.column(one.column)),
}
