"""Following files: what was added since the last look is read, its position kept in the transaction that makes it durable.

A file is known by device and inode, so that one which was renamed by a rotation is read to its end under its new name, and one
which was cut short begins anew. Only whole lines are read; a torn one waits for its end.
"""

import csv
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from watchfloor.connectors.event_files import LONGEST_LINE, Found, found_in, records_of
from watchfloor.connectors.event_intake import keep
from watchfloor.connectors.observing import recall, remember
from watchfloor.connectors.records.reading import Reading
from watchfloor.kernel.errors import BadInput

CHUNK = 4 * 2**20
TOGETHER = 2_000
WHOLE = frozenset({".gz", ".zip"})
PART = "files"
HEAD = 1024
"""Bytes at the beginning that tell one file from another which was given the inode of a deleted one."""


@dataclass(slots=True)
class Place:
    """How far one file has been read. `head` is the size and checksum of its beginning, `header` a CSV's columns."""

    offset: int = 0
    line: int = 0
    header: list[str] = field(default_factory=list)
    size: int = 0
    head: list[int] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {"offset": self.offset, "line": self.line, "header": self.header, "size": self.size, "head": self.head}


class Follower:
    """The files of one connection. `pattern` is a file, a folder, or a glob in its last part."""

    def __init__(self, *, name: str, pattern: str, reading: Reading, from_start: bool = True) -> None:
        self.name, self.pattern, self.reading = name, pattern, reading
        kept = recall(name, PART)
        self.first = not kept
        self.from_start = from_start
        self.places = {key: Place(**place) for key, place in kept.get("places", {}).items()}

    def look(self, *, now: datetime) -> int:
        """Read what is new in each file; returns how many records that were."""
        files, _ = files_of(self.pattern)
        done = 0
        present: set[str] = set()
        for path in files:
            try:
                done += self._file(path, present, now)
            except FileNotFoundError:
                continue  # rotated away between the listing and now; under its new name it is read next time
        if gone := set(self.places) - present:
            for key in gone:
                del self.places[key]
            self._remember()
        self.first = False
        return done

    def _file(self, path: Path, present: set[str], now: datetime) -> int:
        with path.open("rb") as handle:
            status = path.stat()
            key = f"{status.st_dev}:{status.st_ino}"
            present.add(key)
            place = self._place(key, handle, status.st_size)
            if place.size == status.st_size and place.offset >= place.size:
                return 0
            if path.suffix.lower() in WHOLE or _is_document(handle, place):
                return self._whole(path, place, status.st_size, now)
            return self._grown(path, handle, place, now)

    def _place(self, key: str, handle: BinaryIO, size: int) -> Place:
        place = self.places.get(key)
        if place is None or size < place.offset or not _same_head(handle, place):
            place = self.places[key] = Place()
            if self.first and not self.from_start:
                place.offset = place.size = size
                self._remember()
        return place

    def _whole(self, path: Path, place: Place, size: int, now: datetime) -> int:
        """A file that is written once and read as it is; one that grows later is read anew, and what is known stays known."""
        done = 0
        batch: list[Found] = []
        try:
            for found in records_of(path, now=now):
                batch.append(found)
                if len(batch) >= TOGETHER:
                    done += self._keep(batch, now)
                    batch = []
        except BadInput as error:
            batch.append(Found(f"{path} as a whole", wrong=error.message))
        place.offset = place.size = size
        return done + self._keep(batch, now)

    def _grown(self, path: Path, handle: BinaryIO, place: Place, now: datetime) -> int:
        done = 0
        handle.seek(place.offset)
        while chunk := handle.read(CHUNK):
            end = chunk.rfind(b"\n") + 1
            if not end and len(chunk) < CHUNK:
                break  # the line is not whole yet
            whole = chunk[: end or len(chunk)]
            found = list(self._lines(path, whole, place, now))
            place.offset += len(whole)
            place.head = _head(handle, min(place.offset, HEAD))
            place.size = place.offset
            done += self._keep(found, now)
            handle.seek(place.offset)
        return done

    def _lines(self, path: Path, data: bytes, place: Place, now: datetime) -> Iterator[Found]:
        table = path.suffix.lower() == ".csv"
        for line in data.decode("utf-8", "replace").removesuffix("\n").split("\n"):
            place.line += 1
            text, where = line.strip("\r\ufeff"), f"{path}, line {place.line}"
            if not text.strip():
                continue
            if not table:
                yield found_in(text, where, now=now)
            elif place.header:
                yield _cells(text, place.header, where)
            else:
                place.header = next(csv.reader([text]))

    def _keep(self, found: list[Found], now: datetime) -> int:
        records = [(one.place, one.record) for one in found if not one.wrong]
        wrong = [(one.place, one.wrong) for one in found if one.wrong]
        keep(self.reading, records, source=self.name, at=now, alongside=self._remember, wrong=wrong)
        return len(found)

    def _remember(self) -> None:
        places = {key: place.as_json() for key, place in self.places.items()}
        remember(self.name, PART, {"places": places, "held": self.reading.state()})


def held(name: str) -> dict[str, Any]:
    """What the reading of this connection held together when it was last kept."""
    state = recall(name, PART).get("held", {})
    return state if isinstance(state, dict) else {}


def files_of(pattern: str) -> tuple[list[Path], list[Path]]:
    """The files, oldest change first, so that a rotated one is read before the new; and the links that lead out of the folder.

    Whoever may write into a folder of logs must not have us read other files of this machine by a link; a link that is named
    itself is followed. Raises BadInput when there is no such folder.
    """
    path = Path(pattern)
    found: Iterable[Path]
    if path.is_file():
        return [path], []
    if path.is_dir():
        folder, found = path, path.iterdir()
    elif any(mark in path.name for mark in "*?[") and path.parent.is_dir():
        folder, found = path.parent, path.parent.glob(path.name)
    elif path.parent.is_dir():
        return [], []
    else:
        raise BadInput(f"there is no folder {path.parent}", place="path")
    root = folder.resolve()
    timed, leading_out = [], []
    for one in found:
        if one.is_file() and not one.name.startswith("."):
            inside = not one.is_symlink() or one.resolve().is_relative_to(root)
            timed.append((one.stat().st_mtime_ns, one)) if inside else leading_out.append(one)
    return [one for _, one in sorted(timed)], sorted(leading_out)


def _cells(text: str, header: list[str], where: str) -> Found:
    cells = next(csv.reader([text]))
    if len(cells) != len(header):
        return Found(where, wrong=f"there are {len(cells)} cells, and {len(header)} columns")
    return Found(where, dict(zip(header, cells, strict=True)))


def _is_document(handle: BinaryIO, place: Place) -> bool:
    """Whether the file is one JSON document over several lines, not a record a line."""
    if place.offset:
        return False
    handle.seek(0)
    first = handle.readline(LONGEST_LINE)
    handle.seek(0)
    if first[:3] == b"\xef\xbb\xbf":
        first = first[3:]
    if first.lstrip()[:1] == b"[":
        return True
    if first.lstrip()[:1] != b"{" or not first.endswith(b"\n"):
        return False
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return first.strip() == b"{"
    return False


def _head(handle: BinaryIO, size: int) -> list[int]:
    handle.seek(0)
    return [size, zlib.crc32(handle.read(size))]


def _same_head(handle: BinaryIO, place: Place) -> bool:
    return not place.head or _head(handle, place.head[0]) == place.head
