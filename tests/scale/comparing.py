"""Answers of two engines beside one another: rows as multisets, reals to nine digits, dynamics by what they hold."""

import json
import math
import re
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

GATHERED = re.compile(r"make_?(set|list|bag)")
"""What gathers values in whatever order rows come."""
CAPPED = re.compile(r"make_?(set|list)\w*\([^()]*,\s*\d+\s*\)")
"""What gathers some of them only."""


def looseness(text: str) -> str:
    """How much of an array's content is anybody's choice: nothing, the order, or all but its length."""
    return "choice" if CAPPED.search(text) else "order" if GATHERED.search(text) else ""


def comparable(table: pa.Table, *, loose: str = "") -> list[tuple[Any, ...]]:
    """Rows in an order of their own; arrays as `loose` says, see `looseness`."""
    columns = [[_cell(value, loose=loose) for value in _held(column)] for column in table.columns]
    return sorted(zip(*columns, strict=True), key=repr)


def _held(column: pa.ChunkedArray) -> Iterable[Any]:
    if isinstance(column.type, pa.BaseExtensionType):
        return (None if one is None else _Json(one) for one in column.cast(column.type.storage_type).to_pylist())
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.int64()).to_pylist()
    return column.to_pylist()


class _Json(str):
    """A cell that is JSON."""


def _cell(value: Any, *, loose: str) -> Any:
    if isinstance(value, _Json):
        try:
            return _plain(json.loads(value), loose=loose)
        except ValueError:
            return str(value)
    if isinstance(value, str) and loose and value[:1] == "[":
        try:
            return _plain(json.loads(value), loose=loose)
        except ValueError:
            return value
    return _plain(value, loose=loose)


def _plain(value: Any, *, loose: str) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return _number(float(value)) if isinstance(value, float) else value
    if isinstance(value, list):
        if loose == "choice":
            return ("array", len(value))
        parts = [_plain(one, loose=loose) for one in value]
        return tuple(sorted(parts, key=repr)) if loose else tuple(parts)
    if isinstance(value, dict):
        return tuple(sorted((key, _plain(one, loose=loose)) for key, one in value.items()))
    return value


def _number(value: float) -> Any:
    if math.isnan(value) or math.isinf(value):
        return str(value)
    return float(f"{value:.9g}") + 0.0


def differences(ours: list[tuple[Any, ...]], theirs: list[tuple[Any, ...]], most: int = 3) -> list[str]:
    """The first rows that only one of them has."""
    left, right = list(map(repr, ours)), list(map(repr, theirs))
    found = [f"- {one}" for one in left if one not in right] + [f"+ {one}" for one in right if one not in left]
    if not found and left != right:
        found = [f"{len(left)} rows here, {len(right)} there"]
    return found[:most]
