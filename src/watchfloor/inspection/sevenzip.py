"""The names inside a 7z archive, from its header alone; the header may itself be packed, nothing else is unpacked.

No library for this is small: theirs come with nine more for unpacking, which we never do.
Source: 7zFormat.txt of the LZMA SDK.
"""

import lzma
from dataclasses import dataclass

from watchfloor.inspection import limits
from watchfloor.inspection.limits import Limits

MAGIC = b"7z\xbc\xaf\x27\x1c"
_AES = b"\x06\xf1\x07\x01"
_COPY, _LZMA, _LZMA2 = b"\x00", b"\x03\x01\x01", b"\x21"


class Unreadable(Exception):
    """The header cannot be followed; the message says why, in words."""


@dataclass(frozen=True, slots=True)
class Packed:
    """What the header says: names with their sizes, and whether the content is encrypted."""

    files: tuple[tuple[str, int], ...]
    encrypted: bool


@dataclass(frozen=True, slots=True)
class _Folder:
    """A chain of coders (method, properties) and the size of what comes out of each."""

    coders: tuple[tuple[bytes, bytes], ...]
    sizes: tuple[int, ...] = ()


class _Bytes:
    """A header read from front to back. Raises Unreadable where it ends too early."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> bytes:
        if count < 0 or self._at + count > len(self._data):
            raise Unreadable("its header is cut off")
        self._at += count
        return self._data[self._at - count : self._at]

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        """A number of one to nine bytes; the first says by its leading ones how many follow."""
        first, mask, value = self.byte(), 0x80, 0
        for place in range(8):
            if not first & mask:
                return value | (first & (mask - 1)) << 8 * place
            value |= self.byte() << 8 * place
            mask >>= 1
        return value

    def count(self) -> int:
        """A number of things that follow one by one."""
        found = self.number()
        if found > 100_000:
            raise Unreadable("its header names too many files")
        return found

    def flags(self, count: int) -> list[bool]:
        bits = self.take((count + 7) // 8)
        return [bool(bits[at // 8] & 0x80 >> at % 8) for at in range(count)]

    def digests(self, count: int) -> None:
        defined = [True] * count if self.byte() else self.flags(count)
        self.take(4 * sum(defined))


def list_7z(data: bytes, cuts: Limits) -> Packed:
    """The files of a 7z archive, at most the entry limit. Raises Unreadable."""
    if len(data) < 32:
        raise Unreadable("its header is cut off")
    offset, size = int.from_bytes(data[12:20], "little"), int.from_bytes(data[20:28], "little")
    if size == 0:
        return Packed((), False)
    header = data[32 + offset : 32 + offset + size]
    for _ in range(3):
        reader = _Bytes(header)
        kind = reader.byte()
        if kind == 0x01:
            return _files(reader, cuts)
        if kind != 0x17:
            break
        packed_at, packed_sizes, folders, _ = _streams(reader)
        if not folders or not packed_sizes:
            break
        if any(method == _AES for method, _ in folders[0].coders):
            return Packed((), True)
        header = _unpacked(data[32 + packed_at : 32 + packed_at + packed_sizes[0]], folders[0])
    raise Unreadable("its header is damaged")


def _unpacked(data: bytes, folder: _Folder) -> bytes:
    size = folder.sizes[0] if folder.sizes else 0
    if len(folder.coders) != 1 or not 0 < size <= limits.MEMBER:
        raise Unreadable("its header is packed in an unusual way")
    method, properties = folder.coders[0]
    if method == _COPY:
        return data[:size]
    # The dictionary need not be larger than what is unpacked with it: a lie about it shall not cost memory.
    if method == _LZMA and len(properties) == 5 and properties[0] < 225:
        lc, rest = properties[0] % 9, properties[0] // 9
        options = {"id": lzma.FILTER_LZMA1, "lc": lc, "lp": rest % 5, "pb": rest // 5, "dict_size": max(size, 4096)}
    elif method == _LZMA2:
        options = {"id": lzma.FILTER_LZMA2, "dict_size": max(size, 4096)}
    else:
        raise Unreadable("its header is packed in an unusual way")
    try:
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[options]).decompress(data, size)
    except (lzma.LZMAError, ValueError) as error:
        raise Unreadable("its header is damaged") from error


def _streams(reader: _Bytes) -> tuple[int, list[int], list[_Folder], list[int]]:
    """Where the packed streams lie, their sizes, how each is unpacked, and the sizes of the files in them."""
    at, packed, folders, sizes = 0, list[int](), list[_Folder](), list[int]()
    while (kind := reader.byte()) != 0x00:
        if kind == 0x06:
            at, packed = _pack_info(reader)
        elif kind == 0x07:
            folders = _folders(reader)
            sizes = [folder.sizes[-1] if folder.sizes else 0 for folder in folders]
        elif kind == 0x08:
            sizes = _substreams(reader, folders)
        else:
            raise Unreadable("its header is damaged")
    return at, packed, folders, sizes


def _pack_info(reader: _Bytes) -> tuple[int, list[int]]:
    at, count, sizes = reader.number(), reader.count(), list[int]()
    while (kind := reader.byte()) != 0x00:
        if kind == 0x09:
            sizes = [reader.number() for _ in range(count)]
        elif kind == 0x0A:
            reader.digests(count)
        else:
            raise Unreadable("its header is damaged")
    return at, sizes


def _folders(reader: _Bytes) -> list[_Folder]:
    if reader.byte() != 0x0B:
        raise Unreadable("its header is damaged")
    count = reader.count()
    if reader.byte():
        raise Unreadable("its header lies elsewhere")
    outputs = [_coders(reader) for _ in range(count)]
    folders: list[_Folder] = []
    while (kind := reader.byte()) != 0x00:
        if kind == 0x0C:
            folders = [_Folder(coders, tuple(reader.number() for _ in range(outs))) for coders, outs in outputs]
        elif kind == 0x0A:
            reader.digests(count)
        else:
            raise Unreadable("its header is damaged")
    return folders


def _coders(reader: _Bytes) -> tuple[tuple[tuple[bytes, bytes], ...], int]:
    """One folder's coders and how many streams come out of them."""
    found, inputs, outputs = [], 0, 0
    for _ in range(min(reader.count(), 33)):
        flags = reader.byte()
        method = reader.take(flags & 0x0F)
        into, out = (reader.count(), reader.count()) if flags & 0x10 else (1, 1)
        found.append((method, reader.take(reader.count()) if flags & 0x20 else b""))
        inputs, outputs = inputs + into, outputs + out
    for _ in range(max(outputs - 1, 0)):
        reader.number(), reader.number()
    loose = inputs - max(outputs - 1, 0)
    for _ in range(loose if 1 < loose < 1_000 else 0):
        reader.number()
    return tuple(found), min(outputs, 1_000)


