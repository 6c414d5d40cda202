"""VBA source found by the first token every module begins with (MS-OVBA 2.4.1), whatever became of the container around it.

What damages a container on purpose, so that scanners give up and Office repairs it, does not hide its macros here.
"""

import re

_START = b"\x00Attribut"
_AUTO = re.compile(
    rb"\b(auto_?open|auto_?exec|auto_?close|document_?open|document_?close|workbook_?open|workbook_?activate|auto_?new)\b",
    re.IGNORECASE,
)
_CHUNKS = 64


def carved(blob: bytes) -> tuple[bool, str]:
    """Whether module source lies in these bytes, and the name by which one starts itself ("" when none does)."""
    has, auto = False, ""
    place = blob.find(_START)
    while place >= 3 and not auto:
        has = True
        found = _AUTO.search(decompress(blob, place - 3))
        auto = found[1].decode("ascii", "replace") if found else ""
        place = blob.find(_START, place + 1)
    return has, auto


def decompress(data: bytes, start: int) -> bytes:
    """The source at `start` (its 0x01 signature byte), at most 64 chunks of 4,096 bytes."""
    out = bytearray()
    if data[start : start + 1] != b"\x01":
        return b""
    place = start + 1
    for _ in range(_CHUNKS):
        header = int.from_bytes(data[place : place + 2], "little")
        if header >> 12 & 0b111 != 0b011:
            break
        end = min(place + 3 + (header & 0xFFF), len(data))
        body = data[place + 2 : end]
        out += body[:4096] if not header >> 15 else _chunk(body)
        place = end
    return bytes(out)


def _chunk(body: bytes) -> bytes:
    """One compressed chunk: flag bytes, each followed by eight literals or copy tokens."""
    out = bytearray()
    place = 0
    while place < len(body) and len(out) < 4096:
        flags = body[place]
        place += 1
        for bit in range(8):
            if place >= len(body):
                break
            if not flags >> bit & 1:
                out.append(body[place])
                place += 1
                continue
            token = int.from_bytes(body[place : place + 2], "little")
            place += 2
            width = max((len(out) - 1).bit_length(), 4)
            length = (token & (0xFFFF >> width)) + 3
            back = (token >> (16 - width)) + 1
            if back > len(out):
                return bytes(out)
            for _ in range(length):
                out.append(out[-back])
    return bytes(out)
