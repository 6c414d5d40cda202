"""The answer of a query: Arrow as the engine gave it, its cells as Python values or as KQL prints them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.types import Type

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Columns = tuple[tuple[str, Type], ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a query had to look at: files of the cold tier, their bytes, and rows, hot ones included, before conditions."""

    files: int = 0
    bytes: int = 0
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """`columns` are (name, type); `truncated` says that there were more rows than were asked for; `table` has them by place."""

    columns: Columns
    table: pa.Table
    truncated: bool
    seconds: float
    render: s.Render | None
    cost: Cost

    @property
    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Rows as Python values: aware times in UTC, timedeltas, what a dynamic holds."""
        for batch in self.table.to_batches():
            yield from values(self.columns, batch)

    def printed(self) -> Iterator[tuple[Any, ...]]:
        """Rows as KQL prints them: times with seven digits and Z, spans as d.hh:mm:ss, the rest as JSON has it."""
        for row in self.rows:
            yield tuple(print_form(value) for value in row)


def values(columns: Columns, batch: pa.RecordBatch) -> list[tuple[Any, ...]]:
    """The rows of one batch."""
    cells = [_cells(kind, column) for (_, kind), column in zip(columns, batch.columns, strict=True)]
    return list(zip(*cells, strict=True))


def _cells(kind: Type, column: pa.Array) -> list[Any]:
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if kind is Type.DATETIME:
        return [None if one is None else EPOCH + timedelta(microseconds=one) for one in _micros(column)]
    held: list[Any] = column.to_pylist()
    if kind is Type.TIMESPAN:
        return [None if one is None else timedelta(microseconds=one / 10) for one in held]
    if kind is Type.DYNAMIC:
        return [None if one is None else _loaded(one) for one in held]
    if kind in (Type.STRING, Type.GUID):
        return ["" if one is None else one for one in held]
    return held


def _micros(column: pa.Array) -> list[int | None]:
    if not pa.types.is_timestamp(column.type):
        return [None] * len(column)
    return list(column.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_pylist())


def _loaded(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def print_form(value: Any) -> Any:
    """One value as KQL prints it."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
    if isinstance(value, timedelta):
        return span_text(value)
    return value


def span_text(value: timedelta) -> str:
    """1.02:03:04.5000000: days only when there are any, the fraction only when there is one."""
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    days = f"{value.days}." if value.days else ""
    fraction = f".{value.microseconds:06}0" if value.microseconds else ""
    hours, rest = divmod(value.seconds, 3600)
    return f"{sign}{days}{hours:02}:{rest // 60:02}:{rest % 60:02}{fraction}"
