"""Files of an object store in a folder of bounded size that all processes of a machine share, for an engine that reads local files.

A file is immutable and named once, so it is fetched at most once while it is kept. It appears under its name only when it is
whole; what a query needs is pinned (see pins.py) until the query's sources are gone; the least recently used go first.
"""

import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from watchfloor.kernel.errors import Unreachable
from watchfloor.lake.contracts import TooLarge, TooSlow
from watchfloor.lake.engines.object_store import Bucket
from watchfloor.lake.engines.pins import Pins

log = logging.getLogger(__name__)

AT_ONCE = 8
"""Fetches at the same time: one connection seldom fills the line to a store."""
PART = ".part"
FETCH_SECONDS = 60.0
"""How long a question waits for its files; they go on coming after that."""
ABANDONED = 600.0
"""Seconds after which a part file that nobody writes belongs to a process that was killed."""
TOUCH_AFTER = 30.0
"""Seconds a file's last use may be out of date, to spare a write for each file of each query."""


class Wanted(Protocol):
    """A file a query needs: `path` is where it will lie, `uri` where it comes from."""

    @property
    def path(self) -> str: ...
    @property
    def uri(self) -> str: ...
    @property
    def bytes(self) -> int: ...


@dataclass(frozen=True, slots=True)
class CacheState:
    """What lies in the cache now, and what this process found there since it began; `fetching` counts all processes."""

    files: int
    bytes: int
    most_bytes: int
    hits: int
    misses: int
    fetching: int


class Lease:
    """Keeps the files that were asked through it in the cache, until the last of the sources that carry it is gone."""

    def __init__(self, cache: "FileCache") -> None:
        self.cache = cache
        self._names: set[str] = set()
        self._guard = threading.Lock()

    def ready(self, files: Sequence[Wanted]) -> None:
        """Fetch what is missing. Raises Unreachable when the store is away, TooLarge when all of it cannot lie here at once."""
        with self._guard:
            fresh = {file.path for file in files} - self._names
            self.cache.pins.take(fresh)
            self._names |= fresh
        self.cache.complete(files)

    def __del__(self) -> None:
        if self._names:
            self.cache.pins.release(frozenset(self._names))


class FileCache:
    """Shared between threads and, through its folder, between processes."""

    def __init__(self, folder: Path, bucket: Bucket, *, most_bytes: int) -> None:
        self.folder, self.bucket, self.most_bytes = folder, bucket, most_bytes
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.pins = Pins(folder / ".pins")
        self.hits = self.misses = 0
        self._running: dict[str, Future[None]] = {}
        self._guard = threading.Lock()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="lake-fetch")

    def complete(self, files: Sequence[Wanted]) -> None:
        """All of `files` lie here, whole; the caller has pinned them."""
        missing = [file for file in files if not _is_whole(file)]
        self.hits += len(files) - len(missing)
        self.misses += len(missing)
        if not missing:
            return
        needed = sum(file.bytes for file in files)
        if needed > self.most_bytes:
            raise TooLarge(
                f"the query needs {needed / 1e6:,.0f} MB of files and the cache of the object store may hold "
                f"{self.most_bytes / 1e6:,.0f} MB; take a shorter time, or let lake_cache_mb be larger"
            )
        self.trim(coming=sum(file.bytes for file in missing))
        began = time.monotonic()
        self._together(missing)
        took = time.monotonic() - began
        size = sum(file.bytes for file in missing) / 1e6
        log.log(
            logging.INFO if took > 1 else logging.DEBUG,
            "fetched %d files, %.1f MB, in %.1f s",
            len(missing),
            size,
            took,
        )

    def _together(self, files: Sequence[Wanted]) -> None:
        """Fetch in parallel; a file that another query of this process fetches already is waited for."""
        with self._guard:
            futures = [self._future(file) for file in files]
        done, rest = wait(futures, FETCH_SECONDS, FIRST_EXCEPTION)
        if rest and not any(future.cancelled() or future.exception() for future in done):
            raise TooSlow(
                f"{len(done)} of {len(futures)} files came from the object store in {FETCH_SECONDS:.0f} seconds; the others are "
                "still being fetched and what came stays: ask again in a moment, or take a shorter time"
            )
        for future in rest:
            future.cancel()
        for future in done:
            try:
                future.result()
            except CancelledError:
                raise Unreachable(
                    "the object store failed while it was asked for the same file", place=str(self.bucket.location)
                ) from None

    def _future(self, file: Wanted) -> Future[None]:
        running = self._running.get(file.path)
        if running is None or running.cancelled():
            running = self._running[file.path] = self._pool.submit(self._fetch, file)
        return running

    def _fetch(self, file: Wanted) -> None:
        """Under another name first; its own only when all bytes are there."""
        try:
            if _is_whole(file):
                return
            path = Path(file.path)
            path.parent.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}{PART}")
            try:
                with part.open("w+b") as target:
                    got = self.bucket.fetch(file.uri.removeprefix(f"s3://{self.bucket.location.bucket}/"), target)
                if got != file.bytes:
                    raise Unreachable(f"the object store gave {got} bytes of a file of {file.bytes}", place=file.uri)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
        finally:
            with self._guard:
                self._running.pop(file.path, None)

    def trim(self, *, coming: int = 0) -> None:
        """Remove what was not used longest, until what is kept and what is coming fit; pinned files stay whatever happens."""
        kept = sorted(self._files(), key=lambda entry: entry[1].st_atime)
        room = self.most_bytes - coming - sum(stat.st_size for _, stat in kept)
        if room >= 0:
            return
        with self.pins.alone() as alone:
            for path, stat in kept:
                if room >= 0:
                    return
                if path.name.endswith(PART) and stat.st_mtime > time.time() - ABANDONED:
                    continue
                with alone.over(str(path)) as mine:
                    if mine:
                        path.unlink(missing_ok=True)
                        room += stat.st_size

    def state(self) -> CacheState:
        files = list(self._files())
        parts = [path for path, _ in files if path.name.endswith(PART)]
        size = sum(stat.st_size for _, stat in files)
        return CacheState(len(files) - len(parts), size, self.most_bytes, self.hits, self.misses, len(parts))

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        for folder, _, names in os.walk(self.folder):
            for name in names:
                if name.endswith((PART, ".parquet")):
                    path = Path(folder, name)
                    try:
                        yield path, path.stat()
                    except FileNotFoundError:
                        continue


def _is_whole(file: Wanted) -> bool:
    """Whether it lies here with all its bytes; its time of last use is set anew."""
    try:
        stat = os.stat(file.path)
    except FileNotFoundError:
        return False
    if stat.st_size != file.bytes:
        return False
    if stat.st_atime < time.time() - TOUCH_AFTER:
        # Not the time of modification, from which the engine tells whether its cached footers still hold.
        os.utime(file.path, ns=(time.time_ns(), stat.st_mtime_ns))
    return True


def ready(files: Iterable[object]) -> None:
    """Files that lie in an object store are fetched, in parallel; those of the local disk are there already."""
    leased: dict[Lease, list[Wanted]] = {}
    for file in files:
        lease = getattr(file, "lease", None)
        if lease is not None:
            leased.setdefault(lease, []).append(file)  # type: ignore[arg-type]
    for lease, wanted in leased.items():
        lease.ready(wanted)
