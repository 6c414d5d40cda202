"""Opening what lies in a folder that others may write to: regular files only, nothing by way of a link, nothing that waits."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

HOW = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_KINDS = (
    (stat.S_ISLNK, "a link; name what it points to"),
    (stat.S_ISFIFO, "a named pipe, not a file"),
    (stat.S_ISSOCK, "a socket, not a file"),
    (stat.S_ISCHR, "a device, not a file"),
    (stat.S_ISBLK, "a device, not a file"),
)


class NotTaken(OSError):
    """It is there and is left alone; the words say why."""


def why_not_taken(mode: int) -> str:
    """Why something of this kind (`st_mode` of lstat) is left alone; empty for files and folders."""
    return next((words for is_kind, words in _KINDS if is_kind(mode)), "")


@contextmanager
def opened(path: Path, *, below: Path) -> Iterator[BinaryIO]:
    """The file for reading; `below` is the real folder (or the file itself) that it must lie in.

    Raises NotTaken for what is no file or lies elsewhere, OSError for what may not be read. A link that takes the place of
    a folder on the way to it, between two looks, is noticed: what counts is where the open file lies.
    """
    if why := why_not_taken(path.lstat().st_mode):  # before opening: to open a device may already do something
        raise NotTaken(why)
    with os.fdopen(os.open(path, HOW), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise NotTaken(why_not_taken(os.fstat(file.fileno()).st_mode) or "not a file")
        lies_at = Path(os.readlink(f"/proc/self/fd/{file.fileno()}"))
        if not lies_at.is_relative_to(below):
            raise NotTaken("it lies outside the folder that is read")
        yield file
