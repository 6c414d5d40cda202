"""How the text of a part is carried (RFC 2045): taken out, and put back with changes and nothing else moved. Pure.

Quoted-printable is changed in place, so that what is not touched stays as it stood; base64 has to be written anew.
"""

import base64
import binascii
import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass

LINE = 990
"""Bytes of a line without encoding that every mail server passes on (RFC 5322: 998)."""
_COLUMN = 72
_PIECE = re.compile(rb"=([0-9A-Fa-f]{2})|(=[ \t]*+\r?\n)|([ \t]++)|[^= \t]++|=")
_ESCAPE = re.compile(rb"=[0-9A-Fa-f]{2}")
_LINE_END = re.compile(rb"\r?\n|\Z")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")


@dataclass(frozen=True, slots=True)
class Carried:
    """The bytes of the text, and what puts changes to them (as bytes, in order) back into the part's own encoding."""

    data: bytes
    put: Callable[[Sequence["Bytes"]], bytes]


@dataclass(frozen=True, slots=True)
class Bytes:
    """A change to bytes, as `Change` is to text."""

    start: int
    end: int
    new: bytes
    before: int = -1
    after: int = -1


def taken_out(body: bytes, encoding: str) -> Carried | None:
    """The text of a part's body; None when it cannot be read by its own encoding."""
    if encoding in ("", "7bit", "8bit", "binary"):
        return Carried(body, lambda changes: _plain(body, changes))
    if encoding == "quoted-printable":
        return _quoted(body)
    if encoding == "base64":
        return _base64(body)
    return None


def _plain(body: bytes, changes: Sequence[Bytes]) -> bytes:
    """Lines that would grow too long for mail servers are broken where a line end changes nothing."""
    made, at = bytearray(), 0
    for one in changes:
        made += body[at : one.start]
        column = len(made) - (made.rfind(b"\n") + 1)
        ends = body.find(b"\n", one.end, one.end + LINE + 1)
        rest = (min(len(body), one.end + LINE + 1) if ends < 0 else ends) - one.end
        if column + len(one.new) + rest > LINE and one.before >= 0:
            cut = len(made) - (one.start - one.before)
            made[cut:cut] = b"\r\n"
        made += one.new
        if one.after >= 0 and rest > LINE - len(one.new):
            made += b"\r\n"
        at = one.end
    return bytes(made + body[at:])


def _quoted(body: bytes) -> Carried:
    """Decoded bytes, with where each came from (four bytes for one, as the sender says how many there are)."""
    data, places = bytearray(), array("I")
    for piece in _PIECE.finditer(body):
        if piece[1]:
            data.append(int(piece[1], 16))
            places.append(piece.start())
        elif piece[2] or (piece[3] and _LINE_END.match(body, piece.end())):
            continue  # a soft line end, or blanks that a mail server put at the end of a line
        else:
            data += piece[0]
            places.extend(range(*piece.span()))

    def ends_at(start: int) -> int:
        return start + 3 if _ESCAPE.match(body, start) else start + 1

    def put(changes: Sequence[Bytes]) -> bytes:
        made, at = bytearray(), 0
        for one in changes:
            first, last = places[one.start], ends_at(places[one.end - 1])
            made += body[at:first]
            if made and made[-1:] != b"\n":
                made += b"=\r\n"
            made += _quoted_lines(one.new)
            if not body[last : last + 3].startswith((b"\r", b"\n", b"=\r", b"=\n")) and last < len(body):
                made += b"=\r\n"
            at = last
        return bytes(made + body[at:])

    return Carried(bytes(data), put)


def _quoted_lines(text: bytes) -> bytes:
    """ASCII text as quoted-printable, in lines of at most 72 characters."""
    marks = [b"%c" % one if 33 <= one <= 126 and one != 61 else b"=%02X" % one for one in text]
    lines, line = [], bytearray()
    for mark in marks:
        if len(line) + len(mark) > _COLUMN:
            lines.append(bytes(line))
            line = bytearray()
        line += mark
    return b"=\r\n".join([*lines, bytes(line)])


def _base64(body: bytes) -> Carried | None:
    """Read as mail programs read it: what is no letter of base64 is passed over, and what follows a closing = is read on."""
    packed = _NOT_BASE64.sub(b"", body)
    try:
        data = b"".join(_opened(piece) for piece in re.split(rb"=+", packed) if piece)
    except (binascii.Error, ValueError):
        return None
    end = b"\r\n" if b"\r\n" in body or b"\n" not in body else b"\n"
    tail = body[len(body.rstrip(b"\r\n")) :]

    def put(changes: Sequence[Bytes]) -> bytes:
        made, at = bytearray(), 0
        for one in changes:
            made += data[at : one.start] + one.new
            at = one.end
        packed = base64.b64encode(bytes(made + data[at:]))
        return end.join(packed[n : n + 76] for n in range(0, len(packed), 76)) + tail

    return Carried(data, put)


def _opened(piece: bytes) -> bytes:
    """A stretch of base64 without its closing =; a last letter alone says nothing."""
    whole = piece[:-1] if len(piece) % 4 == 1 else piece
    return base64.b64decode(whole + b"=" * (-len(whole) % 4), validate=True)
