"""MAPI properties out of a compound file (MS-OXMSG): storages, streams, strings in their code pages. Pure.

`olefile` reads the container. What it would read without end is bounded here: tables that claim to be larger than the file,
streams that share sectors, trees that are lists.
Source: MS-OXMSG 2.1-2.4 (storages and property streams), MS-OXCDATA 2.11.1 (types), MS-OXPROPS (ids), MS-CFB 2.2 (header).
"""

import codecs
import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import olefile

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MOST_ENTRIES = 20_000
"""Storages and streams of one file; a mail with a hundred attachments has some three thousand."""
MOST_READ = 64 << 20
"""Bytes of all streams together: one file can name the same sectors a thousand times."""
MOST_PROPERTIES = 2_000
LONGEST_TEXT = 8 << 20
HEADS = {"message": 32, "embedded": 24, "part": 8}
"""Bytes before the entries of a property stream, by what owns it."""
_ENTRY = struct.Struct("<HHI8s")
_BROKEN = (OSError, RecursionError, ArithmeticError, LookupError, ValueError, TypeError, AttributeError, struct.error)
"""What olefile raises on broken files."""
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_CODE_PAGES = {65001: "utf-8", 20127: "ascii", 28591: "iso-8859-1", 28592: "iso-8859-2", 28605: "iso-8859-15", 50220: "iso-2022-jp",
               51932: "euc-jp", 51949: "euc-kr", 52936: "gb2312", 54936: "gb18030", 20866: "koi8-r", 21866: "koi8-u", 10000: "mac-roman",
               1200: "utf-16-le"}  # fmt: skip


class NotOutlook(Exception):
    """No message of Outlook, or one built to cost too much; the words say which."""


@dataclass(slots=True)
class Budget:
    """How many bytes may still be read."""

    left: int = field(default_factory=lambda: MOST_READ)

    def take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise NotOutlook("its streams are larger together than a mail may be")


@dataclass(frozen=True, slots=True)
class File:
    """An open compound file; `names` are the paths of its storages and streams, below their storage."""

    ole: Any
    size: int
    below: dict[tuple[str, ...], dict[str, tuple[str, ...]]]
    budget: Budget = field(default_factory=Budget)

    def read(self, path: tuple[str, ...]) -> bytes:
        """A stream; b"" when it cannot be read. Raises NotOutlook past the budget."""
        declared = self.ole.get_size(list(path))
        if declared > self.size:
            return b""
        self.budget.take(declared)
        return bytes(self.ole.openstream(list(path)).read())


def opened(data: bytes) -> File:
    """The file with its directory read. Raises NotOutlook."""
    _check_tables(data)
    try:
        ole = olefile.OleFileIO(io.BytesIO(data))
        names = ole.listdir(streams=True, storages=True)
    except _BROKEN as error:
        raise NotOutlook("its container is broken") from error
    if ole.root is None or ole.root.size > len(data):
        raise NotOutlook("its container is broken")
    if len(names) > MOST_ENTRIES:
        raise NotOutlook("it has more parts than a mail may have")
    below: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = {(): {}}
    for name in map(tuple, names):
        below.setdefault(name[:-1], {})[name[-1].lower()] = name
    return File(ole, len(data), below)


def _check_tables(data: bytes) -> None:
    """Refuse sector tables that claim more sectors than there are: reading them would go on for hours."""
    if len(data) < 512 or not data.startswith(SIGNATURE):
        raise NotOutlook("it is no compound file")
    shift, mini_shift = struct.unpack_from("<HH", data, 30)
    directory, fat = struct.unpack_from("<II", data, 40)
    mini, _, difat = struct.unpack_from("<III", data, 64)
    if shift not in (9, 12) or mini_shift != 6 or max(directory, fat, mini, difat) > (len(data) >> shift) + 1:
        raise NotOutlook("its tables are larger than itself")


class Storage:
    """The properties of a message, a recipient or an attachment. What is broken or absent is empty."""

    def __init__(self, file: File, path: tuple[str, ...], kind: str, *, code_page: int = 0) -> None:
        self._file, self._path = file, path
        self._below = file.below.get(path, {})
        self._fixed = dict(self._entries(HEADS[kind]))
        self.code_page = code_page or self.number(0x3FFD) or self.number(0x3FDE) or 1252

    def _entries(self, head: int) -> Iterator[tuple[tuple[int, int], bytes]]:
        """((id, type), value of 8 bytes) of each entry."""
        stream = self._stream("__properties_version1.0")
        for at in range(head, min(len(stream) - 15, head + 16 * MOST_PROPERTIES), 16):
            kind, id, _, value = _ENTRY.unpack_from(stream, at)
            yield (id, kind), value

    def _stream(self, name: str) -> bytes:
        path = self._below.get(name)
        if path is None:
            return b""
        try:
            return self._file.read(path)
        except _BROKEN:
            return b""

    def binary(self, id: int) -> bytes:
        """PtypBinary."""
        return self._stream(f"__substg1.0_{id:04x}0102")

    def text(self, *ids: int) -> str:
        """The first of these that is filled: PtypString (UTF-16) or PtypString8 (in the message's code page)."""
        for id in ids:
            wide = self._stream(f"__substg1.0_{id:04x}001f")[:LONGEST_TEXT]
            found = wide.decode("utf-16-le", "replace") if wide else self._narrow(id)
            found = found.replace("\0", "")
            if found.strip():
                return found
        return ""

    def _narrow(self, id: int) -> str:
        return self._stream(f"__substg1.0_{id:04x}001e")[:LONGEST_TEXT].decode(charset_of(self.code_page), "replace")

    def number(self, id: int) -> int:
        """PtypInteger32, 0 when there is none."""
        value = self._fixed.get((id, 0x0003))
        return int.from_bytes(value[:4], "little") if value else 0

    def moment(self, *ids: int) -> datetime | None:
        """PtypTime: hundreds of nanoseconds since 1601, None for what is none."""
        for id in ids:
            ticks = int.from_bytes(self._fixed.get((id, 0x0040)) or b"", "little")
            if ticks:
                try:
                    return _EPOCH + timedelta(microseconds=ticks // 10)
                except OverflowError:
                    continue
        return None

    def children(self, prefix: str, *, most: int) -> list["Storage"]:
        """The storages of recipients or attachments, in their order."""
        names = sorted(name for name in self._below if name.startswith(prefix))
        return [Storage(self._file, self._below[name], "part", code_page=self.code_page) for name in names[:most]]

    def message(self) -> "Storage | None":
        """The message an attachment holds (PidTagAttachDataObject)."""
        path = self._below.get("__substg1.0_3701000d")
        if path is None or "__properties_version1.0" not in self._file.below.get(path, {}):
            return None
        return Storage(self._file, path, "embedded")


def charset_of(code_page: int) -> str:
    """Python's name of a Windows code page; Windows-1252 for one it does not know."""
    try:
        return codecs.lookup(_CODE_PAGES.get(code_page) or f"cp{code_page}").name
    except LookupError:
        return "cp1252"
