"""Compressed RTF unpacked (MS-OXRTFCP). Pure.

The checksum is not held against it: what a reader would refuse, another may show.
"""

import struct

MOST_UNPACKED = 16 << 20
_WINDOW = 4096
_FIRST = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""What the window holds at the start (MS-OXRTFCP 2.1.3.1.1)."""


def unpacked(data: bytes) -> bytes:
    """The RTF of a stream, as far as it can be read; b"" for what is none."""
    if len(data) < 16:
        return b""
    size, raw_size, kind = struct.unpack_from("<II4s", data)
    body, most = data[16 : max(size + 4, 16)], min(raw_size, MOST_UNPACKED)
    if kind == b"MELA":
        return body[:most]
    return _Window().read(body, most) if kind == b"LZFu" else b""


class _Window:
    """The last 4,096 bytes that were written; tokens point into it."""

    def __init__(self) -> None:
        self.bytes = bytearray(_FIRST.ljust(_WINDOW, b"\0"))
        self.write = len(_FIRST)

    def read(self, body: bytes, most: int) -> bytes:
        """Runs of eight tokens behind a byte that tells which of them are letters."""
        made, at = bytearray(), 0
        while at < len(body) and len(made) < most:
            control, at = body[at], at + 1
            for bit in range(8):
                wide = control >> bit & 1
                token, at = body[at : at + 1 + wide], at + 1 + wide
                piece = self._copied(int.from_bytes(token, "big")) if wide and len(token) == 2 else token[: not wide]
                if not piece:
                    return bytes(made)
                self._keep(piece)
                made += piece
        return bytes(made[:most])

    def _copied(self, token: int) -> bytes:
        """b"" at the end of it all: a token that points at where writing goes on."""
        start, length = token >> 4, (token & 15) + 2
        run = bytes(self.bytes[(start + n) % _WINDOW] for n in range(min(length, (self.write - start) % _WINDOW)))
        return (run * (length // len(run) + 1))[:length] if run else b""

    def _keep(self, piece: bytes) -> None:
        for letter in piece:
            self.bytes[self.write] = letter
            self.write = (self.write + 1) % _WINDOW
