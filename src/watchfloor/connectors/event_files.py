"""The records in a file, one after the other: JSON, JSON lines, CSV, Windows event XML and plain log lines, packed or not."""

import csv
import gzip
import io
import itertools
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from watchfloor.connectors.protocols.syslog_wire import record_of
from watchfloor.kernel.errors import BadInput

LONGEST_LINE = 4 * 2**20
LARGEST_DOCUMENT = 128 * 2**20
"""Characters of one JSON document that is not a record a line; it has to be held as a whole, ten times as large once read."""
MOST_MEMBERS = 10_000
MOST_UNPACKED = 8 * 2**30
"""Bytes that one packed file may become, all its members together: what a page takes in must not fill hours and the disk."""
LARGEST_DIRECTORY = MOST_MEMBERS * 1024
"""Bytes of a zip's list of members, which is read as a whole before its members can be counted."""
END_RECORD, LONGEST_COMMENT = 22, 65_535
WRAPPERS = ("Records", "records", "value", "events", "results", "items", "logs")


@dataclass(frozen=True, slots=True)
class Found:
    """One record with its place, or what is wrong there."""

    place: str
    record: Mapping[str, Any] = field(default_factory=dict)
    wrong: str = ""


class TooMuch(BadInput):
    """A packed file becomes more than we read."""


@dataclass(slots=True)
class Allowance:
    """How many bytes a packed file may still become."""

    name: str
    bytes: int
    most: int

    def take(self, number: int) -> None:
        self.bytes -= number
        if self.bytes < 0:
            size = f"{self.most / 2**30:,.0f} GB" if self.most >= 2**30 else f"{self.most / 2**20:,.0f} MB"
            raise TooMuch(
                f"unpacked it is larger than {size}; what came before is kept, bring the rest in parts", place=self.name
            )


class _Metered(io.RawIOBase):
    """Reads on, and counts what it reads against an allowance."""

    def __init__(self, inner: Any, allowance: Allowance) -> None:
        self._inner, self._allowance = inner, allowance

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        said = self._inner.read(len(buffer))
        self._allowance.take(len(said))
        buffer[: len(said)] = said
        return len(said)


def records_of(path: Path, *, now: datetime, most: int = MOST_UNPACKED) -> Iterator[Found]:
    """Every record of the file, in order; `now` dates lines without a year.

    Raises BadInput for a file that cannot be read at all, TooMuch for a packed one at the point where it exceeds `most` bytes.
    """
    allowance = Allowance(path.name, most, most)
    try:
        if zipfile.is_zipfile(path):
            yield from _zipped(path, now, allowance)
        else:
            with path.open("rb") as handle:
                yield from _read(handle, path.name, now, allowance)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise BadInput(f"the file cannot be read: {error}", place=path.name) from error


def _zipped(path: Path, now: datetime, allowance: Allowance) -> Iterator[Found]:
    _refuse_long_list(path)
    with zipfile.ZipFile(path) as pack:
        members = [one for one in pack.infolist() if not one.is_dir()]
        if len(members) > MOST_MEMBERS:
            raise TooMuch(f"the archive holds more than {MOST_MEMBERS:,} files", place=path.name)
        if sum(one.file_size for one in members) > allowance.most:  # as it says itself; what it really is, is counted
            allowance.take(allowance.most + 1)
        for member in members:
            with pack.open(member) as handle, io.BufferedReader(_Metered(handle, allowance)) as metered:
                yield from _read(metered, f"{path.name}/{member.filename}", now, allowance)


def _refuse_long_list(path: Path) -> None:
    """Raise TooMuch where the zip's list of members is so long that reading it alone would fill the memory."""
    with path.open("rb") as handle:
        size = handle.seek(0, io.SEEK_END)
        handle.seek(max(0, size - END_RECORD - LONGEST_COMMENT))
        tail = handle.read()
    at = tail.rfind(b"PK\x05\x06")
    directory = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
    if directory > LARGEST_DIRECTORY:  # a list of the 64-bit form says 0xFFFFFFFF here
        raise TooMuch(f"the archive holds more than {MOST_MEMBERS:,} files", place=path.name)


def _read(handle: Any, name: str, now: datetime, allowance: Allowance) -> Iterator[Found]:
    packed = handle.peek(2)[:2] == b"\x1f\x8b"
    unpacked = gzip.GzipFile(fileobj=handle) if packed else None
    with _text(io.BufferedReader(_Metered(unpacked, allowance)) if unpacked else handle) as text:
        name = name.removesuffix(".gz") if packed else name
        first = text.readline(LONGEST_LINE)
        lines = itertools.chain([first], iter(lambda: text.readline(LONGEST_LINE), ""))
        if name.lower().endswith(".csv") or _is_header(first):
            yield from _table(lines, name)
        elif first.lstrip()[:1] in {"[", "{"} and not _is_object(first):
            yield from _document(first + text.read(LARGEST_DOCUMENT), name)
        else:
            yield from _lines(lines, name, now)


@contextmanager
def _text(raw: BinaryIO | io.BufferedReader) -> Iterator[TextIO]:
    text = io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="")
    try:
        yield text
    finally:
        text.detach()


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _is_header(line: str) -> bool:
    """Whether a line names columns: words without blanks at both ends, of which there are several."""
    names = [name.strip().strip('"') for name in line.split(",")]
    return (
        len(names) > 2
        and line[:1] not in {"{", "[", "<"}
        and all(name.replace("_", "").isalnum() for name in names[:3])
    )


def _table(lines: Iterable[str], name: str) -> Iterator[Found]:
    csv.field_size_limit(LONGEST_LINE)
    reader = csv.reader(lines)
    try:
        header = [column.strip() for column in next(reader, [])]
        for cells in reader:
            if not cells:
                continue
            place = f"{name}, line {reader.line_num}"
            if len(cells) == len(header):
                yield Found(place, dict(zip(header, cells, strict=True)))
            else:
                yield Found(place, wrong=f"there are {len(cells)} cells, and {len(header)} columns")
    except csv.Error as error:
        yield Found(f"{name}, line {reader.line_num}", wrong=f"this is no CSV: {error}")


def _document(text: str, name: str) -> Iterator[Found]:
    """A list of records, or an object that holds one, or is one."""
    if len(text) >= LARGEST_DOCUMENT:
        raise BadInput(f"one JSON document may have {LARGEST_DOCUMENT // 2**20} MB; write a record a line", place=name)
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"the file is no JSON: {error}", place=name) from error
    if isinstance(said, dict):
        said = next((said[key] for key in WRAPPERS if isinstance(said.get(key), list)), [said])
    for number, one in enumerate(said, 1):
        place = f"{name}, record {number}"
        yield Found(place, one) if isinstance(one, dict) else Found(place, wrong="this is no JSON object")


def _lines(lines: Iterable[str], name: str, now: datetime) -> Iterator[Found]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield found_in(line, f"{name}, line {number}", now=now)


def found_in(line: str, place: str, *, now: datetime) -> Found:
    """The record on one line: JSON, an event's XML, or a line of a system log."""
    text = line.strip()
    if text[:1] == "{":
        try:
            said = json.loads(text)
        except (ValueError, RecursionError):
            return Found(place, wrong="this is no JSON")
        return Found(place, said)
    if text[:6].lower() == "<event":
        return Found(place, {"xml": text})
    return Found(place, record_of(text, at=now, zone=UTC))
