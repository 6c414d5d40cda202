"""Running query trees: rows, counts, charts and rankings over snapshots."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
from sqlglot import exp

from watchfloor.kernel.errors import BadInput
from watchfloor.lake.arrow import to_rows
from watchfloor.lake.catalogue import resolve
from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.contracts import Condition, Part, Query
from watchfloor.lake.engines.source import Source
from watchfloor.lake.query import compile as trees
from watchfloor.lake.query.stretches import stretches
from watchfloor.lake.snapshot import engine, sources_for

EVENTS = "EmailPostDeliveryEvents"
SORTED_AT_ONCE = 50_000
"""Rows of a stream that are sorted together, some 50 MB. A day's file is read once for each part of the day."""
SHALLOW = 1000
"""Rows up to which one statement both sorts and reads a page."""


def sources(query: Query, *, latest: bool) -> tuple[dict[str, Source], bool]:
    """The sources of a query, and whether newest locations have to be folded in (not when nothing happened since)."""
    names = set(trees.tables_of(query))
    wanted = (latest and query.table == "EmailEvents") or trees.uses_latest(query)
    found = sources_for(query, names | ({EVENTS} if wanted else set()))
    return found, wanted and not found[EVENTS].is_empty


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a query, in which order."""

    order_by: str
    descending: bool
    limit: int
    offset: int


NEWEST = Page("Timestamp", descending=True, limit=0, offset=0)


def table_rows(query: Query, *, columns: Sequence[str], page: Page) -> list[dict[str, Any]]:
    """The rows of one page, newest locations folded in."""
    names = checked(query, columns)
    checked(query, [page.order_by])
    sorts_latest = page.order_by in trees.LATEST
    found, latest = sources(query, latest=sorts_latest or bool(trees.LATEST & set(names)))
    inside = latest and (sorts_latest or trees.uses_latest(query))
    asked = [
        *names,
        *(key for key in (trees.KEY, trees.MAILBOX, "ReportId") if _wants(query, key) and key not in names),
    ]
    deep = page.offset + page.limit > SHALLOW and "ReportId" in asked
    rows = _deep(query, asked, page, found, inside) if deep else _shallow(query, asked, page, found, inside)
    if latest and not inside:
        _fold_in(rows, query, found[EVENTS])
    return rows if asked == names else [{name: row[name] for name in names} for row in rows]


def _wants(query: Query, key: str) -> bool:
    return table_named(query.table).has(key)


def _shallow(
    query: Query, names: Sequence[str], page: Page, found: Mapping[str, Source], inside: bool
) -> list[dict[str, Any]]:
    tree = trees.select(query, *map(trees.column, names), latest=inside).order_by(*_order(query, page), copy=False)
    if page.order_by != "Timestamp" or len(trees.tables_of(query)) > 1:
        return to_rows(engine().run(tree.limit(page.limit).offset(page.offset), found))
    return _from_one_end(query, tree, page, found)


def _from_one_end(query: Query, tree: exp.Select, page: Page, found: Mapping[str, Source]) -> list[dict[str, Any]]:
    """A page by time: few rows as they are found, else read from the end it begins at, more and more days at once, until it is full."""
    rows: list[dict[str, Any]] = []
    wanted = page.offset + page.limit
    few = engine().few(tree.limit(wanted, copy=False), found)
    if few is not None:
        return to_rows(few)[page.offset :]
    source = found[query.table]
    days = [file.day for file in source.files]
    for window in stretches(trees.Window(query.start, query.end), days, descending=page.descending):
        part = source.between(window.start, window.end)
        narrow = tree.copy()
        narrow.where(trees.within(window), copy=False).limit(wanted - len(rows), copy=False)
        rows += to_rows(engine().run(narrow, {**found, query.table: part}))
        if len(rows) >= wanted:
            break
    return rows[page.offset :]


def all_rows(query: Query, *, limit: int) -> list[dict[str, Any]]:
    """Every row, oldest first, of a query that finds few; some `limit` of them when it finds more: one statement, sorted here."""
    found, latest = sources(query, latest=True)
    tree = trees.select(query, *map(trees.column, checked(query, ())), latest=latest and trees.uses_latest(query))
    rows = to_rows(engine().run(tree.limit(limit, copy=False), found))
    if latest and not trees.uses_latest(query):
        _fold_in(rows, query, found[EVENTS])
    return sorted(rows, key=lambda row: (row["Timestamp"], row.get("ReportId", "")))


def count(query: Query) -> int:
    """How many rows a query finds. Without conditions, files that lie wholly in its window are counted by their log entry."""
    found, latest = sources(query, latest=False)
    source = found[query.table]
    whole = [file for file in source.files if file.rows and query.start <= file.lo and file.hi < query.end]
    known = 0
    if not query.every_condition:
        known = sum(file.rows for file in whole)
        found = {query.table: source.without(whole)}
        if found[query.table].is_empty:
            return known
    tree = trees.select(query, exp.Count(this=exp.Star()).as_("n"), latest=latest)
    return known + int(engine().run(tree, found).column("n")[0].as_py())


def _deep(
    query: Query, names: Sequence[str], page: Page, found: Mapping[str, Source], inside: bool
) -> list[dict[str, Any]]:
    """A page far down: ids and times first, then those rows alone, so that the sort never holds whole rows."""
    keys = _shallow(query, list(dict.fromkeys(("ReportId", "Timestamp", page.order_by))), page, found, inside)
    if not keys:
        return []
    times = [key["Timestamp"] for key in keys]
    narrow = replace(query, start=min(times), end=max(times) + timedelta(microseconds=1))
    ids = pa.table({"id": [key["ReportId"] for key in keys]})
    wanted = exp.In(this=trees.column("ReportId"), query=exp.select("id").from_("page").subquery())
    tree = trees.select(narrow, *map(trees.column, names), latest=inside).where(wanted)
    rows = to_rows(engine().run(tree, {**found, "page": Source((), ids, ids)}))
    place = {key["ReportId"]: number for number, key in enumerate(keys)}
    return sorted(rows, key=lambda row: place[row["ReportId"]])


def checked(query: Query, columns: Sequence[str]) -> list[str]:
    """The columns asked for, all of them when none is named. Raises BadInput for an unknown one."""
    table = table_named(query.table)
    for name in columns:
        if not table.has(name):
            raise BadInput(f"{table.name} has no column “{name}”", place="column")
    return list(columns) or [column.name for column in table.columns]


def _order(query: Query, page: Page) -> list[exp.Expr]:
    """The order of a page; the row's own id breaks ties, so that pages do not overlap."""
    names = dict.fromkeys([page.order_by, *(["ReportId"] if _wants(query, "ReportId") else [])])
    return [exp.Ordered(this=trees.column(name), desc=page.descending, nulls_first=False) for name in names]


