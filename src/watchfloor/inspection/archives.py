"""The names inside an archive, one level deep, without trusting what it declares about itself.

Our own walk of the zip directory stops at the entry limit; nothing is decompressed beyond the limit a caller gives,
so a bomb costs no more than honest mail. Source: APPNOTE.TXT 6.3.10, sections 4.3.7 and 4.3.12.
"""

import io
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from watchfloor.inspection import limits, sevenzip
from watchfloor.inspection.limits import Limits

_CENTRAL = struct.Struct("<4s4B4HL2L5H2L")
_LOCAL = struct.Struct("<4s2B4HL2L2H")
_TAR = 512


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in an archive; sizes as declared, in bytes. `offset` is where its local header (zip) or its data begins.

    `method` is the zip's; 0 is stored, -1 what we do not unpack.
    """

    name: str
    packed: int
    size: int
    encrypted: bool
    method: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """What an archive says it holds. `encrypted` also when only its directory is; `opaque` says why nothing is listed."""

    entries: tuple[Entry, ...] = ()
    encrypted: bool = False
    opaque: str = ""

    @property
    def declared(self) -> int:
        """The declared total size in bytes."""
        return sum(entry.size for entry in self.entries)


def list_archive(data: bytes, cuts: Limits) -> Listing | None:
    """The listing of an archive; None when the bytes are no archive we know."""
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x01\x02"):
        entries = _zip_entries(data, cuts)
        listing = Listing(entries, any(entry.encrypted for entry in entries))
        if listing.declared > limits.ARCHIVE_DECLARED:
            cuts.cut(f"archive declares {listing.declared >> 20} MB: not unpacked")
        return listing
    if data[:6] == b"Rar!\x1a\x07":
        return _rar_listing(data, cuts)
    if data[:6] == sevenzip.MAGIC:
        return _7z_listing(data, cuts)
    if data[257:262] == b"ustar":
        return Listing(_tar_entries(data, cuts))
    if data[:2] == b"\x1f\x8b":
        return _gzip_listing(data, cuts)
    return None


class _Enough(Exception):
    """The entry limit is reached."""


def _rar_listing(data: bytes, cuts: Limits) -> Listing:
    import rarfile

    entries: list[Entry] = []

    def note(found: Any) -> None:
        if not isinstance(found, rarfile.RarInfo) or not found.filename:
            return
        if len(entries) >= limits.ARCHIVE_ENTRIES:
            raise _Enough
        size = found.file_size or 0
        entries.append(Entry(str(found.filename)[:500], found.compress_size, size, bool(found.needs_password()), -1))

    locked, opaque = False, ""
    try:
        with rarfile.RarFile(io.BytesIO(data), info_callback=note, part_only=True) as archive:  # type: ignore[no-untyped-call]
            locked = archive.needs_password()
    except _Enough:
        cuts.cut(f"archive listing cut at {limits.ARCHIVE_ENTRIES} entries")
    except Exception as error:
        # A dozen types on damaged archives; those that name no file cannot be judged by their names.
        opaque = "" if entries else f"damaged ({type(error).__name__})"
    locked = locked or any(entry.encrypted for entry in entries)
    if not entries and not opaque:
        opaque = "its names are encrypted too" if locked else "damaged or empty"
    return Listing(tuple(entries), locked, opaque)


def _7z_listing(data: bytes, cuts: Limits) -> Listing:
    try:
        found = sevenzip.list_7z(data, cuts)
    except sevenzip.Unreadable as why:
        return Listing(opaque=str(why))
    entries = tuple(Entry(name[:500], 0, size, found.encrypted, -1) for name, size in found.files)
    return Listing(entries, found.encrypted, "" if entries or not found.encrypted else "its names are encrypted too")


def _zip_entries(data: bytes, cuts: Limits) -> tuple[Entry, ...]:
    end = data.rfind(b"PK\x05\x06")
    place = int.from_bytes(data[end + 16 : end + 20], "little") if end >= 0 else -1
    if end < 0 or data[place : place + 4] != b"PK\x01\x02":
        place = data.find(b"PK\x01\x02")
    entries: list[Entry] = []
    while place >= 0 and data[place : place + 4] == b"PK\x01\x02" and place + _CENTRAL.size <= len(data):
        if len(entries) >= limits.ARCHIVE_ENTRIES:
            cuts.cut(f"archive listing cut at {limits.ARCHIVE_ENTRIES} entries")
            break
        fields = _CENTRAL.unpack_from(data, place)
        flags, method, packed, size = fields[5], fields[6], fields[10], fields[11]
        lengths, offset = fields[12:15], fields[18]
        name = data[place + 46 : place + 46 + lengths[0]]
        entries.append(Entry(_name(name, flags), packed, size, bool(flags & 1), method, offset))
        place += 46 + sum(lengths)
    return tuple(entries) or _local_entries(data)


def _local_entries(data: bytes) -> tuple[Entry, ...]:
    """The entries of a zip whose directory is missing, by its local headers."""
    entries: list[Entry] = []
    place = data.find(b"PK\x03\x04")
    while place >= 0 and place + _LOCAL.size <= len(data) and len(entries) < 100:
        fields = _LOCAL.unpack_from(data, place)
        flags, method, packed, size, length = fields[3], fields[4], fields[8], fields[9], fields[10]
        entries.append(
            Entry(_name(data[place + 30 : place + 30 + length], flags), packed, size, bool(flags & 1), method, place)
        )
        place = data.find(b"PK\x03\x04", place + 30)
    return tuple(entries)


def _name(raw: bytes, flags: int) -> str:
    return raw[:500].decode("utf-8" if flags & 0x800 else "cp437", "replace")


def member(data: bytes, entry: Entry, limit: int) -> bytes:
    """The first `limit` bytes of an entry, decompressed; empty when it is encrypted, broken or packed in a way not read."""
    if data[:2] == b"\x1f\x8b":
        data = inflate(data, limits.MEMBER, 31)
        if data[257:262] != b"ustar":
            return data[:limit]
    if data[257:262] == b"ustar":
        return data[entry.offset : entry.offset + min(entry.packed, limit)]
    header = data[entry.offset : entry.offset + _LOCAL.size]
    if entry.encrypted or entry.method < 0 or len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
        return b""
    name_length, extra_length = struct.unpack_from("<2H", header, 26)
    start = entry.offset + _LOCAL.size + name_length + extra_length
    packed = data[start : start + entry.packed] if entry.packed else data[start : start + limit]
    if entry.method == 0:
        return packed[:limit]
    return inflate(packed, limit, -15) if entry.method == 8 else b""


def inflate(packed: bytes, limit: int, window: int = 15) -> bytes:
    """At most `limit` bytes of a deflate stream; what came before an error counts. `window` as in zlib.decompressobj."""
    try:
        return zlib.decompressobj(window).decompress(packed, limit)
    except zlib.error:
        return b""


def _tar_entries(data: bytes, cuts: Limits) -> tuple[Entry, ...]:
    entries: list[Entry] = []
    place = 0
    while data[place + 257 : place + 262] == b"ustar":
        if len(entries) >= limits.ARCHIVE_ENTRIES:
            cuts.cut(f"archive listing cut at {limits.ARCHIVE_ENTRIES} entries")
            break
        name = data[place : place + 100].rstrip(b"\x00").decode("utf-8", "replace")
        digits = data[place + 124 : place + 135].strip(b"\x00 ")
        size = int(digits, 8) if digits and not digits.strip(b"01234567") else 0
        entries.append(Entry(name, size, size, False, 0, place + _TAR))
        place += _TAR + -(-size // _TAR) * _TAR
    return tuple(entries)


def _gzip_listing(data: bytes, cuts: Limits) -> Listing:
    """The one file in a gzip, or the entries of the tar in it."""
    inner = inflate(data, limits.MEMBER, 31)
    if inner[257:262] == b"ustar":
        return Listing(_tar_entries(inner, cuts))
    name = b""
    if len(data) > 10 and data[3] & 8 and not data[3] & 4:
        name = data[10 : data.find(b"\x00", 10, 400)]
    return Listing((Entry(name.decode("latin-1"), len(data), len(inner), False),))
