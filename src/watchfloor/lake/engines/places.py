"""Where the cold tier lies: a folder of this machine, or an object store with a cache of its files here.

A `Shelf` is one table's part of it. What differs is how a commit becomes durable (our fsync, or the store's PUT), how a
reader sees that something new came (a look at the log's folder, or one HEAD every two seconds), and where DuckDB finds files.
"""

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from watchfloor.lake.engines.cache import FileCache, Lease
from watchfloor.lake.engines.object_store import Bucket, Location

RESTED_NS = 2_000_000_000
"""A folder that was not changed for so long gets another time with the next change, however coarse the file system's clock is."""
FORGOTTEN = 3600.0
"""Seconds after which a held state of a store's table is read anew."""


class Shelf(Protocol):
    """One table's place. `fresh_seconds` is for how long readers may take the last look for the newest state."""

    @property
    def uri(self) -> str: ...
    @property
    def options(self) -> dict[str, str] | None: ...
    @property
    def fresh_seconds(self) -> float: ...

    def exists(self) -> bool: ...
    def moved_on(self, version: int, *, seconds: float) -> bool:
        """Whether the table may be at another state than `version`, at which it was `seconds` ago."""

    def file(self, path: str) -> tuple[str, str]:
        """Where a data file, named as in the log, lies for the engine, and its address."""

    def lease(self) -> Lease | None: ...
    def sync(self, *, commits: int = 4) -> None: ...
    def repair(self) -> bool: ...


class Place(Protocol):
    """A whole cold tier. Equal places are the same place."""

    def shelf(self, table: str) -> Shelf: ...
    def tables(self) -> frozenset[str]:
        """Names of the tables that were ever committed to."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A folder of this machine."""

    folder: Path

    def shelf(self, table: str) -> Shelf:
        return DiskShelf(self.folder / table)

    def tables(self) -> frozenset[str]:
        return frozenset(log.parent.name for log in self.folder.glob("*/_delta_log"))


class DiskShelf:
    """deltalake calls no fsync, so files are synced here after each commit."""

    options = None
    fresh_seconds = 0.0

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "_delta_log"
        self.uri = str(folder)
        self._entries_begin = f"{self.log}{os.sep}"  # every question asks: a Path takes as long as the look
        self._at_rest = (-1, 0)

    def exists(self) -> bool:
        return self.log.is_dir()

    def moved_on(self, version: int, *, seconds: float) -> bool:
        """A dropped entry counts too: a commit that a power loss tore is written again.

        Entries are looked for when their folder changed since they were last, or a moment before.
        """
        try:
            changed = os.stat(self._entries_begin).st_mtime_ns
        except FileNotFoundError:
            return True
        if self._at_rest == (version, changed):
            return False
        moved = self._has_entry(version + 1) or not self._has_entry(version)
        if not moved and time.time_ns() - changed > RESTED_NS:
            self._at_rest = (version, changed)
        return moved

    def _has_entry(self, version: int) -> bool:
        return os.path.exists(f"{self._entries_begin}{version:020}.json")

    def file(self, path: str) -> tuple[str, str]:
        return str(self.folder / path), ""

    def lease(self) -> None:
        return None

    def sync(self, *, commits: int = 4) -> None:
        """fsync the newest commits: their data files, their log entries, checkpoints, and the folders that name them."""
        entries = self._entries()[-commits:]
        added = {self.folder / path for entry in entries for path, _ in _added(entry)}
        paths = [path for path in added if path.exists()]
        checkpoints = [path for path in self.log.iterdir() if "checkpoint" in path.name]
        folders = {path.parent for path in paths} | {self.log, self.folder, self.folder.parent}
        for path in (*paths, *entries, *checkpoints, *folders):
            fsync(path)

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
        fsync(self.log)
        return True

    def _entries(self) -> list[Path]:
        return sorted(path for path in self.log.glob("*.json") if path.stem.isdigit())


@dataclass(frozen=True, slots=True)
class Store:
    """A bucket, or a part of one, whose Parquet files are read through a cache in `folder`."""

    location: Location
    folder: Path
    most_bytes: int

    def shelf(self, table: str) -> Shelf:
        return StoreShelf(self, table)

    @property
    def bucket(self) -> Bucket:
        return _bucket(os.getpid(), self.location)

    @property
    def cache(self) -> FileCache:
        return _cache(os.getpid(), self)

    def tables(self) -> frozenset[str]:
        prefix = self.location.key("")
        prefix = f"{prefix}/" if prefix else ""
        folders = self.bucket.listed(prefix, below=False)
        return frozenset(key.removeprefix(prefix).rstrip("/") for key, _ in folders if key.endswith("/"))


class StoreShelf:
    """A PUT that was answered is durable and whole, so nothing needs syncing or repair."""

    fresh_seconds = 2.0
    """One question for all reads of a page. Batches that were flushed meanwhile stay in the hot tier far longer."""

    def __init__(self, store: Store, table: str) -> None:
        self.store, self.table = store, table
        self.uri = store.location.uri(table)
        self.options: dict[str, str] | None = store.location.options()

    def exists(self) -> bool:
        return True  # not known without a question; deltalake asks it anyway

    def moved_on(self, version: int, *, seconds: float) -> bool:
        """The next entry may itself be gone again when nobody looked for long: logs are kept for a day."""
        entry = self.store.location.key(self.table, "_delta_log", f"{version + 1:020}.json")
        return seconds > FORGOTTEN or self.store.bucket.size(entry) is not None

    def file(self, path: str) -> tuple[str, str]:
        return str(self.store.folder / self.table / path), f"{self.uri}/{path}"

    def lease(self) -> Lease:
        return Lease(self.store.cache)

    def sync(self, *, commits: int = 4) -> None:
        """Nothing to do."""

    def repair(self) -> bool:
        return False


@cache
def _bucket(process: int, location: Location) -> Bucket:
    return Bucket(location)


@cache
def _cache(process: int, store: Store) -> FileCache:
    return FileCache(store.folder, store.bucket, most_bytes=store.most_bytes)


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


def fsync(path: Path) -> None:
    """Make a file or folder durable; one that is gone needs no more."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
