"""Pieces of KQL made of values: everything from outside goes through `text`."""

from collections.abc import Iterable
from datetime import UTC, datetime


def text(value: str) -> str:
    """A literal that says exactly this; a NUL, which no column holds, is left out."""
    return '"' + "".join(map(_sign, value.replace("\0", ""))) + '"'


def _sign(sign: str) -> str:
    if sign in '\\"':
        return "\\" + sign
    return f"\\u{ord(sign):04x}" if ord(sign) < 32 or ord(sign) == 127 else sign


def moment(at: datetime) -> str:
    """A literal of this time."""
    return f"datetime({at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z)"


def one_of(column: str, values: Iterable[str]) -> str:
    """Whether the column is one of these, letter for letter: what segments sorted by it are looked up by."""
    return f"{column} in ({', '.join(map(text, values))})"


def some_case_of(column: str, values: Iterable[str]) -> str:
    """Whether the column is one of these in any case."""
    return f"{column} in~ ({', '.join(map(text, values))})"
