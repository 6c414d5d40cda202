"""Which cached files a running query needs, told to every process of the machine by locks that end with their holder.

One lock file, one byte of it for each cached file: a query holds the byte shared, whoever wants to remove the file must get
it alone. The locks belong to the open file, so the kernel drops them with a process that is killed.
"""

import fcntl
import hashlib
import os
import struct
import threading
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


class Pins:
    """Safe between threads; a file that several queries of this process need is locked once."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._held: Counter[str] = Counter()
        self._gone: deque[frozenset[str]] = deque()
        self._guard = threading.Lock()

    def take(self, names: Iterable[str]) -> None:
        """From now on nobody removes these."""
        with self._guard:
            self._let_go()
            for name in names:
                if not self._held[name]:
                    _lock(self._handle, fcntl.F_RDLCK, name, wait=True)
                self._held[name] += 1

    def release(self, names: frozenset[str]) -> None:
        """Never waits: the garbage collector may call it in the middle of anything, `take` included."""
        self._gone.append(names)
        if self._guard.acquire(blocking=False):
            try:
                self._let_go()
            finally:
                self._guard.release()

    def _let_go(self) -> None:
        while self._gone:
            for name in self._gone.popleft():
                self._held[name] -= 1
                if not self._held[name]:
                    del self._held[name]
                    _lock(self._handle, fcntl.F_UNLCK, name)

    @contextmanager
    def alone(self) -> Iterator["Alone"]:
        """For removing: a handle of its own, whose locks are at odds with those of this process too."""
        self.release(frozenset())
        handle = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        try:
            yield Alone(handle)
        finally:
            os.close(handle)


class Alone:
    """Asks for single files whether nobody needs them."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    @contextmanager
    def over(self, name: str) -> Iterator[bool]:
        """True when nobody needs the file; until the end nobody can begin to."""
        try:
            _lock(self._handle, fcntl.F_WRLCK, name)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            _lock(self._handle, fcntl.F_UNLCK, name)


def _lock(handle: int, kind: int, name: str, *, wait: bool = False) -> None:
    place = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=7).digest(), "big")
    request = struct.pack("hhqqi4x", kind, os.SEEK_SET, place, 1, 0)  # struct flock of 64-bit Linux
    fcntl.fcntl(handle, fcntl.F_OFD_SETLKW if wait else fcntl.F_OFD_SETLK, request)
