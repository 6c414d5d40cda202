"""The cold tier of one table: a Delta table partitioned by day, written by the flusher alone.

deltalake calls no fsync and does not survive a fork, so files are synced here after each commit and nothing of it is kept
across processes. The commit's `txn` action carries the last hot id it holds: a reader that took a snapshot knows from it
which hot batches are already inside (exactly once, whatever dies when).
"""

import json
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

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

from watchfloor.lake.contracts import Table

APP = "flush"
ROW_GROUP = 122_880
VACUUM_HOURS = 2
"""Must exceed the longest query: its files stay although no longer listed."""
QUIET = timedelta(minutes=15)
CONFIGURATION = {
    "delta.dataSkippingStatsColumns": "Timestamp",
    "delta.checkpointInterval": "50",
    "delta.logRetentionDuration": "interval 1 days",
    "delta.deletedFileRetentionDuration": "interval 2 hours",
}


@dataclass(frozen=True, slots=True)
class ColdFile:
    """One Parquet file: [lo, hi] holds all its timestamps."""

    path: str
    day: date
    rows: int
    bytes: int
    lo: datetime
    hi: datetime


@dataclass(frozen=True, slots=True)
class ColdSnapshot:
    """The live files, newest first, and the last hot id that lies in them."""

    watermark: int = 0
    files: tuple[ColdFile, ...] = ()
    version: int = -1

    def within(self, start: datetime, end: datetime) -> tuple[ColdFile, ...]:
        """Files that may hold rows of [start, end)."""
        return tuple(file for file in self.files if file.lo < end and file.hi >= start)


class ColdTable:
    """Not shared between processes; safe between threads."""

    def __init__(self, folder: Path, table: Table) -> None:
        self.folder = folder / table.name
        self.table = table
        self._delta: DeltaTable | None = None
        self._held = ColdSnapshot()
        self._guard = threading.Lock()

    @property
    def log(self) -> Path:
        return self.folder / "_delta_log"

    def snapshot(self) -> ColdSnapshot:
        """The newest state. Costs one file lookup when nothing was committed since the last call."""
        with self._guard:
            if self._delta is None:
                if not self.log.is_dir() or not DeltaTable.is_deltatable(str(self.folder)):
                    return ColdSnapshot()
                self._delta = DeltaTable(str(self.folder))
            elif self._entry(self._held.version + 1).exists() or not self._entry(self._held.version).exists():
                self._delta = self._newer(self._delta)
            if self._delta.version() != self._held.version:
                self._held = _read(self._delta, self.folder)
            return self._held

    def _newer(self, delta: DeltaTable) -> DeltaTable:
        delta.update_incremental()
        if delta.version() >= self._held.version and self._entry(delta.version()).exists():
            return delta
        return DeltaTable(str(self.folder))

    def _entry(self, version: int) -> Path:
        return self.log / f"{version:020}.json"

    def append(self, rows: pa.Table, *, watermark: int) -> None:
        """Commit rows that hold all hot batches up to id `watermark`, sorted within each day, and sync them to disk."""
        days = pc.cast(pc.floor_temporal(rows.column("Timestamp"), unit="day"), pa.date32())
        order = [("day", "ascending"), (self.table.sort_column, "ascending")]
        write_deltalake(
            str(self.folder),
            rows.append_column("day", days).sort_by(order),
            mode="append",
            partition_by=["day"],
            schema_mode="merge",
            configuration=CONFIGURATION,
            writer_properties=self._properties(),
            commit_properties=CommitProperties(app_transactions=[Transaction(APP, watermark)]),
        )
        self.sync()

    def compact(self, *, now: datetime, most_files: int = 8) -> int:
        """Rewrite days with many files, sorted by the table's sort column; returns how many days were rewritten.

        A past day becomes one file once nothing came for a while; a day that still grows waits for `most_files`, so that a
        backfill over months does not rewrite every day again and again.
        """
        files: dict[date, list[ColdFile]] = {}
        for file in self.snapshot().files:
            files.setdefault(file.day, []).append(file)
        days = [day for day, held in files.items() if len(held) >= (2 if _settled(day, held, now) else most_files)]
        for day in days:
            delta = DeltaTable(str(self.folder))
            delta.optimize.z_order(
                [self.table.sort_column],
                partition_filters=[("day", "=", day.isoformat())],
                max_concurrent_tasks=1,
                max_spill_size=256 * 1024 * 1024,
                writer_properties=self._properties(),
            )
            self.sync()
        return len(days)

    def forget_before(self, day: date) -> int:
        """Drop whole days older than `day`; returns how many rows went."""
        old = [file for file in self.snapshot().files if file.day < day]
        if old:
            DeltaTable(str(self.folder)).delete(f"day < DATE '{day.isoformat()}'")
            self.sync()
        return sum(file.rows for file in old)

    def tidy(self) -> None:
        """Write a checkpoint, drop old log entries, delete files that no reader can still want."""
        if self.snapshot().version < 0:
            return
        delta = DeltaTable(str(self.folder))
        delta.create_checkpoint()
        delta.cleanup_metadata()
        delta.vacuum(retention_hours=VACUUM_HOURS, dry_run=False, enforce_retention_duration=False)
        self.sync()

    def sync(self, *, commits: int = 4) -> None:
        """fsync the newest commits: their data files, their log entries, checkpoints, and the folders that name them."""
        entries = self._entries()[-commits:]
        added = {self.folder / path for entry in entries for path, _ in _added(entry)}
        paths = [path for path in added if path.exists()]
        checkpoints = [path for path in self.log.iterdir() if "checkpoint" in path.name]
        folders = {path.parent for path in paths} | {self.log, self.folder, self.folder.parent}
        for path in (*paths, *entries, *checkpoints, *folders):
            _fsync(path)

    def repair(self) -> bool:
        """After a power loss: drop the last log entry when it, or a file it names, did not reach the disk whole.

        Safe because hot batches are marked flushed only after `sync`; they are flushed again. True when something was dropped.
        """
        if not self.log.is_dir():
            return False
        entries = self._entries()
        if not entries or _whole(entries[-1], self.folder):
            return False
        entries[-1].unlink()
        _fsync(self.log)
        with self._guard:
            self._delta, self._held = None, ColdSnapshot()
        return True

    def _entries(self) -> list[Path]:
        return sorted(path for path in self.log.glob("*.json") if path.stem.isdigit())

    def _properties(self) -> WriterProperties:
        columns = {}
        if self.table.bloom_column:
            bloom = BloomFilterProperties(set_bloom_filter_enabled=True, fpp=0.01, ndv=ROW_GROUP)
            columns[self.table.bloom_column] = ColumnProperties(bloom_filter_properties=bloom, dictionary_enabled=False)
        return WriterProperties(
            max_row_group_size=ROW_GROUP, compression="ZSTD", compression_level=3, column_properties=columns
        )


