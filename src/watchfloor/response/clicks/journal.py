"""Clicks on disk before they are answered: one file a process, one sync for all that wait, moved into the lake by the worker.

A database would make a click wait for whoever writes a large batch just then; this waits for the disk alone.
"""

import fcntl
import json
import os
import threading
import time
from collections.abc import Mapping
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


class Journal:
    """Appends from many threads; the first of those waiting writes and syncs for all of them."""

    def __init__(self) -> None:
        self._guard = threading.Condition()
        self._waiting: list[bytes] = []
        self._asked = self._kept = 0
        self._busy = False
        self._failed: tuple[int, str] = (0, "")
        self._handle = -1
        self._at = folder()
        self._process = 0

    def keep(self, click: Mapping[str, Any]) -> None:
        """On return the click is on disk. Raises Unreachable when it is not."""
        line = json.dumps(click, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
        with self._guard:
            self._waiting.append(line)
            self._asked += 1
            mine = self._asked
            until = time.monotonic() + PATIENCE_S
            while self._kept < mine:
                if not self._busy:
                    self._write_all()
                elif not self._guard.wait(until - time.monotonic()):
                    raise Unreachable("the disk does not answer", place=str(self._at))
            if mine <= self._failed[0] and self._failed[1]:
                raise Unreachable(f"the click could not be written: {self._failed[1]}", place=str(self._at))

    def _write_all(self) -> None:
        """Called with the guard held by whoever found nobody writing."""
        lines, upto = self._waiting, self._asked
        self._waiting, self._busy = [], True
        self._guard.release()
        trouble = ""
        try:
            self._append(b"".join(lines))
        except OSError as error:
            trouble = str(error)
        finally:
            self._guard.acquire()
            self._busy, self._kept = False, upto
            self._failed = (upto, trouble)
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
            os.ftruncate(self._handle, start)
            raise
        if start + len(data) > MOST_BYTES:
            os.close(self._handle)
            self._handle = -1

    def _open(self) -> None:
        """A new file; the lock says that somebody still writes to it."""
        self._at.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._at / f"{time.time_ns()}-{os.getpid()}.jsonl"
        self._handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        above = os.open(self._at, os.O_RDONLY)
        try:
            os.fsync(above)
        finally:
            os.close(above)


JOURNAL = Journal()
