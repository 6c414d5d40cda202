"""What connections observe becomes rows: completed and checked outside the lock, stored with the cursor in one transaction.

Killed anywhere, the next run starts at the cursor and nothing is stored twice. A row that fits no table goes to the dead letters
with its place and reason, and the others of its batch come in.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from watchfloor.connectors.contracts import Observation, ObservedKind
from watchfloor.connectors.selectors import observed_after
from watchfloor.connectors.services import bury_unread
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.kernel.text import visible
from watchfloor.lake import hot, recent, storage
from watchfloor.lake.arrow import to_arrow
from watchfloor.lake.bringing_cells import Unfit, cell
from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.contracts import Column, ColumnType, Table
from watchfloor.lake.enriching.completing import completed, with_more
from watchfloor.lake.placing import place_of
from watchfloor.lake.snapshot import cold
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import keep_order, move_cursor

READER = "lake.observe"
BATCHES = 20
AHEAD = timedelta(days=1)
"""How far ahead of us a source's clock may go."""
LATE = timedelta(minutes=5)
"""A record that comes later than this bears the time it came, too."""
MOST_PLACES = 5
MOST_REASONS = 50
ITS_OWN = (WatchfloorError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError)


@dataclass(slots=True)
class Waiting:
    """Rows of one table on their way in; `keys` are the hashes of the ReportIds that sources gave, None where they gave none."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    keys: list[int | None] = field(default_factory=list)

    def add(self, row: dict[str, Any], key: int | None) -> None:
        self.rows.append(row)
        self.keys.append(key)

    def span(self) -> tuple[datetime, datetime]:
        times = [row["Timestamp"] for row in self.rows]
        return min(times), max(times)


@dataclass(slots=True)
class Prepared:
    """Some observations, ready to be stored: rows by table, and places by source, table and the reason they are refused for."""

    waiting: dict[str, Waiting] = field(default_factory=lambda: defaultdict(Waiting))
    refused: dict[tuple[str, str, str], list[str]] = field(default_factory=lambda: defaultdict(list))


def observe_pending(*, now: datetime, limit: int = BATCHES) -> int:
    """Store up to `limit` batches of observed events; returns how many events were read."""
    position = cursor_position(READER)
    batches = observed_after(position, kinds=[ObservedKind.EVENTS], limit=limit)
    if not batches:
        return 0
    prepared = prepare(batches, now=now)
    with transaction.atomic():
        keep_order(hot.QUEUE)
        if cursor_position(READER) != position:
            return 0
        for name, waiting in prepared.waiting.items():
            _store(name, waiting, now=now)
        _bury(prepared)
        move_cursor(READER, position=batches[-1].position)
    return sum(len(batch.items) for batch in batches)


def prepare(batches: Iterable[Observation], *, now: datetime) -> Prepared:
    """Rows checked and completed, those that do not fit set aside with their reasons."""
    prepared = Prepared()
    fits: dict[str, Fit] = {}
    for batch in batches:
        try:
            fit = fits.get(batch.table) or Fit(table_named(batch.table), now)
        except ITS_OWN as error:
            prepared.refused[batch.source, batch.table, str(error)].append(_place(batch, range(len(batch.items))))
            continue
        fits[batch.table] = fit
        _fit_all(batch, fit, prepared)
    return prepared


def _fit_all(batch: Observation, fit: "Fit", prepared: Prepared) -> None:
    waiting = prepared.waiting[batch.table]
    wrong: dict[str, list[int]] = defaultdict(list)
    for number, item in enumerate(batch.items):
        try:
            waiting.add(*fit.row(item, batch, number))
        except ITS_OWN as error:
            wrong[str(error)[:300] or type(error).__name__].append(number)
    for reason, numbers in wrong.items():
        prepared.refused[batch.source, batch.table, reason].append(_place(batch, numbers))


def _place(batch: Observation, numbers: Sequence[int]) -> str:
    shown = ", ".join(str(number + 1) for number in numbers[:MOST_PLACES])
    more = f" and {len(numbers) - MOST_PLACES} more" if len(numbers) > MOST_PLACES else ""
    return f"batch {batch.position}, row {shown}{more}"


def _bury(prepared: Prepared) -> None:
    """A dead letter for each reason, not for each row: what is wrong with a source is wrong with thousands of its rows."""
    reasons = list(prepared.refused.items())
    for (source, table, reason), places in reasons[:MOST_REASONS]:
        more = f"; and in {len(places) - MOST_PLACES} more batches" if len(places) > MOST_PLACES else ""
        where = visible(f"rows for {table}: {reason}")
        bury_unread(source=source, place=where, reason=visible(f"{reason} ({'; '.join(places[:MOST_PLACES])}{more})"))
    if left := reasons[MOST_REASONS:]:
        (source, table, reason), _ = left[0]
        words = visible(f"rows were refused for {len(left)} more reasons, such as: {reason}")
        bury_unread(source=source, place=f"rows for {table}: many reasons", reason=words)


class Fit:
    """How rows come to fit one table."""

    def __init__(self, table: Table, now: datetime) -> None:
        if table.closed:
            raise Unfit(f"{table.name} is written from the mail itself and takes no rows from outside")
        self.table, self.now = table, now
        self.columns = {column.name: column for column in table.columns}
        self.plain = {name for name, column in self.columns.items() if _is_plain(column)}
        self.numbered = table.has("ReportId") and table.column("ReportId").type is ColumnType.LONG
        self.noted = table.has("AdditionalFields")
        self.oldest = now - timedelta(days=storage.retention_days(table))
        self.newest = now + AHEAD

    def row(self, item: Mapping[str, Any], batch: Observation, number: int) -> tuple[dict[str, Any], int | None]:
        """The row as the table takes it, and the hash it is known by. Raises one of ITS_OWN."""
        row = {name: self._value(name, value) for name, value in item.items()}
        at = row.get("Timestamp")
        if at is None:
            at = row["Timestamp"] = batch.at
        elif self.noted and batch.at - at > LATE:
            with_more(row, {"ReceivedAt": batch.at.isoformat()})
        if at < self.oldest:
            raise Unfit(f"Timestamp {at:%Y-%m-%d} is older than this table is kept")
        if at > self.newest:
            raise Unfit(f"Timestamp {at:%Y-%m-%d %H:%M} lies in the future")
        return completed(self.table.name, row, locate=place_of), self._identify(row, batch, number)

    def _value(self, name: str, value: Any) -> Any:
        if name in self.plain and isinstance(value, str):
            return value
        column = self.columns.get(name)
        if column is None:
            raise Unfit(f"{self.table.name} has no column “{name}”")
        if name == "ReportId" and self.numbered:
            return value
        return cell(value, column)

    def _identify(self, row: dict[str, Any], batch: Observation, number: int) -> int | None:
        given = row.get("ReportId")
        text = f"{given or f'{batch.source} {batch.position} {number}'}"
        key = recent.key_of(f"{self.table.name} {text}")
        if self.numbered:
            row["ReportId"] = given if isinstance(given, int) else key >> 1
        elif not given:
            row["ReportId"] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.table.name} {text}"))
        return key if given else None


def _is_plain(column: Column) -> bool:
    return column.type in {ColumnType.STRING, ColumnType.DYNAMIC}


def _store(name: str, waiting: Waiting, *, now: datetime) -> None:
    """Append what has not come in before, in the caller's transaction."""
    if not waiting.rows:
        return
    lo, hi = waiting.span()
    seen = recent.met(name, [key for key in waiting.keys if key is not None], lo=lo, hi=hi)
    fresh = []
    for row, key in zip(waiting.rows, waiting.keys, strict=True):
        if key is None or key not in seen:
            fresh.append(row)
            if key is not None:
                seen.add(key)
    if not fresh:
        return
    rows = to_arrow(table_named(name), fresh)
    hot.insert(table=name, rows=rows, now=now, watermark=cold(name).watermark())
    known = {key for key in waiting.keys if key is not None}
    recent.note(name, sorted(known), lo=lo, hi=hi, now=now)
