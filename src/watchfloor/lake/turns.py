"""How many queries one person runs at once, across every process: a lock on a file, gone with whoever held it."""

import fcntl
import hashlib
from io import TextIOWrapper
from pathlib import Path

from watchfloor.lake.contracts import TooMany

AT_ONCE = 2


class Turn:
    """A place among somebody's running queries; given back when closed, or when nobody holds it any more."""

    def __init__(self, folder: Path, who: str) -> None:
        """Raises TooMany when all places are taken."""
        self._held = _taken(folder, hashlib.sha256(who.encode()).hexdigest()[:32])

    def close(self) -> None:
        self._held.close()


def _taken(folder: Path, name: str) -> TextIOWrapper:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(AT_ONCE):
        handle = (folder / f"{name}-{number}").open("a")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            continue
        return handle
    raise TooMany(f"{AT_ONCE} queries of yours are running; wait until one has ended")
