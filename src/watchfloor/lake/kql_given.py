"""Rows that lie in no table of the lake: those another slice gives when they are asked for (SecurityIncident), those of lists."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pyarrow as pa

from watchfloor.lake.contracts import ColumnType, View
from watchfloor.lake.kql.cells import value_of
from watchfloor.lake.kql.model import ListData
from watchfloor.lake.kql.types import Type
from watchfloor.lake.kql_tables import place_of

Rows = Callable[[], Iterable[Mapping[str, Any]]]
_givers: dict[str, Rows] = {}
_ARROW = {
    ColumnType.STRING: pa.string(),
    ColumnType.DYNAMIC: pa.string(),
    ColumnType.DATETIME: pa.timestamp("us", tz="UTC"),
    ColumnType.INT: pa.int32(),
    ColumnType.LONG: pa.int64(),
    ColumnType.REAL: pa.float64(),
    ColumnType.BOOL: pa.bool_(),
}


def give_rows(view: str, rows: Rows) -> None:
    """From now on `rows()` says what the view holds: one mapping per row, missing columns empty."""
    _givers[view] = rows


def given_rows(view: str) -> pa.Table | None:
    """The rows of a view that no table holds; none when it is an ordinary table."""
    place = place_of(view)
    if not isinstance(place, View) or place.over:
        return None
    rows = list(_givers[view]()) if view in _givers else []
    names = [column for column in place.columns if column.reads]
    return pa.table(
        {
            column.name: pa.array([_cell(row.get(column.name), column.type) for row in rows], _ARROW[column.type])
            for column in names
        }
    )


def arrow_of(found: ListData) -> pa.Table:
    """The rows of an uploaded list, its cells read as the types a query gives its columns."""
    columns = {
        name: pa.array([_told(value_of(row[place], kind), kind) for row in found.rows], _HELD[kind])
        for place, (name, kind) in enumerate(found.columns)
    }
    return pa.table(columns)


def _told(value: Any, kind: Type) -> Any:
    if kind is Type.DYNAMIC:
        return None if value is None else json.dumps(value, ensure_ascii=False, default=str)
    return value


_HELD = {
    Type.STRING: pa.string(),
    Type.GUID: pa.string(),
    Type.DYNAMIC: pa.string(),
    Type.DATETIME: pa.timestamp("us", tz="UTC"),
    Type.TIMESPAN: pa.int64(),
    Type.INT: pa.int32(),
    Type.LONG: pa.int64(),
    Type.REAL: pa.float64(),
    Type.DECIMAL: pa.float64(),
    Type.BOOL: pa.bool_(),
}


def _cell(value: Any, type: ColumnType) -> Any:
    if type is ColumnType.DYNAMIC:
        return "" if value is None else json.dumps(value, ensure_ascii=False, default=str)
    return "" if value is None and type is ColumnType.STRING else value