def _substreams(reader: _Bytes, folders: list[_Folder]) -> list[int]:
    counts = [1] * len(folders)
    sizes: list[int] = []
    kind = reader.byte()
    if kind == 0x0D:
        counts = [reader.count() for _ in folders]
        kind = reader.byte()
    for folder, count in zip(folders, counts, strict=True):
        whole = folder.sizes[-1] if folder.sizes else 0
        known = [reader.number() for _ in range(count - 1)] if kind == 0x09 else []
        sizes += ([*known, max(whole - sum(known), 0)] if count else [])[: 100_000 - len(sizes)]
    if kind == 0x09:
        kind = reader.byte()
    if kind == 0x0A:
        reader.digests(sum(counts))
        kind = reader.byte()
    if kind != 0x00:
        raise Unreadable("its header is damaged")
    return sizes


def _files(reader: _Bytes, cuts: Limits) -> Packed:
    kind = reader.byte()
    folders: list[_Folder] = []
    sizes: list[int] = []
    if kind == 0x04:
        _, _, folders, sizes = _streams(reader)
        kind = reader.byte()
    encrypted = any(method == _AES for folder in folders for method, _ in folder.coders)
    if kind != 0x05:
        return Packed((), encrypted)
    count = reader.count()
    names, empty = list[str](), [False] * count
    while (kind := reader.byte()) != 0x00:
        body = _Bytes(reader.take(reader.number()))
        if kind == 0x11 and not body.byte():
            names = _names(body, count)
        elif kind == 0x0E:
            empty = body.flags(count)
    if len(names) > limits.ARCHIVE_ENTRIES:
        cuts.cut(f"archive listing cut at {limits.ARCHIVE_ENTRIES} entries")
    left = iter(sizes)
    listed = [(name, 0 if nothing else next(left, 0)) for name, nothing in zip(names, empty, strict=False)]
    return Packed(tuple(listed[: limits.ARCHIVE_ENTRIES]), encrypted)


def _names(body: _Bytes, count: int) -> list[str]:
    found: list[str] = []
    for _ in range(count):
        letters = bytearray()
        while (pair := body.take(2)) != b"\x00\x00":
            letters += pair
        found.append(letters[:1000].decode("utf-16-le", "replace"))
    return found
