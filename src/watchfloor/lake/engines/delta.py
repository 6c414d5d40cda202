"""The cold tier of one table: a Delta table partitioned by day, written by the flusher alone, on disk or in an object store.

deltalake does not survive a fork, so nothing of it is kept across processes. The commit's `txn` action carries the last hot id
it holds: a reader that took a snapshot knows from it which hot batches are already inside (exactly once, whatever dies when).
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import (
    BloomFilterProperties,
    ColumnProperties,
    CommitProperties,
    DeltaTable,
    Transaction,
    WriterProperties,
    write_deltalake,
)
from deltalake.exceptions import CommitFailedError, DeltaError

from watchfloor.kernel.errors import Conflict, Unreachable
from watchfloor.lake.contracts import ColumnType, Table
from watchfloor.lake.engines.cache import Lease
from watchfloor.lake.engines.footers import unfilled
from watchfloor.lake.engines.places import Disk, Place, Shelf

APP = "flush"
FILLED = "Filled in every row of every file: "
"""How the Delta table's description begins, then the columns' names; deltalake takes no property of our own at creation."""
ROW_GROUP = 122_880
VACUUM_HOURS = 2
"""Must exceed the longest query: its files stay although no longer listed."""
QUIET = timedelta(minutes=15)
FAILED_SECONDS = 5.0
"""For so long nobody waits again for a store that did not answer."""
CONFIGURATION = {
    "delta.dataSkippingStatsColumns": "Timestamp",
    "delta.checkpointInterval": "50",
    "delta.logRetentionDuration": "interval 1 days",
    "delta.deletedFileRetentionDuration": "interval 2 hours",
}


@dataclass(frozen=True, slots=True)
class ColdFile:
    """One Parquet file: [lo, hi] holds all its timestamps.

    `path` is where the engine reads it; of an object store's file (address `uri`) only after `cache.ready`, and as long as
    `lease` is held.
    """

    path: str
    day: date
    rows: int
    bytes: int
    lo: datetime
    hi: datetime
    modified: datetime
    uri: str = ""
    lease: Lease | None = field(default=None, compare=False, repr=False)
    name: str = field(init=False, compare=False, repr=False)
    """The file's own, the same wherever it is read; each question compares it with those that segments hold."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", self.path.rpartition("/")[2])


@dataclass(frozen=True, slots=True)
class ColdSnapshot:
    """The live files, newest first, and the last hot id that lies in them.

    `lacking` are columns that some file may hold no value for although they are never null: it is older than they;
    `surveyed` is False for a table of a version that did not note them yet.
    """

    watermark: int = 0
    files: tuple[ColdFile, ...] = ()
    version: int = -1
    lacking: tuple[str, ...] = ()
    surveyed: bool = True
    shelf: Shelf | None = field(default=None, compare=False, repr=False)

    def within(self, start: datetime, end: datetime) -> tuple[ColdFile, ...]:
        """Files that may hold rows of [start, end)."""
        whole = self.files and self.files[0].hi < end and self.files[-1].hi >= start  # by their order
        found = self.files if whole else tuple([one for one in self.files if one.lo < end and one.hi >= start])
        lease = self.shelf.lease() if self.shelf and found else None
        return tuple(replace(file, lease=lease) for file in found) if lease else found


