"""What is new since a cursor, held against queries before any of it becomes a Python row: a flood costs little where it meets nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from watchfloor.kernel.errors import BadInput
from watchfloor.lake import ask
from watchfloor.lake.arrow import fitted, to_rows, unpack
from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.contracts import Group, Part, Query
from watchfloor.lake.engines.source import Source
from watchfloor.lake.models import HotBatch
from watchfloor.lake.query import compile as trees
from watchfloor.lake.query.memory import matching
from watchfloor.lake.snapshot import engine

FEW = 300
"""Rows up to which conditions are held against them here: a statement takes longer to plan."""


@dataclass(frozen=True, slots=True)
class Newly:
    """Hot batches as they came: `tables` has the rows of each, `position` is the cursor to go on from."""

    position: int
    batches: int
    tables: Mapping[str, tuple[pa.Table, ...]]

    @property
    def rows(self) -> int:
        return sum(part.num_rows for parts in self.tables.values() for part in parts)


def newly(position: int, *, tables: Iterable[str], most_rows: int, most_batches: int) -> Newly | None:
    """The next batches of `tables` after `position` until they hold `most_rows`, at least one; None when nothing is new.

    Register the reader, or batches may go before it reads.
    """
    found = HotBatch.objects.filter(id__gt=position, table__in=list(tables)).order_by("id")
    chosen: list[int] = []
    rows = 0
    for id, number in found.values_list("id", "rows")[:most_batches]:
        if chosen and rows + number > most_rows:
            break
        chosen.append(id)
        rows += number
    if not chosen:
        return None
    parts: dict[str, list[pa.Table]] = {}
    for batch in HotBatch.objects.filter(id__in=chosen).order_by("id"):
        parts.setdefault(batch.table, []).append(fitted(batch.table, unpack(batch.data)))
    return Newly(chosen[-1], len(chosen), {name: tuple(some) for name, some in parts.items()})


def among(
    parts: Sequence[pa.Table], *, table: str, conditions: Sequence[Part], columns: Sequence[str]
) -> list[dict[str, Any]]:
    """The rows of these batches, in their order, for which all conditions hold; cells of `columns` alone.

    The conditions name columns of the table itself, and mean what is written in the rows, not where a mail lies now.
    """
    rows = pa.concat_tables(parts)
    query = Query(table, *_span(rows), (Group(tuple(conditions)),))
    if len(rows) <= FEW or trees.uses_latest(query):
        return [
            {name: row[name] for name in columns} for row in matching(to_rows(rows), conditions=conditions, table=table)
        ]
    if not conditions:
        return to_rows(rows.select(list(columns)))
    tree = trees.select(query, *map(trees.column, columns))
    return to_rows(engine().run(tree, {table: Source((), rows, rows.slice(0, 0))}))


def _span(rows: pa.Table) -> tuple[datetime, datetime]:
    times = pc.min_max(rows.column("Timestamp")).as_py()
    return times["min"], times["max"] + timedelta(milliseconds=1)


def different_rows(query: Query, *, columns: Sequence[str], limit: int) -> list[dict[str, Any]]:
    """The different combinations of what the query's rows hold in `columns`, those that came first first."""
    names = ask.checked(query, columns)
    found, latest = ask.sources(query, latest=bool(trees.LATEST & set(names)))
    tree = trees.select(query, *map(trees.column, names), latest=latest)
    tree.group_by(*(exp.Literal.number(place + 1) for place in range(len(names))), copy=False)
    tree.order_by(exp.Min(this=trees.column("Timestamp")), *map(trees.column, names), copy=False).limit(
        limit, copy=False
    )
    return to_rows(engine().run(tree, found))


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time, ends included, and whose rows are counted in it ("" with a column: of those without a value)."""

    whose: str
    start: datetime
    end: datetime


def counted_in(query: Query, stretches: Sequence[Stretch], *, column: str, distinct: str) -> list[tuple[int, int]]:
    """Of each stretch, how many of the query's rows lie in it, and how many different values of `distinct` (empty: rows).

    With `column`, only rows with its value `whose`. One question, however many stretches. The query's window must hold them all.
    """
    if not stretches:
        return []
    if any(not table_named(query.table).has(name) for name in (column, distinct) if name):
        raise BadInput(f"{query.table} has no such column", place="column")
    found, latest = ask.sources(query, latest=bool(trees.LATEST & {column, distinct}))
    told = {
        "n": pa.array(range(len(stretches)), pa.int64()),
        "w": pa.array([one.whose for one in stretches], pa.string()),
        "lo": pa.array([one.start for one in stretches], pa.timestamp("us", tz="UTC")),
        "hi": pa.array([one.end for one in stretches], pa.timestamp("us", tz="UTC")),
    }
    given = pa.table(told)
    answer = engine().run(
        _counting(query, column, distinct, latest=latest), {**found, "stretches": Source((), given, given)}
    )
    by = {row["n"]: (row["r"], row["d"]) for row in answer.to_pylist()}
    return [by.get(number, (0, 0)) for number in range(len(stretches))]


def _counting(query: Query, column: str, distinct: str, *, latest: bool) -> exp.Select:
    """Rows joined to the stretches they lie in, counted by stretch."""
    whose = trees.as_type(trees.column(column), exp.DType.VARCHAR) if column else trees.literal("")
    value = trees.column(distinct) if distinct else trees.literal("")
    rows = trees.select(query, whose.as_("g"), trees.column("Timestamp").as_("t"), value.as_("v"), latest=latest)
    of = {name: exp.column(name, table="q") for name in ("g", "t", "v")} | {
        name: exp.column(name, table="s") for name in ("n", "w", "lo", "hi")
    }
    held = exp.and_(exp.EQ(this=of["g"], expression=of["w"]), exp.Between(this=of["t"], low=of["lo"], high=of["hi"]))
    different: exp.Expr = (
        exp.Count(this=exp.Distinct(expressions=[of["v"]])) if distinct else exp.Count(this=exp.Star())
    )
    return (
        exp.select(of["n"], exp.Count(this=exp.Star()).as_("r"), different.as_("d"))
        .from_(rows.subquery("q"))
        .join(exp.alias_(exp.to_table("stretches"), "s", table=True), on=held)
        .group_by(of["n"].copy())
    )
