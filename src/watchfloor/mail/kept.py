"""Pictures and analyses kept on disk, so that a second look is quick: bounded, below the home, readable by us alone.

What is kept is checked again when it is read, and only shown while its mail is still there: the cache knows nothing that the source
does not.
"""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from django.conf import settings

MOST_BYTES = 200 << 20
MOST_FILES = 2_000


def folder() -> Path:
    """Where they lie."""
    return Path(settings.HOME) / "cache" / "mail"


def recall(kind: str, key: str) -> bytes | None:
    """What was kept under this key; None when nothing was, or it has made room."""
    path = _path(kind, key)
    try:
        data = path.read_bytes()
        os.utime(path)
    except OSError:
        return None
    return data


def keep(kind: str, key: str, data: bytes) -> None:
    """Keep it, and let the oldest make room. A full disk is no reason to show nothing."""
    with suppress(OSError):
        folder().mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=folder(), prefix=".new-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(name, _path(kind, key))
        make_room()


def make_room(*, most_bytes: int = MOST_BYTES, most_files: int = MOST_FILES) -> None:
    """Remove what was looked at longest ago until the rest fits."""
    found = sorted(
        ((entry.stat().st_mtime, entry.stat().st_size, entry.path) for entry in os.scandir(folder())), reverse=True
    )
    total = 0
    for number, (_, size, path) in enumerate(found):
        total += size
        if total > most_bytes or number >= most_files:
            with suppress(OSError):
                os.unlink(path)


def _path(kind: str, key: str) -> Path:
    return folder() / f"{kind}-{hashlib.sha256(key.encode()).hexdigest()}"
