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
WRAPPERS = ("Records", "records", "value", "events", "results", "items", "logs")


@dataclass(frozen=True, slots=True)
class Found:
    """One record with its place, or what is wrong there."""

    place: str
    record: Mapping[str, Any] = field(default_factory=dict)
    wrong: str = ""


def records_of(path: Path, *, now: datetime) -> Iterator[Found]:
    """Every record of the file, in order. Raises BadInput for a file that cannot be read at all; `now` dates lines without a year."""
    try:
        if zipfile.is_zipfile(path):
            yield from _zipped(path, now)
        else:
            with path.open("rb") as handle:
                yield from _read(handle, path.name, now)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise BadInput(f"the file cannot be read: {error}", place=path.name) from error


def _zipped(path: Path, now: datetime) -> Iterator[Found]:
    with zipfile.ZipFile(path) as pack:
        members = [one for one in pack.infolist() if not one.is_dir()]
        if len(members) > MOST_MEMBERS:
            raise BadInput(f"the archive holds more than {MOST_MEMBERS} files", place=path.name)
        for member in members:
            with pack.open(member) as handle:
                yield from _read(handle, f"{path.name}/{member.filename}", now)


def _read(handle: Any, name: str, now: datetime) -> Iterator[Found]:
    packed = handle.peek(2)[:2] == b"\x1f\x8b"
    with _text(gzip.open(handle) if packed else handle) as text:
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
def _text(raw: BinaryIO | gzip.GzipFile) -> Iterator[TextIO]:
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
