"""Many queries over the same rows: those that only pick rows of a table are asked together, in one statement a table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import pyarrow as pa
from sqlglot import exp

from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.catalogue import tables
from watchfloor.lake.contracts import QueryFailed, TooLarge, TooSlow
from watchfloor.lake.engines.duck import DuckEngine
from watchfloor.lake.engines.source import Source
from watchfloor.lake.kql.errors import KqlError
from watchfloor.lake.kql.filters import Filter, filter_of
from watchfloor.lake.kql.together import Together, together
from watchfloor.lake.kql_answer import Columns, values
from watchfloor.lake.kql_tables import KqlTables
from watchfloor.lake.query import compile as trees
from watchfloor.lake.snapshot import hunting_engine, source_of

MOST_ROWS = 20_000
SECONDS = 120.0
FEW, VERY_FEW = 50_000, 500
"""Rows that are first asked for texts alone; rows whose texts are looked at here."""
SOURCE, NUMBERS = "events", "numbers"
TIMELESS = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Met:
    """`rows` are (key of the query, row as that query's table gives it), in no order.

    `alone` are the keys of queries that have to be asked one by one: they do more than pick rows, name the current time, find
    more than fits, fail, or are part of a statement that took too long.
    """

    rows: tuple[tuple[str, dict[str, Any]], ...]
    alone: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """One statement for many queries: `columns` (name, type) are those of the answer, `keys` the queries it asks, by number."""

    table: str
    columns: Columns
    reads: tuple[exp.Expr, ...]
    asked: Together
    members: tuple[tuple[str, Filter], ...]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(key for key, _ in self.members)

    def halves(self) -> Iterator["Ask"]:
        """The same queries as two statements or more."""
        middle = len(self.members) // 2
        for part in (self.members[:middle], self.members[middle:]):
            yield from _of_table(part[0][1].name, part, KqlTables())


def hunt_many(
    queries: Mapping[str, str],
    *,
    start: datetime,
    end: datetime,
    limit: int = MOST_ROWS,
    timeout: float = SECONDS,
    engine: DuckEngine | None = None,
) -> Met:
    """The rows of [start, end) that these queries (by key) pick, as the product sees them; at most `limit` a statement."""
    asks, alone = _asks(tuple(queries.items()))
    engine = engine or hunting_engine()
    window, left = trees.Window(start, end), list(alone)
    sources = {name: source_of(name, window) for name in {ask.table for ask in asks}}
    found: list[tuple[str, dict[str, Any]]] = []
    waiting = [ask for ask in asks if not sources[ask.table].is_empty]
    while waiting:
        ask = waiting.pop()
        try:
            rows = _run(ask, sources[ask.table], window, engine=engine, limit=limit, timeout=timeout)
        except (TooLarge, TooSlow):
            left += ask.keys
            continue
        if rows is not None:
            found += rows
        elif len(ask.members) > 1:
            waiting += ask.halves()
        else:
            left += ask.keys
    return Met(tuple(found), tuple(left))


def _run(
    ask: Ask, source: Source, window: trees.Window, *, engine: DuckEngine, limit: int, timeout: float
) -> list[tuple[str, dict[str, Any]]] | None:
    """What one statement finds; None when one of its queries finds too much or fails. Raises TooLarge, TooSlow."""
    try:
        found = _found(ask, source, window, engine=engine, limit=limit, timeout=timeout)
        if not found.num_rows or found.num_rows > limit:
            return None if found.num_rows else []
        places = _likely(ask.asked, found)
        if not places:
            return []
        told = ask.asked.told(SOURCE, *(one.copy() for one in ask.reads), number=NUMBERS, places=places)
        answer = engine.run(told, {SOURCE: _of_rows(found)}, timeout=timeout)
    except QueryFailed:
        return None
    numbers = answer.column(NUMBERS).to_pylist()
    names = [name for name, _ in ask.columns]
    rows = [
        dict(zip(names, row, strict=True))
        for batch in answer.drop_columns([NUMBERS]).to_batches()
        for row in values(ask.columns, batch)
    ]
    return [(ask.keys[number], row) for row, holding in zip(rows, numbers, strict=True) for number in holding]


def _found(
    ask: Ask, source: Source, window: trees.Window, *, engine: DuckEngine, limit: int, timeout: float
) -> pa.Table:
    """Rows for which a query holds, `limit` + 1 at most.

    Few rows are first asked only for the texts that queries look for, which is a short statement; what that leaves is asked
    no more when it is very little.
    """
    stored = [column.name for column in table_named(ask.table).columns]
    many = sum(file.rows for file in source.files) + (0 if source.hot is None else source.hot.num_rows)
    where = trees.within(window)
    if many <= FEW:
        maybe = engine.run(
            ask.asked.rows(SOURCE, *stored, where=where, surely=False), {SOURCE: source}, timeout=timeout
        )
        if maybe.num_rows <= min(VERY_FEW, limit):
            return maybe
        source, where = _of_rows(maybe.select(stored)), exp.true()
    asked = ask.asked.rows(SOURCE, *stored, where=where).limit(limit + 1, copy=False)
    return engine.run(asked, {SOURCE: source}, timeout=timeout)


def _likely(asked: Together, found: pa.Table) -> list[int]:
    """The queries that may hold for any of these rows: all of them where there are many rows, which cost more to look at."""
    if found.num_rows > VERY_FEW:
        return list(range(len(asked.members)))
    return asked.likely({name: found.column(name).to_pylist() for name in asked.looked_at})


def _of_rows(rows: pa.Table) -> Source:
    return Source((), rows, rows.slice(0, 0))


@lru_cache(maxsize=16)
def _asks(queries: tuple[tuple[str, str], ...]) -> tuple[tuple[Ask, ...], tuple[str, ...]]:
    """The statements, and the keys of queries that none of them asks. Made once for the same queries."""
    catalogue, stored = KqlTables(), {table.name for table in tables()}
    by_name: dict[str, list[tuple[str, Filter]]] = {}
    alone: list[str] = []
    for key, text in queries:
        found = _filter(text, catalogue)
        if found is None or found.table not in stored:
            alone.append(key)
        else:
            by_name.setdefault(found.name, []).append((key, found))
    asks = [ask for name, members in by_name.items() for ask in _of_table(name, members, catalogue)]
    return tuple(asks), tuple(alone)


def _filter(text: str, catalogue: KqlTables) -> Filter | None:
    """The query as a filter; none where it is refused, names the current time, or a column that is read from another table."""
    if "now(" in text or "ago(" in text:
        return None
    try:
        found = filter_of(text, catalogue=catalogue, now=TIMELESS)
    except KqlError:
        return None
    if found is not None and any(column.name in trees.LATEST for column in found.predicate.find_all(exp.Column)):
        return None
    return found


def _of_table(name: str, members: Sequence[tuple[str, Filter]], catalogue: KqlTables) -> Iterable[Ask]:
    shown = catalogue.table(name)
    if shown is None:
        return
    columns = [column for column in shown.columns if not column.extra]
    reads = tuple(
        exp.Alias(
            this=exp.column(column.name, quoted=True) if column.sql is None else column.sql.copy(),
            alias=exp.to_identifier(column.name, quoted=True),
        )
        for column in columns
    )
    for asked in together(
        [(number, found.predicate) for number, (_, found) in enumerate(members)], dialect=DuckEngine.dialect
    ):
        mine = tuple(members[number] for number in asked.members)
        yield Ask(shown.table, tuple((column.name, column.type) for column in columns), reads, asked, mine)
