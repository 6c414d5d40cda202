"""A drop folder: each top-level entry is taken in once per content (name, size and time), remembered across restarts."""

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

from watchfloor.connectors.importing import import_paths
from watchfloor.connectors.models import FolderCursor
from watchfloor.kernel.clock import utc_now

SETTLED_SECONDS = 2.0
"""A file changed less long ago may still be being written."""


def watch(folder: Path, *, name: str, seconds: int, stop: Callable[[], bool]) -> None:
    """Look, take in, wait; ends when `stop` says so."""
    while not stop():
        take_in_new(folder, name=name)
        for _ in range(seconds * 10):
            if stop():
                return
            time.sleep(0.1)


def take_in_new(folder: Path, *, name: str) -> int:
    """Take in entries not seen before; returns how many mails came of it."""
    accepted = 0
    for entry in sorted(folder.iterdir()):
        newest = _newest(entry)
        if newest is None:
            continue
        changed = int(newest * 1000)
        if utc_now().timestamp() - changed / 1000 < SETTLED_SECONDS:
            continue
        seen = FolderCursor.objects.filter(connection=name, mailbox="", path=entry.name[:500]).first()
        if seen and seen.last_uid >= changed:
            continue
        accepted += import_paths([entry], source=name).accepted
        FolderCursor.objects.update_or_create(
            connection=name, mailbox="", path=entry.name[:500], defaults={"uidvalidity": 0, "last_uid": changed}
        )
    return accepted


def _newest(entry: Path) -> float | None:
    """The latest change of the entry or of anything below it, links not followed; None when it is gone or closed to us."""
    try:
        found = entry.lstat()
        below = os.walk(entry) if stat.S_ISDIR(found.st_mode) else ()
        inside = (os.path.join(folder, name) for folder, folders, files in below for name in (*folders, *files))
        return max([found.st_mtime, *(os.lstat(path).st_mtime for path in inside)])
    except OSError:
        return None
