"""One cell of a file as a value of its column, or the reason why it is none. Pure."""

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from watchfloor.lake.contracts import Column, ColumnType

PORTAL_TIMES = ("%m/%d/%Y, %I:%M:%S.%f %p", "%m/%d/%Y, %I:%M:%S %p", "%b %d, %Y %I:%M:%S %p")
"""How Microsoft's portals write times into CSV; the column's name says that they are UTC."""
TRUE = frozenset({"true", "1", "yes"})
FALSE = frozenset({"false", "0", "no", ""})


class Unfit(ValueError):
    """A row or cell the table cannot take; the text says why."""


def cell(value: Any, column: Column, *, utc: bool = False) -> Any:
    """The value for this column; an empty cell is the column's empty value. `utc` vouches for times without a zone.

    Raises Unfit naming column and value.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    try:
        return _instant(value, utc) if column.type is ColumnType.DATETIME else _READ[column.type](value)
    except (ValueError, TypeError, OverflowError) as error:
        shown = str(value)[:60]
        wanted = str(error) if isinstance(error, Unfit) else f"is no {column.type.value}"
        raise Unfit(f"{column.name} “{shown}” {wanted}") from None


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.decode()
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)


def _dynamic(value: Any) -> Any:
    return value if isinstance(value, dict | list | str) else _text(value)


def _instant(value: Any, utc: bool) -> datetime | None:
    if isinstance(value, str):
        if not value.strip():
            return None
        value = _moment(value.strip())
    if not isinstance(value, datetime):
        raise Unfit("is no time")
    if value.tzinfo is None and not utc:
        raise Unfit("has no time zone; write it as 2026-05-01T12:00:00Z")
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        for form in PORTAL_TIMES:
            try:
                return datetime.strptime(text, form)  # noqa: DTZ007  the caller asks for the zone
            except ValueError:
                continue
    raise Unfit("is no time")


def _whole(bits: int) -> Callable[[Any], int]:
    highest = 2 ** (bits - 1)

    def read(value: Any) -> int:
        if isinstance(value, str) and not value.strip():
            return 0
        number = float(value) if isinstance(value, str) and "." in value else value
        if isinstance(number, float) and not number.is_integer():
            raise Unfit("is no whole number")
        whole = int(number)
        if not -highest <= whole < highest:
            raise Unfit(f"does not fit into {bits} bits")
        return whole

    return read


def _real(value: Any) -> float:
    return 0.0 if isinstance(value, str) and not value.strip() else float(value)


def _flag(value: Any) -> bool:
    word = str(value).strip().lower()
    if word not in TRUE | FALSE:
        raise Unfit("is neither true nor false")
    return word in TRUE


_READ: dict[ColumnType, Callable[[Any], Any]] = {
    ColumnType.STRING: _text,
    ColumnType.DYNAMIC: _dynamic,
    ColumnType.INT: _whole(32),
    ColumnType.LONG: _whole(64),
    ColumnType.REAL: _real,
    ColumnType.BOOL: _flag,
}
