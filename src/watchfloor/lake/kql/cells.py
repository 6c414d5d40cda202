"""Cells of an uploaded list, which are texts, as the type a query gives their column. What cannot be read is null."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from watchfloor.lake.kql.types import Type

_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def value_of(cell: Any, kind: Type) -> Any:
    """The cell as a Python value of `kind`; one that is no text already is what it is."""
    if kind is Type.STRING:
        return "" if cell is None else str(cell)
    if not isinstance(cell, str):
        return cell
    with suppress(ValueError, OverflowError):
        return _READERS[kind](cell.strip())
    return None


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _whole(bits: int) -> Callable[[str], int | None]:
    return lambda text: found if -(1 << bits) <= (found := int(text)) < 1 << bits else None


def _ticks(text: str) -> int:
    """hh:mm:ss with days before a point; a fraction is cut at the tick."""
    sign, text = (-1, text[1:]) if text.startswith("-") else (1, text)
    clock, _, fraction = text.rpartition(".") if text.count(":") and "." in text.rpartition(":")[2] else (text, "", "")
    days, _, time = clock.rpartition(".")
    hours, minutes, seconds = (int(part) for part in time.split(":"))
    whole = ((int(days or 0) * 24 + hours) * 60 + minutes) * 60 + seconds
    return sign * (whole * 10_000_000 + int(fraction.ljust(7, "0")[:7] or 0))


def _dynamic(text: str) -> Any:
    if not text:
        return None
    with suppress(ValueError):
        return json.loads(text)
    return text


_READERS: dict[Type, Callable[[str], Any]] = {
    Type.BOOL: lambda text: _TRUTHS.get(text.lower()),
    Type.INT: _whole(31),
    Type.LONG: _whole(63),
    Type.REAL: float,
    Type.DECIMAL: float,
    Type.DATETIME: _moment,
    Type.TIMESPAN: _ticks,
    Type.GUID: lambda text: text.lower() or None,
    Type.DYNAMIC: _dynamic,
}