def _fold_in(page: list[dict[str, Any]], query: Query, events: Source) -> None:
    """Write the newest location and action into the rows of one page."""
    ids = sorted({row[trees.KEY] for row in page})
    if not ids:
        return
    tree = trees.latest_locations(query.start).where(
        exp.In(this=trees.column(trees.KEY), expressions=[trees.literal(id) for id in ids])
    )
    newest = {(row["id"], row["mailbox"]): row for row in to_rows(engine().run(tree, {EVENTS: events}))}
    for row in page:
        event = newest.get((row[trees.KEY], row[trees.MAILBOX]))
        for name, value in (("LatestDeliveryLocation", "location"), ("LatestDeliveryAction", "action")):
            if event and name in row:
                row[name] = event[value]


def run(query: Query, *expressions: exp.Expr, latest: bool = False, group: int = 0) -> pa.Table:
    """Aggregates over a query, grouped by the first `group` expressions."""
    found, fold = sources(query, latest=latest)
    tree = trees.select(query, *expressions, latest=fold)
    if group:
        tree.group_by(*(exp.Literal.number(position + 1) for position in range(group)), copy=False)
    return engine().run(tree, found)


def day_by_day(query: Query) -> Iterator[Query]:
    """The query cut at midnights (UTC), newest first."""
    end = query.end
    while end > query.start:
        midnight = (end - timedelta(microseconds=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        start = max(query.start, midnight)
        yield replace(query, start=start, end=end)
        end = start


def _by_rows(day: Query, rows: int) -> Iterator[Query]:
    """A day of so many rows cut into stretches of about `SORTED_AT_ONCE`, newest first: what is sorted is held whole."""
    pieces = max(1, -(-rows // SORTED_AT_ONCE))
    length = (day.end - day.start) / pieces
    for number in range(pieces):
        start = day.start if number == pieces - 1 else day.end - length * (number + 1)
        yield replace(day, start=start, end=day.end - length * number)


def stream_rows(query: Query, *, columns: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    """Rows newest first in small lists, a part of a day sorted at a time, so that memory stays flat however many a day has."""
    for batch in stream_batches(query, columns=columns):
        yield to_rows(pa.Table.from_batches([batch]))


def stream_batches(query: Query, *, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The same as Arrow, for who writes column by column."""
    names = checked(query, columns)
    for day in day_by_day(query):
        found, latest = sources(day, latest=bool(trees.LATEST & set(names)))
        source = found[day.table]
        if source.is_empty:
            continue
        rows = sum(file.rows for file in source.files) + (0 if source.hot is None else len(source.hot))
        for part in _by_rows(day, rows):
            tree = trees.select(part, *map(trees.column, names), latest=latest).order_by(*_order(part, NEWEST))
            yield from engine().stream(tree, found | {day.table: source.between(part.start, part.end)})


def seen_from(query: Query, table: str) -> Query:
    """The same question asked of another table: conditions on columns it repeats stay there, others become semi-joins."""
    other = table_named(table)

    def moved(column: str) -> str:
        owner, found = resolve(column, base=table_named(query.table))
        repeated = owner.name == query.table and found.name in other.repeats
        return found.name if repeated or owner is other else f"{owner.name}.{found.name}"

    def part_moved(part: Part) -> Part:
        if isinstance(part, Condition):
            return replace(part, column=moved(part.column))
        return replace(part, parts=tuple(map(part_moved, part.parts)))

    required = tuple(replace(condition, column=moved(condition.column)) for condition in query.required)
    return replace(query, table=table, conditions=tuple(map(part_moved, query.conditions)), required=required)
