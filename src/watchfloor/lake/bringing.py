"""Rows that somebody brings in a file: exports of sign-ins, devices, clicks, as CSV, JSON lines or Parquet.

Each row is checked against the table's columns; one that does not fit is refused with its place, the others come in. A file
that was interrupted goes on where it stopped, and one that is in already brings nothing twice.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from watchfloor.kernel.errors import BadInput
from watchfloor.lake import storage
from watchfloor.lake.bringing_cells import Unfit, cell
from watchfloor.lake.bringing_files import Row, rows_of
from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.contracts import Brought, Refused, Table
from watchfloor.lake.schema.workspace import ORDERS
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor

BATCH = 5_000
AHEAD = timedelta(days=1)
"""How far ahead of us a clock may go."""
WORKSPACE = frozenset(
    {"TenantId", "SourceSystem", "Type", "MG", "ManagementGroupName", "Computer", "RawData", "TimeGenerated"}
    | {"_IsBillable", "_BilledSize", "_ResourceId", "_SubscriptionId", "_ItemId", "_TimeReceived"}
)
"""What every table of a Log Analytics workspace has and none of ours needs."""

Append = Callable[[str, Sequence[Mapping[str, Any]]], int]


@dataclass
class _Bringing:
    """One file on its way in."""

    table: Table
    names: dict[str, str]
    ignored: frozenset[str]
    oldest: datetime
    newest: datetime
    left_out: set[str] = field(default_factory=set)

    def fitted(self, row: Row) -> dict[str, Any]:
        """The row under our names, each cell of its column's type. Raises Unfit."""
        if row.wrong:
            raise Unfit(row.wrong)
        found: dict[str, Any] = {}
        for name, value in row.cells.items():
            plain = name.removesuffix(" [UTC]")
            ours = self.names.get(plain)
            if ours is None:
                if plain not in self.ignored:
                    raise Unfit(f"{self.table.name} has no column “{plain}”; --skip leaves it out")
                self.left_out.add(plain)
                continue
            if ours in found and plain != ours:
                continue  # both spellings are there, and our own counts
            found[ours] = cell(value, self.table.column(ours), utc=plain != name)
        return self._timed(found)

    def _timed(self, found: dict[str, Any]) -> dict[str, Any]:
        at = found.get("Timestamp")
        if at is None:
            raise Unfit("Timestamp is missing")
        if at < self.oldest:
            raise Unfit(f"Timestamp {at:%Y-%m-%d} is older than this table is kept")
        if at > self.newest:
            raise Unfit(f"Timestamp {at:%Y-%m-%d %H:%M} lies in the future")
        return found


def bring(
    *,
    table: str,
    path: Path,
    now: datetime,
    append: Append,
    skip: frozenset[str] = frozenset(),
    again: bool = False,
    refused: Callable[[Refused], None] = lambda one: None,
    progress: Callable[[int], None] = lambda rows: None,
) -> Brought:
    """Store the rows of a file; `refused` is told of each row that does not fit, `progress` of how many rows were read.

    Raises BadInput for a table that takes no rows, or a file that is none of the known kinds.
    """
    kept = table_named(table)
    if kept.closed:
        raise BadInput(f"{table} is written from the mail itself; bring mail with “watchfloor import”", place="table")
    work = _bringing(kept, now, skip)
    digest = _sha256(path)
    cursor = f"lake.append:{digest[:40]}:{table}"
    known = 0 if again else cursor_position(cursor)
    read = accepted = turned_away = 0
    for batch in _batches(rows_of(path)):
        read += len(batch)
        fresh = [row for row in batch if row.number > known]
        fit: list[dict[str, Any]] = []
        for row in fresh:
            try:
                fit.append(work.fitted(row))
            except Unfit as error:
                turned_away += 1
                refused(Refused(f"{path.name}, {row.place}", str(error)))
        if fresh:
            with transaction.atomic():
                append(table, fit)
                move_cursor(cursor, position=batch[-1].number)
        accepted += len(fit)
        progress(read)
    return Brought(table, digest, accepted, min(known, read), turned_away, tuple(sorted(work.left_out)))


def _bringing(table: Table, now: datetime, skip: frozenset[str]) -> _Bringing:
    names = {column.name: column.name for column in table.columns}
    spelled, unknown = _workspace(table)
    names = {**spelled, **names}
    if "TimeGenerated" not in names:
        names["TimeGenerated"] = "Timestamp"
    names = {name: ours for name, ours in names.items() if name not in skip}
    oldest = now - timedelta(days=storage.retention_days(table))
    return _Bringing(table, names, (WORKSPACE | unknown | skip) - names.keys(), oldest, now + AHEAD)


def _workspace(table: Table) -> tuple[dict[str, str], frozenset[str]]:
    """How a Log Analytics workspace spells our columns, and the columns it has and we do not."""
    spelled, unknown = {}, set()
    for word in ORDERS.get(table.name, "").split():
        name, _, other = word.partition(":")[0].partition("=")
        if other and table.has(other) and not table.has(name):
            spelled[name] = other
        elif not other and not table.has(name):
            unknown.add(name)
    return spelled, frozenset(unknown)


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
