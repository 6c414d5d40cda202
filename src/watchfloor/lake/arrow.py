"""Rows as Arrow: the one place where outside values become a table's types, and batches become bytes."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pyarrow as pa

from watchfloor.inspection.services import take_apart
from watchfloor.kernel.errors import BadInput
from watchfloor.kernel.ids import uuid7
from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.contracts import Column, ColumnType, Table
from watchfloor.lake.text import cell_text, clean, fold

LONGEST_TEXT = 65_536
"""Characters of one cell; what strangers send can be longer, and the raw mail keeps it."""
OF_URLS = frozenset({"UrlDomain", "UrlDomainPath"})
"""What a click's URL says of itself; who tells of a click, as a proxy's log does, need not take it apart."""
INSTANT = pa.timestamp("us", tz="UTC")
_ARROW = {
    ColumnType.STRING: pa.string(),
    ColumnType.DYNAMIC: pa.string(),
    ColumnType.DATETIME: INSTANT,
    ColumnType.INT: pa.int32(),
    ColumnType.LONG: pa.int64(),
    ColumnType.REAL: pa.float64(),
    ColumnType.BOOL: pa.bool_(),
}


@cache
def schema_of(name: str) -> pa.Schema:
    """The Arrow schema of a table's rows."""
    return pa.schema([(column.name, _ARROW[column.type]) for column in table_named(name).columns])


def to_arrow(table: Table, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows with every column: missing ones get "", 0 or false; ReportId is minted, a click's URL taken apart. Raises BadInput
    for what has no place."""
    if table.has("Url") and table.has("UrlDomainPath"):
        rows = [row if row.keys() >= OF_URLS else {**_of_url(row.get("Url")), **row} for row in rows]
    given = set().union(*rows)
    if unknown := given - {column.name for column in table.columns}:
        raise BadInput(f"{table.name} has no column {', '.join(sorted(unknown))}", place="append")
    arrays = [
        pa.array(_cells(rows, column), _ARROW[column.type]) if column.name in given else _blank(column, len(rows))
        for column in table.columns
    ]
    made = pa.Table.from_arrays(arrays, schema=schema_of(table.name))
    minted = table.has("ReportId") and table.column("ReportId").type is ColumnType.STRING
    return _with_report_ids(made) if minted else made


def _of_url(url: Any) -> dict[str, str]:
    parts = take_apart(url) if isinstance(url, str) else None
    return {"UrlDomain": parts.host, "UrlDomainPath": parts.host + parts.path} if parts else {}


def _cells(rows: Sequence[Mapping[str, Any]], column: Column) -> list[Any]:
    """One column's values. What stands in many rows is converted once: a campaign's words, the recipients of all its mails."""
    convert = _CONVERT[column.type]
    values = [row.get(column.name) for row in rows]
    if not set(map(type, values)) <= _ALIKE_WHEN_EQUAL:
        return [convert(value, column) for value in values]
    known = {value: convert(value, column) for value in set(values)}
    return [known[value] for value in values]


def _blank(column: Column, length: int) -> pa.Array:
    """A column that no row names; raises as a row without its value does."""
    value = _CONVERT[column.type](None, column)
    return _repeated(value, _ARROW[column.type], length)


def _with_report_ids(rows: pa.Table) -> pa.Table:
    given = rows.column("ReportId").to_pylist()
    if all(given):
        return rows
    times = rows.column("Timestamp").to_pylist()
    ids = [own or str(uuid7(at=at)) for own, at in zip(given, times, strict=True)]
    return rows.set_column(rows.schema.get_field_index("ReportId"), "ReportId", pa.array(ids, pa.string()))


def _text(value: Any, column: Column) -> str:
    if column.listed:
        text = cell_text(value, column.shape)
    elif isinstance(value, str):
        text = value
    elif value is None:
        return ""
    else:
        text = (
            json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list | tuple) else str(value)
        )
    if len(text) > LONGEST_TEXT and not column.listed:
        text = text[:LONGEST_TEXT]
    return fold(text) if column.folded else clean(text)


def _instant(value: Any, column: Column) -> datetime | None:
    if value is None and column.name != "Timestamp":
        return None
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise BadInput("a time must be an aware datetime", place=column.name)
    return moment.astimezone(UTC)


def _integer(bits: int) -> Callable[[Any, Column], int]:
    highest: int = 2 ** (bits - 1) - 1

    def convert(value: Any, column: Column) -> int:
        return max(-highest - 1, min(highest, int(value or 0)))

    return convert


_ALIKE_WHEN_EQUAL = frozenset({str, datetime, type(None)})
"""Kinds of values that mean the same when they are equal; 1, 1.0 and True do not."""
_CONVERT: dict[ColumnType, Callable[[Any, Column], Any]] = {
    ColumnType.STRING: _text,
    ColumnType.DYNAMIC: _text,
    ColumnType.DATETIME: _instant,
    ColumnType.INT: _integer(32),
    ColumnType.LONG: _integer(64),
    ColumnType.REAL: lambda value, column: float(value or 0.0),
    ColumnType.BOOL: lambda value, column: bool(value),
}


def pack(rows: pa.Table) -> bytes:
    """Arrow IPC stream, zstd."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue())


def unpack(data: bytes | memoryview) -> pa.Table:
    """The table that `pack` wrote."""
    with pa.ipc.open_stream(pa.py_buffer(data)) as reader:
        return reader.read_all()


def fitted(name: str, rows: pa.Table) -> pa.Table:
    """Rows of an older schema in today's: missing columns become empty texts, zeros and nulls, unknown ones go."""
    schema = schema_of(name)
    if rows.schema.equals(schema):
        return rows
    have = set(rows.column_names)
    return pa.table(
        [
            rows.column(field.name).cast(field.type) if field.name in have else _empty(field.type, len(rows))
            for field in schema
        ],
        schema=schema,
    )


def _empty(type: pa.DataType, length: int) -> pa.Array:
    """What a row has in a column it was stored without."""
    return _repeated("" if pa.types.is_string(type) else None if pa.types.is_timestamp(type) else 0, type, length)


def _repeated(value: Any, type: pa.DataType, length: int) -> pa.Array:
    return pa.nulls(length, type) if value is None else pa.repeat(pa.scalar(value).cast(type), length)


def to_rows(rows: pa.Table) -> list[dict[str, Any]]:
    """Rows as dicts: times aware in UTC, a null text as ""."""
    columns = {field.name: list(_values(rows.column(field.name), field.type)) for field in rows.schema}
    names = tuple(columns)
    return [dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _values(column: pa.ChunkedArray, type: pa.DataType) -> Iterable[Any]:
    if pa.types.is_timestamp(type):
        micros = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_pylist()
        return (None if value is None else _moment(value) for value in micros)
    if pa.types.is_string(type) or pa.types.is_large_string(type):
        return ("" if value is None else value for value in column.to_pylist())
    if pa.types.is_integer(type):
        return (value or 0 for value in column.to_pylist())
    values: list[Any] = column.to_pylist()
    return values


def _moment(microseconds: int) -> datetime:
    seconds, rest = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
