"""One file read: for its SHA-256 when somebody asks, or for what is in it where the connection allows that."""

import hashlib
import os
import stat
from collections.abc import Callable
from io import BufferedReader
from typing import TypeVar

from watchfloor.connectors.contracts import TooLarge
from watchfloor.connectors.systems.file_shares.places import Place, below_of
from watchfloor.kernel.errors import BadInput, NotFound, Unreachable

T = TypeVar("T")
HOW = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
OTHER = "this is no file of its own, but a link, a folder or a device"


def sha256_in(place: Place, key: str) -> str:
    """64 hexadecimal digits. Raises NotFound when it is gone, BadInput for what is no file of this place, Unreachable."""
    return _opened(place, key, lambda file: hashlib.file_digest(file, "sha256").hexdigest())


def content_in(place: Place, key: str, *, most: int) -> bytes:
    """The file's bytes. Raises TooLarge beyond `most`, and what `sha256_in` raises."""
    raw = _opened(place, key, lambda file: file.read(most + 1))
    if len(raw) > most:
        raise TooLarge(f"it is larger than {most >> 20} MB", place=key)
    return raw


def _opened(place: Place, key: str, what: Callable[[BufferedReader], T]) -> T:
    """What `what` makes of the open file, which is surely one of this place."""
    path = os.path.join(place.root, below_of(key))
    if os.path.normpath(path) != path or not path.startswith(f"{place.root.rstrip('/')}/"):
        raise BadInput("this is no path below the folder", place=key)
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):  # before opening: to open a device may already do something
            raise BadInput(OTHER, place=key)
        with os.fdopen(os.open(path, HOW), "rb") as file:
            # Where the open file lies counts, whatever links somebody has put on the way meanwhile.
            if os.readlink(f"/proc/self/fd/{file.fileno()}") != path or not stat.S_ISREG(
                os.fstat(file.fileno()).st_mode
            ):
                raise BadInput(OTHER, place=key)
            return what(file)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound("the file is not there any more", place=key) from error
    except OSError as error:
        raise Unreachable(f"the file cannot be read: {error.strerror}", place=key) from error
