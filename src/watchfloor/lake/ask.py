"""Running query trees: rows, counts, charts and rankings over snapshots."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
from sqlglot import exp

from watchfloor.kernel.errors import BadInput
from watchfloor.lake.arrow import to_rows
from watchfloor.lake.catalogue import resolve
from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.contracts import Query
from watchfloor.lake.engines.duck import Source
from watchfloor.lake.query import compile as trees
from watchfloor.lake.snapshot import engine, sources_for

EVENTS = "EmailPostDeliveryEvents"


def sources(query: Query, *, latest: bool) -> tuple[dict[str, Source], bool]:
    """The sources of a query, and whether newest locations have to be folded in (not when nothing happened since)."""
    names = set(trees.tables_of(query))
    wanted = (latest and query.table == "EmailEvents") or trees.uses_latest(query)
    found = sources_for(query, names | ({EVENTS} if wanted else set()))
    return found, wanted and not found[EVENTS].is_empty


def table_rows(
    query: Query, *, columns: Sequence[str], order_by: str, descending: bool, limit: int, offset: int
) -> list[dict[str, Any]]:
    names = checked(query, columns)
    table_named(query.table).column(checked(query, [order_by])[0])
    shows_latest = bool(trees.LATEST & set(names))
    sorts_latest = order_by in trees.LATEST
    found, latest = sources(query, latest=shows_latest or sorts_latest)
    inside = latest and (sorts_latest or trees.uses_latest(query))
    keys = [key for key in (trees.KEY, trees.MAILBOX) if latest and not inside and key not in names]
    tree = trees.select(query, *map(trees.column, [*names, *keys]), latest=inside)
    tree = tree.order_by(*_order(query, order_by, descending)).limit(limit).offset(offset)
    page = to_rows(engine().run(tree, found))
    if latest and not inside:
        _fold_in(page, query, found[EVENTS])
        for row in page:
            for key in keys:
                del row[key]
    return page


def checked(query: Query, columns: Sequence[str]) -> list[str]:
    """The columns asked for, all of them when none is named. Raises BadInput for an unknown one."""
    table = table_named(query.table)
    for name in columns:
        if not table.has(name):
            raise BadInput(f"{table.name} has no column “{name}”", place="column")
    return list(columns) or [column.name for column in table.columns]


def _order(query: Query, order_by: str, descending: bool) -> list[exp.Expr]:
    """The order of a page; the row's own id breaks ties, so that pages do not overlap."""
    names = [order_by, *(["ReportId"] if table_named(query.table).has("ReportId") and order_by != "ReportId" else [])]
    return [exp.Ordered(this=trees.column(name), desc=descending, nulls_first=False) for name in names]


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
        tree = tree.group_by(*(exp.Literal.number(position + 1) for position in range(group)))
    return engine().run(tree, found)


def day_by_day(query: Query) -> Iterator[Query]:
    """The query cut at midnights (UTC), newest first."""
    end = query.end
    while end > query.start:
        midnight = (end - timedelta(microseconds=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        start = max(query.start, midnight)
        yield replace(query, start=start, end=end)
        end = start


def stream_rows(query: Query, *, columns: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
    """Rows newest first in small lists, one day sorted at a time, so that memory stays flat."""
    names = checked(query, columns)
    for day in day_by_day(query):
        found, latest = sources(day, latest=bool(trees.LATEST & set(names)))
        if found[day.table].is_empty:
            continue
        tree = trees.select(day, *map(trees.column, names), latest=latest).order_by(*_order(day, "Timestamp", True))
        for batch in engine().stream(tree, found):
            yield to_rows(pa.Table.from_batches([batch]))


def seen_from(query: Query, table: str) -> Query:
    """The same question asked of another table: conditions on columns it repeats stay there, others become semi-joins."""
    other = table_named(table)

    def moved(column: str) -> str:
        owner, found = resolve(column, base=table_named(query.table))
        repeated = owner.name == query.table and found.name in other.repeats
        return found.name if repeated or owner is other else f"{owner.name}.{found.name}"

    conditions = tuple(replace(condition, column=moved(condition.column)) for condition in query.conditions)
    return replace(query, table=table, conditions=conditions)