def _read(delta: DeltaTable, folder: Path) -> ColdSnapshot:
    actions = pa.table(delta.get_add_actions(flatten=True)).to_pylist()
    files = [
        ColdFile(
            path=str(folder / action["path"]),
            day=_day(action["partition.day"]),
            rows=action["num_records"] or 0,
            bytes=action["size_bytes"],
            lo=_edge(action, "min.Timestamp", timedelta(0)),
            hi=_edge(action, "max.Timestamp", timedelta(days=1)),
        )
        for action in actions
    ]
    files.sort(key=lambda file: file.hi, reverse=True)
    return ColdSnapshot(delta.transaction_version(APP) or 0, tuple(files), delta.version())


def _settled(day: date, files: list[ColdFile], now: datetime) -> bool:
    newest = max(Path(file.path).stat().st_mtime for file in files)
    return day < now.date() and newest < (now - QUIET).timestamp()


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


def _added(entry: Path) -> Iterable[tuple[str, int]]:
    """Path and size of each file a log entry adds."""
    for line in entry.read_text().splitlines():
        action = json.loads(line).get("add")
        if action:
            yield action["path"], action["size"]


def _whole(entry: Path, folder: Path) -> bool:
    try:
        added = list(_added(entry))
    except ValueError:
        return False
    sizes = [(folder / path, size) for path, size in added]
    return entry.stat().st_size > 0 and all(path.exists() and path.stat().st_size == size for path, size in sizes)


def _fsync(path: Path) -> None:
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_tables: dict[tuple[int, Path, str], ColdTable] = {}
_tables_guard = threading.Lock()


def cold_table(folder: Path, table: Table) -> ColdTable:
    """This process's view of one cold table."""
    key = (os.getpid(), folder, table.name)
    with _tables_guard:
        if key not in _tables:
            _tables[key] = ColdTable(folder, table)
        return _tables[key]
