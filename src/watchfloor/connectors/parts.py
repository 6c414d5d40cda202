"""A mail's parts, read apart: who knows how to read them is named from above, and reads in a limited process only."""

import atexit
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from watchfloor.connectors.protocols.enclosed import Enclosed, Handler
from watchfloor.kernel.errors import NotConfigured

Reader = Callable[[bytes], Iterable[tuple[str, str, bytes]]]
"""(name, SHA-256 of the attachment it belongs to, bytes) of each piece; a function of a module, so that a child finds it."""

_reader: list[Reader] = []
_splitting: list[Enclosed] = []


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a mail; `sha256` is the attachment's it is or lies in, `name` is empty for what is no file."""

    name: str
    sha256: str
    data: bytes


def take_parts_from(reader: Reader) -> None:
    """Name who reads a mail's parts."""
    _reader[:] = [reader]


def reader() -> Reader:
    """Who reads parts. Raises NotConfigured where nobody was named."""
    if not _reader:
        raise NotConfigured("nobody here reads the parts of a mail")
    return _reader[0]


def pieces_of(raw: bytes, *, seconds: float) -> list[Piece]:
    """The parts of a mail, read in a limited process. Raises Unreachable when that takes more than it may."""
    if not _splitting:
        _splitting.append(Enclosed(splitter, reader()))
        atexit.register(_splitting[0].close)
    answer = _splitting[0].ask(raw, seconds=seconds)
    head, _, rest = answer.partition(b"\n")
    pieces, place = [], 0
    for name, sha256, size in json.loads(head):
        pieces.append(Piece(str(name), str(sha256), rest[place : place + int(size)]))
        place += int(size)
    return pieces


def splitter(read: Reader) -> tuple[bytes, Handler]:
    """In the child: mails in, parts out."""

    def split(raw: bytes) -> bytes:
        pieces = list(read(raw))
        head = json.dumps([(name, sha256, len(data)) for name, sha256, data in pieces])
        return b"\n".join([head.encode(), b"".join(data for _, _, data in pieces)])

    return b"ready", split
