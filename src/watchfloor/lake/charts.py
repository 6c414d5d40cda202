"""Counts over time and rankings."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from sqlglot import exp

from watchfloor.lake import ask
from watchfloor.lake.catalogue import resolve
from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.contracts import OTHER, Bucketed, Column, Query
from watchfloor.lake.query import compile as trees
from watchfloor.lake.query.values import TEXTS
from watchfloor.lake.snapshot import engine
from watchfloor.lake.text import elements_of

MINUTE, HOUR, DAY = 60, 3600, 86400
STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(MINUTE * m for m in (1, 2, 5, 10, 15, 30)),
    *(HOUR * h for h in (1, 2, 3, 6, 12)),
    *(DAY * d for d in (1, 2, 7, 14, 28, 91, 364)),
)
MOST_BUCKETS = 120


def step_for(start: datetime, end: datetime) -> int:
    """The finest step, in seconds, that gives at most 120 buckets; between 24 and 120 for any window over 24 seconds."""
    first, last = int(start.timestamp()), end.timestamp()
    return next((step for step in STEPS if (last - first // step * step) / step <= MOST_BUCKETS), STEPS[-1])


def bucket_starts(start: datetime, end: datetime, step: int) -> tuple[datetime, ...]:
    """Starts of the buckets that cover [start, end), at whole multiples of `step` seconds in UTC."""
    first = int(start.timestamp()) // step * step
    last = end.timestamp()
    most = 10_000
    seconds = range(first, min(first + most * step, math.ceil(last)), step)
    return tuple(datetime.fromtimestamp(second, UTC) for second in seconds)


def over_time(query: Query, *, pivot: str, step_seconds: int | None, top: int) -> Bucketed:
    owner, column = resolve(pivot, base=table_named(query.table))
    asked = query if owner.name == query.table else ask.seen_from(query, owner.name)
    step = step_seconds or step_for(query.start, query.end)
    times = bucket_starts(query.start, query.end, step)
    keep = _kept(asked, column, top)
    numbers = [int(time.timestamp()) // step for time in times]
    counts: dict[str, Counter[int]] = {}
    for bucket, value, number in _counted(asked, column, step, keep, across=owner.name != query.table):
        for name in elements_of(value, column.shape) or ("",) if column.listed else (str(value),):
            counts.setdefault(name, Counter())[bucket] += number
    return Bucketed(times, _series(counts, numbers, top), step)


def _kept(query: Query, column: Column, top: int) -> list[str] | None:
    """The values worth a series of their own, asked first where a column has too many to group by; None for all."""
    if column.choices or column.listed or column.type.value == "bool":
        return None
    return [value for value, _ in ranked(query, column=column, limit=top, distinct="", empty=True)]


def _counted(
    query: Query, column: Column, step: int, keep: list[str] | None, *, across: bool
) -> Iterable[tuple[int, Any, int]]:
    """(number of the bucket, raw value, count). Across tables a mail counts once per value, however often it holds it."""
    value: exp.Expr = trees.column(column.name)
    if keep is not None:
        text = value if column.type in TEXTS else trees.as_type(value, exp.DType.VARCHAR)
        chosen = exp.In(this=text.copy(), expressions=[trees.literal(kept) for kept in keep])
        value = exp.Case().when(chosen, text).else_(trees.literal(OTHER)) if keep else trees.literal(OTHER)
    micros = exp.Anonymous(this="EPOCH_US", expressions=[trees.column("Timestamp")])
    bucket = exp.IntDiv(this=micros, expression=exp.Literal.number(step * 1_000_000))
    counts = counted(query, bucket.as_("b"), value.as_("v"), across=across)
    yield from zip(*(counts.column(name).to_pylist() for name in ("b", "v", "n")), strict=True)


def run_counts(query: Query, *groups: exp.Expr, across: bool, distinct: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = counted(query, *groups, across=across, distinct=distinct).to_pylist()
    return rows


def counted(query: Query, *groups: exp.Expr, across: bool, distinct: str = "") -> pa.Table:
    """The groups and, as `n`, how many rows each has."""
    number: exp.Expr = exp.Count(this=exp.Star())
    name = distinct or ("ReportId" if across else "")
    if name:
        number = exp.Count(this=exp.Distinct(expressions=[trees.column(name)]))
    latest = any(node.name in trees.LATEST for group in groups for node in group.find_all(exp.Column))
    return ask.run(query, *groups, number.as_("n"), latest=latest, group=len(groups))


def _series(counts: dict[str, Counter[int]], buckets: Sequence[int], top: int) -> dict[str, tuple[int, ...]]:
    """The biggest values first, the rest added up as OTHER at the end."""
    order = sorted((name for name in counts if name != OTHER), key=lambda name: (-counts[name].total(), name))
    rest = counts.get(OTHER, Counter())
    for name in order[top:]:
        rest = rest + counts[name]
    series = {name: tuple(counts[name][bucket] for bucket in buckets) for name in order[:top]}
    if rest.total():
        series[OTHER] = tuple(rest[bucket] for bucket in buckets)
    return series


def ranked(query: Query, *, column: Column, limit: int, distinct: str, empty: bool = False) -> list[tuple[str, int]]:
    """Values of `column` by how many rows (or distinct values of `distinct`) they have; empty ones left out."""
    if column.listed:
        return _ranked_elements(query, column, limit, distinct)
    value: exp.Expr = trees.column(column.name)
    if column.type not in TEXTS:
        value = trees.as_type(value, exp.DType.VARCHAR)
    counted: exp.Expr = exp.Count(this=exp.Star())
    if distinct:
        counted = exp.Count(this=exp.Distinct(expressions=[trees.column(distinct)]))
    found, latest = ask.sources(query, latest=column.name in trees.LATEST)
    tree = trees.select(query, value.as_("v"), counted.as_("n"), latest=latest)
    if not empty:
        where = tree.args["where"]
        where.set("this", exp.And(this=where.this, expression=exp.NEQ(this=value.copy(), expression=trees.literal(""))))
    tree.set("group", exp.Group(expressions=[exp.Literal.number(1)]))
    order = [exp.Ordered(this=trees.column("n"), desc=True), exp.Ordered(this=trees.column("v"), nulls_first=True)]
    tree.set("order", exp.Order(expressions=order))
    tree.set("limit", exp.Limit(expression=exp.Literal.number(limit)))
    return [(row["v"] or "", row["n"]) for row in engine().run(tree, found).to_pylist()]


def _ranked_elements(query: Query, column: Column, limit: int, distinct: str) -> list[tuple[str, int]]:
    totals: Counter[str] = Counter()
    for row in run_counts(query, trees.column(column.name).as_("v"), across=False, distinct=distinct):
        for element in elements_of(row["v"], column.shape):
            totals[element] += row["n"]
    return sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:limit]
