"""Rows of a file, one after the other, whatever kind of file it is. Memory stays flat."""

import csv
import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from watchfloor.kernel.errors import BadInput

LONGEST_CELL = 4 * 1024 * 1024
CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `number` counts from 1, `place` says where it stands, `wrong` why it is none."""

    number: int
    place: str
    cells: Mapping[str, Any] = field(default_factory=dict)
    wrong: str = ""


def rows_of(path: Path) -> Iterator[Row]:
    """The rows of a .csv, .jsonl (.ndjson, .json) or .parquet file; the texts may be gzipped. Raises BadInput."""
    kind = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    reader = _READERS.get(kind.lower())
    if reader is None or (reader is _parquet and path.suffix == ".gz"):
        raise BadInput("a file of rows ends in .csv, .jsonl, .ndjson, .json or .parquet", place=path.name)
    try:
        yield from reader(path)
    except (UnicodeDecodeError, csv.Error, gzip.BadGzipFile, EOFError, pa.ArrowInvalid) as error:
        raise BadInput(f"the file cannot be read: {error}", place=path.name) from error


@contextmanager
def _text(path: Path) -> Iterator[TextIO]:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as handle:
            yield handle
    else:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            yield handle


def _csv(path: Path) -> Iterator[Row]:
    csv.field_size_limit(LONGEST_CELL)
    with _text(path) as handle:
        lines = csv.reader(handle, strict=True)
        header = [name.strip() for name in next(lines, [])]
        if not header or not all(header) or len(set(header)) != len(header):
            raise BadInput("the first line must name every column, each once", place=path.name)
        for number, line in enumerate((line for line in lines if line), 1):
            place = f"line {lines.line_num}"
            if len(line) == len(header):
                yield Row(number, place, dict(zip(header, line, strict=True)))
            else:
                yield Row(number, place, wrong=f"there are {len(line)} cells, and {len(header)} columns")


def _lines(path: Path) -> Iterator[Row]:
    """A JSON object a line, or one list of objects."""
    with _text(path) as handle:
        first = handle.read(1)
        handle.seek(0)
        if first == "[":
            yield from _list(path, handle)
            return
        number = 0
        for place, line in enumerate(handle, 1):
            if line.strip():
                number += 1
                yield _object(number, f"line {place}", line)


def _object(number: int, place: str, line: str) -> Row:
    try:
        held = json.loads(line)
    except (ValueError, RecursionError):
        return Row(number, place, wrong="this is no JSON")
    return Row(number, place, held) if isinstance(held, dict) else Row(number, place, wrong="this is no JSON object")


def _list(path: Path, handle: TextIO) -> Iterator[Row]:
    try:
        held = json.load(handle)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"the file is no JSON: {error}", place=path.name) from error
    for number, one in enumerate(held, 1):
        place = f"item {number}"
        yield Row(number, place, one) if isinstance(one, dict) else Row(number, place, wrong="this is no JSON object")


def _parquet(path: Path) -> Iterator[Row]:
    number = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=CHUNK):
            for cells in batch.to_pylist():
                number += 1
                yield Row(number, f"row {number}", cells)


_READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".csv": _csv,
    ".jsonl": _lines,
    ".ndjson": _lines,
    ".json": _lines,
    ".parquet": _parquet,
}