class ColdTable:
    """Not shared between processes; safe between threads."""

    def __init__(self, place: Place | Path, table: Table) -> None:
        self.shelf = _place(place).shelf(table.name)
        self.table = table
        self._delta: DeltaTable | None = None
        self._held = ColdSnapshot()
        self._looked = self._failed = -1e9
        self._guard = threading.Lock()

    def snapshot(self, *, fresh: bool = False) -> ColdSnapshot:
        """The newest state: of a folder, at the cost of one file lookup; of a store, that of at most two seconds ago.

        With `fresh`, for whoever writes, that of now. Raises Unreachable.
        """
        with self._guard:
            now = time.monotonic()
            age = now - self._looked
            if not fresh and age < self.shelf.fresh_seconds:
                return self._held
            if (
                self.shelf.options is None
                and self._delta is not None
                and not self.shelf.moved_on(self._held.version, seconds=age)
            ):
                return self._held  # as nearly always, and without what else can happen
            if now - self._failed < FAILED_SECONDS and not fresh:
                raise Unreachable("the object store did not answer a moment ago", place=self.shelf.uri)
            try:
                with self._told():
                    self._look(age)
            except Unreachable:
                self._failed = time.monotonic()
                raise
            self._looked = now
            return self._held

    def _look(self, age: float) -> None:
        if self._delta is None:
            if not self.shelf.exists() or not DeltaTable.is_deltatable(self.shelf.uri, self.shelf.options):
                return
            self._delta = self._opened()
        elif self.shelf.moved_on(self._held.version, seconds=age):
            self._delta = self._newer(self._delta)
        if self._delta.version() != self._held.version:
            self._held = _read(self._delta, self.shelf, self.table)

    def _newer(self, delta: DeltaTable) -> DeltaTable:
        delta.update_incremental()
        again = delta.version() < self._held.version or self.shelf.moved_on(delta.version(), seconds=0)
        return self._opened() if again else delta

    def _opened(self) -> DeltaTable:
        return DeltaTable(self.shelf.uri, storage_options=self.shelf.options)

    def watermark(self) -> int:
        """The last hot id known to lie here; asked of a store only once, so that taking in mail does not wait for it."""
        return self._held.watermark if self._held.version >= 0 and self.shelf.options else self.snapshot().watermark

    def append(self, rows: pa.Table, *, watermark: int, after: int | None = None) -> None:
        """Commit rows that hold all hot batches from above `after` up to id `watermark`, sorted within each day; durable on return.

        Raises Conflict when another flusher committed since the watermark was `after`, however close; Unreachable.
        """
        days = pc.cast(pc.floor_temporal(rows.column("Timestamp"), unit="day"), pa.date32())
        order = [("day", "ascending"), (self.table.sort_column, "ascending")]
        with self._writing():
            write_deltalake(
                self._standing_at(after),
                rows.append_column("day", days).sort_by(order),
                mode="append",
                partition_by=["day"],
                schema_mode="merge",
                configuration=CONFIGURATION,
                description=_told_filled(_never_null(self.table) & {*rows.column_names}),
                storage_options=self.shelf.options,
                writer_properties=self._properties(),
                commit_properties=CommitProperties(app_transactions=[Transaction(APP, watermark)]),
            )

    def _standing_at(self, watermark: int | None) -> DeltaTable | str:
        """What to commit onto: Delta itself refuses the commit when the watermark moves between here and there."""
        if not self.shelf.exists() or not DeltaTable.is_deltatable(self.shelf.uri, self.shelf.options):
            return self.shelf.uri
        delta = self._opened()
        if watermark is not None and (delta.transaction_version(APP) or 0) != watermark:
            raise Conflict("another process has written these batches already", place=self.shelf.uri)
        return delta

    def compact(self, *, now: datetime, most_files: int = 8) -> int:
        """Rewrite days with many files, sorted by the table's sort column; returns how many days were rewritten.

        A past day becomes one file once nothing came for a while; a day that still grows waits for `most_files`, so that a
        backfill over months does not rewrite every day again and again.
        """
        files: dict[date, list[ColdFile]] = {}
        for file in self.snapshot(fresh=True).files:
            files.setdefault(file.day, []).append(file)
        days = [day for day, held in files.items() if len(held) >= (2 if _settled(day, held, now) else most_files)]
        for day in days:
            with self._writing():
                self._opened().optimize.z_order(
                    [self.table.sort_column],
                    partition_filters=[("day", "=", day.isoformat())],
                    max_concurrent_tasks=1,
                    max_spill_size=256 * 1024 * 1024,
                    writer_properties=self._properties(),
                )
        return len(days)

    def forget_before(self, day: date) -> int:
        """Drop whole days older than `day`; returns how many rows went."""
        old = [file for file in self.snapshot(fresh=True).files if file.day < day]
        if old:
            with self._writing():
                self._opened().delete(f"day < DATE '{day.isoformat()}'")
        return sum(file.rows for file in old)

    def tidy(self) -> None:
        """Write a checkpoint, drop old log entries, delete files that no reader can still want."""
        if self.snapshot(fresh=True).version < 0:
            return
        with self._writing():
            delta = self._opened()
            delta.create_checkpoint()
            delta.cleanup_metadata()
            # In full: a checkpoint forgets what was removed long ago, and nothing ever named what a killed flush had written.
            delta.vacuum(retention_hours=VACUUM_HOURS, dry_run=False, enforce_retention_duration=False, full=True)

    def survey(self) -> bool:
        """Look into every file's footer which columns lack values, and note it for readers; True when something changed."""
        snapshot = self.snapshot(fresh=True)
        if snapshot.version < 0:
            return False
        with self._writing():
            delta = self._opened()
            never = _never_null(self.table)
            filled = never - unfilled(self.shelf.uri, self.shelf.options, delta.file_uris(), never)
            if delta.metadata().description == _told_filled(filled):
                return False
            delta.alter.set_table_description(_told_filled(filled))
        return True

    def sync(self) -> None:
        """Make the newest commits durable, whoever made them."""
        self.shelf.sync()

    def repair(self) -> bool:
        """Drop a last commit that did not reach the disk whole; True when there was one. Its rows are still hot."""
        dropped = self.shelf.repair()
        if dropped:
            with self._guard:
                self._delta, self._held = None, ColdSnapshot()
        return dropped

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Around a commit: errors in our words, durable at the end, and the next look sees it."""
        try:
            with self._told():
                yield
            self.shelf.sync()
        finally:
            self._looked = -1e9

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except CommitFailedError as error:
            raise Conflict(
                f"another process committed at the same time: {_first(error)}", place=self.shelf.uri
            ) from error
        except (OSError, DeltaError) as error:
            if self.shelf.options is None:
                raise
            raise Unreachable(f"the object store does not answer: {_first(error)}", place=self.shelf.uri) from error

    def _properties(self) -> WriterProperties:
        columns = {}
        if self.table.bloom_column:
            bloom = BloomFilterProperties(set_bloom_filter_enabled=True, fpp=0.01, ndv=ROW_GROUP)
            columns[self.table.bloom_column] = ColumnProperties(bloom_filter_properties=bloom, dictionary_enabled=False)
        return WriterProperties(
            max_row_group_size=ROW_GROUP, compression="ZSTD", compression_level=3, column_properties=columns
        )


def _read(delta: DeltaTable, shelf: Shelf, table: Table) -> ColdSnapshot:
    actions = pa.table(delta.get_add_actions(flatten=True)).to_pylist()
    files = [_file(action, shelf) for action in actions]
    files.sort(key=lambda file: file.hi, reverse=True)
    said = delta.metadata().description or ""
    noted = said.startswith(FILLED)
    filled = set(said.removeprefix(FILLED).split(", ")) if noted else {one.name for one in delta.schema().fields}
    lacking = tuple(one.name for one in table.columns if one.name in _never_null(table) - filled) if files else ()
    return ColdSnapshot(delta.transaction_version(APP) or 0, tuple(files), delta.version(), lacking, noted, shelf)


def _file(action: dict[str, Any], shelf: Shelf) -> ColdFile:
    path, uri = shelf.file(action["path"])
    return ColdFile(
        path=path,
        day=_day(action["partition.day"]),
        rows=action["num_records"] or 0,
        bytes=action["size_bytes"],
        lo=_edge(action, "min.Timestamp", timedelta(0)),
        hi=_edge(action, "max.Timestamp", timedelta(days=1)),
        modified=datetime.fromtimestamp(action["modification_time"] / 1000, UTC),
        uri=uri,
    )


def _told_filled(columns: frozenset[str]) -> str:
    return FILLED + ", ".join(sorted(columns))


def _never_null(table: Table) -> frozenset[str]:
    """A text is empty and a number 0 where nothing is known; only a time can be missing."""
    return frozenset(column.name for column in table.columns if column.type is not ColumnType.DATETIME)


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]


def _settled(day: date, files: list[ColdFile], now: datetime) -> bool:
    return day < now.date() and max(file.modified for file in files) < now - QUIET


def _day(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _edge(action: dict[str, object], name: str, fallback: timedelta) -> datetime:
    """A file's smallest or largest time. Statistics hold milliseconds, so the largest is moved up by one."""
    value = action.get(name)
    if isinstance(value, datetime):
        edge = value if value.tzinfo else value.replace(tzinfo=UTC)
        return edge + timedelta(milliseconds=1) if fallback else edge
    midnight = datetime.combine(_day(action["partition.day"]), datetime.min.time(), UTC)
    return midnight + fallback


_tables: dict[tuple[int, Place, str], ColdTable] = {}
_tables_guard = threading.Lock()


def cold_table(place: Place | Path, table: Table) -> ColdTable:
    """This process's view of one cold table."""
    key = (os.getpid(), _place(place), table.name)
    with _tables_guard:
        if key not in _tables:
            _tables[key] = ColdTable(place, table)
        return _tables[key]


def _place(place: Place | Path) -> Place:
    return Disk(place) if isinstance(place, Path) else place
