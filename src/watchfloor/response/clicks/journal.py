"""Clicks on disk before they are answered: one file a process, one sync for all that wait, moved into the lake by the worker.

A database would make a click wait for whoever writes a large batch just then; this waits for the disk alone.
"""

import fcntl
import json
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from watchfloor.kernel.errors import Unreachable

MOST_BYTES = 8 << 20
"""A file larger than this is left for the worker and the next one begun."""
PATIENCE_S = 5.0


def folder() -> Path:
    """Where the clicks wait."""
    return Path(settings.HOME) / "clicks"


@dataclass(slots=True)
class _Batch:
    """Lines written and synced together; `over` once that was tried, `trouble` is empty when all of them are on disk."""

    lines: list[bytes] = field(default_factory=list)
    over: bool = False
    trouble: str = "the write was broken off"


class Journal:
    """Appends from many threads; the first of those waiting writes and syncs for all of them, and each hears of its own batch."""

    def __init__(self) -> None:
        self._guard = threading.Condition()
        self._next = _Batch()
        self._busy = False
        self._handle = -1
        self._at = folder()
        self._process = 0

    @property
    def waiting(self) -> int:
        """Lines that wait for the next write."""
        return len(self._next.lines)

    def keep(self, click: Mapping[str, Any]) -> None:
        """On return the click is on disk. Raises Unreachable when it is not."""
        line = json.dumps(click, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
        with self._guard:
            mine = self._next
            mine.lines.append(line)
            until = time.monotonic() + PATIENCE_S
            while not mine.over:
                if not self._busy:
                    self._write_next()
                elif not self._guard.wait(until - time.monotonic()):
                    raise Unreachable("the disk does not answer", place=str(self._at))
            if mine.trouble:
                raise Unreachable(f"the click could not be written: {mine.trouble}", place=str(self._at))

    def _write_next(self) -> None:
        """Called with the guard held by whoever found nobody writing."""
        batch, self._next, self._busy = self._next, _Batch(), True
        self._guard.release()
        try:
            self._append(b"".join(batch.lines))
            batch.trouble = ""
        except OSError as error:
            batch.trouble = str(error)
        finally:
            self._guard.acquire()
            self._busy, batch.over = False, True
            self._guard.notify_all()

    def _append(self, data: bytes) -> None:
        if self._process != os.getpid() or self._at != folder():
            self._handle, self._process, self._at = -1, os.getpid(), folder()
        if self._handle < 0:
            self._open()
        start = os.lseek(self._handle, 0, os.SEEK_END)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._handle, view) :]
            os.fdatasync(self._handle)
        except OSError:
            self._take_back(start)
            raise
        if start + len(data) > MOST_BYTES:
            self._close()

    def _take_back(self, start: int) -> None:
        """What was written in part must not stand before the next click: where it cannot be cut off, a new file is begun."""
        try:
            os.ftruncate(self._handle, start)
        except OSError:
            self._close()

    def _close(self) -> None:
        os.close(self._handle)
        self._handle = -1

    def _open(self) -> None:
        """A new file; the lock says that somebody still writes to it."""
        self._at.mkdir(parents=True, exist_ok=True, mode=0o700)
        while self._handle < 0:
            path = self._at / f"{time.time_ns()}-{os.getpid()}.jsonl"
            self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._handle, fcntl.LOCK_EX)
            if not os.fstat(self._handle).st_nlink:  # the worker took it for one that nobody writes to
                self._close()
        above = os.open(self._at, os.O_RDONLY)
        try:
            os.fsync(above)
        finally:
            os.close(above)


JOURNAL = Journal()
