"""The pieces of a mail that another scanner is shown: each part decoded, and the members of zip attachments."""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from watchfloor.inspection import archives, limits
from watchfloor.inspection.bodies import Part, parts_of
from watchfloor.inspection.limits import Limits

MEMBERS = 50
MEMBER_BYTES = 32 << 20
"""All members of one mail together, decompressed."""


class Scannable(NamedTuple):
    """`sha256` is the attachment's, as FoundAttachment names it; a member bears that of the archive it lies in."""

    name: str
    sha256: str
    data: bytes


def scannable(raw: bytes) -> Iterator[Scannable]:
    """The pieces in order. Bodies have no name. Hostile mail: to be called where memory and time are limited."""
    cuts = Limits()
    left = MEMBER_BYTES
    for part in parts_of(raw, cuts):
        digest = hashlib.sha256(part.data).hexdigest()
        yield Scannable(_name(part), digest, part.data)
        for member in _members(part, cuts, left):
            left -= len(member.data)
            yield member


def _name(part: Part) -> str:
    return part.file_name or ("" if part.content_type.startswith("text/") else "unnamed")


def _members(part: Part, cuts: Limits, left: int) -> Iterator[Scannable]:
    if part.data[:2] != b"PK":
        return
    listing = archives.list_archive(part.data, cuts)
    digest = hashlib.sha256(part.data).hexdigest()
    for entry in (listing.entries if listing else ())[:MEMBERS]:
        data = archives.member(part.data, entry, min(limits.MEMBER, left)) if left > 0 else b""
        if data:
            left -= len(data)
            yield Scannable(f"{_name(part)}/{entry.name}", digest, data)
