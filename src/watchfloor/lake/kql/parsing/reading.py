"""Literals as people write them: numbers, spans, moments, identifiers, from text to Python values."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from watchfloor.lake.kql import syntax as s
from watchfloor.lake.kql.tokens import Kind, Token

TICKS = {
    "d": 864_000_000_000,
    "h": 36_000_000_000,
    "m": 600_000_000,
    "s": 10_000_000,
    "ms": 10_000,
    "us": 10,
    "tick": 1,
}
"""100 ns ticks of one unit."""
_UNIT = (
    (re.compile(r"(?:days?|d)\Z"), "d"),
    (re.compile(r"(?:hours?|hrs?|h)\Z"), "h"),
    (re.compile(r"(?:minutes?|mins?|m)\Z"), "m"),
    (re.compile(r"(?:seconds?|secs?|s)\Z"), "s"),
    (re.compile(r"(?:milliseconds?|millis?|milli|ms)\Z"), "ms"),
    (re.compile(r"(?:microseconds?|micros?)\Z"), "us"),
    (re.compile(r"ticks?\Z"), "tick"),
)
_AMOUNT = re.compile(r"([\d.]+)([a-z]+)\Z")
_CLOCK = re.compile(r"(-)?(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?\Z")


def number(token: Token) -> s.Literal:
    """A number or timespan token as a literal."""
    if token.kind is Kind.LONG:
        return s.Literal("long", int(token.text, 16 if token.text[:2].lower() == "0x" else 10), span=token.span)
    if token.kind is Kind.REAL:
        return s.Literal("real", float(token.text), span=token.span)
    return s.Literal("timespan", ticks(token.text), span=token.span)


def ticks(text: str) -> int | None:
    """A timespan in ticks: `1d`, `2.5h`, `1.02:03:04.5`, `3` (days); None when it is none."""
    text = text.strip().strip("\"'").strip()
    if match := _AMOUNT.match(text):
        unit = next((short for pattern, short in _UNIT if pattern.match(match[2])), None)
        return None if unit is None else round(float(match[1]) * TICKS[unit])
    if match := _CLOCK.match(text):
        sign, days, hours, minutes, seconds, fraction = match.groups()
        found = int(days or 0) * TICKS["d"] + int(hours) * TICKS["h"] + int(minutes) * TICKS["m"]
        found += int(seconds or 0) * TICKS["s"] + int((fraction or "0").ljust(7, "0"))
        return -found if sign else found
    try:
        return round(float(text) * TICKS["d"])
    except ValueError:
        return None


_ISO = re.compile(
    r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[T\s]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?)?)?)?\s*"
    r"(Z|UTC|GMT|[+-]\d{2}:?\d{2})?\Z",
    re.IGNORECASE,
)
_WRITTEN = (
    "%m/%d/%Y", "%m-%d-%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p",
    "%d %b %Y", "%d %b %Y %H:%M:%S", "%a, %d %b %Y %H:%M:%S", "%b %d %Y", "%Y%m%d", "%Y/%m/%d", "%Y.%m.%d",
)  # fmt: skip


def moment(text: str) -> str | None:
    """A datetime literal as ISO text in UTC; None when it is none."""
    text = text.strip().strip("\"'").strip()
    if match := _ISO.match(text):
        year, month, day, hour, minute, second, fraction, zone = match.groups()
        try:
            found = datetime(
                int(year),
                int(month or 1),
                int(day or 1),
                int(hour or 0),
                int(minute or 0),
                int(second or 0),
                tzinfo=UTC,
            )
        except ValueError:
            return None
        found += timedelta(microseconds=int((fraction or "0")[:6].ljust(6, "0")))
        return (found - _offset(zone)).isoformat()
    for form in _WRITTEN:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).isoformat()
        except ValueError:
            continue
    return None


def _offset(zone: str | None) -> timedelta:
    if not zone or zone[0] not in "+-":
        return timedelta()
    digits = zone[1:].replace(":", "")
    found = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -found if zone[0] == "-" else found


_GUID = re.compile(r"\{?([0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12})\}?\Z")


def _guid(text: str) -> str | None:
    match = _GUID.match(text.strip("\"'"))
    return match[1].lower() if match else None


def _whole(text: str) -> int | None:
    try:
        return int(text, 16) if text[:2].lower() == "0x" else int(text)
    except ValueError:
        return None


def _fraction(text: str) -> float | None:
    words = {"nan": "nan", "+inf": "inf", "-inf": "-inf"}
    try:
        return float(words.get(text.lower(), text)) if text else None
    except ValueError:
        return None


def _truth(text: str) -> bool | None:
    return {"true": True, "1": True, "false": False, "0": False}.get(text.lower())


LITERALS: dict[str, Callable[[str], Any]] = {
    "datetime": moment,
    "timespan": ticks,
    "guid": _guid,
    "int": _whole,
    "long": _whole,
    "real": _fraction,
    "decimal": _fraction,
    "bool": _truth,
}
