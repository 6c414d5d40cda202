"""An answer as a file, streamed: CSV that no spreadsheet runs, JSON lines in one array, Parquet with typed columns."""

import io
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from watchfloor.hunting.advanced.cells import Head, plain
from watchfloor.kernel.text import csv_line

Batches = Iterator[Sequence[Sequence[Any]]]
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json", "parquet": "application/vnd.apache.parquet"}
_TIGHT: dict[str, Any] = {"ensure_ascii": False, "separators": (",", ":")}
_ARROW = {
    "bool": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "real": pa.float64(),
    "decimal": pa.float64(),
    "datetime": pa.timestamp("us", tz="UTC"),
}


def as_csv(heads: Sequence[Head], batches: Batches) -> Iterator[str]:
    yield csv_line(head.name for head in heads)
    for rows in batches:
        yield "".join(csv_line(_text(value) for value in row) for row in rows)


def _text(value: Any) -> Any:
    value = plain(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def as_json(heads: Sequence[Head], batches: Batches) -> Iterator[str]:
    """One array of objects; spaces nowhere, so that a million rows stay small."""
    names = [head.name for head in heads]
    yield "["
    joint = "\n"
    for rows in batches:
        lines = (json.dumps(dict(zip(names, map(plain, row), strict=True)), **_TIGHT) for row in rows)
        if part := ",\n".join(lines):
            yield joint + part
            joint = ",\n"
    yield "\n]\n"


def as_parquet(heads: Sequence[Head], batches: Batches) -> Iterator[bytes]:
    """Row groups as they come; nothing but the newest is held."""
    schema = pa.schema([(head.name, _ARROW.get(head.type, pa.string())) for head in heads])
    sink = Sink()
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for rows in batches:
            if rows:
                writer.write_batch(_batch(schema, rows))
                yield sink.taken()
    yield sink.taken()


def _batch(schema: pa.Schema, rows: Sequence[Sequence[Any]]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [
        pa.array([_fitting(one, field.type) for one in column], field.type)
        for field, column in zip(schema, columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _fitting(value: Any, kind: pa.DataType) -> Any:
    if value is None or not pa.types.is_string(kind):
        return value
    text = _text(value)
    return text if isinstance(text, str) else json.dumps(text)


class Sink(io.RawIOBase):
    """What the writer wrote since it was last asked, with a place that only grows."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self._place = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def write(self, data: Any) -> int:
        written = bytes(data)
        self._held.append(written)
        self._place += len(written)
        return len(written)

    def taken(self) -> bytes:
        held, self._held = b"".join(self._held), []
        return held
