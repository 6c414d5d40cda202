"""What Sail reads otherwise than DuckDB, in plain Python: sent to its server as it stands, so it imports nothing of ours.

JSON keeps the order of its keys and tells a text from a number, a number is written as DuckDB writes it, a moment is read from
the same forms. Each function takes null and gives null.
"""

import base64
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import unquote_to_bytes

_MOMENT = re.compile(
    r"\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?"
    r"\s*(?:(Z)|([+-])(\d{2})(?::?(\d{2}))?)?)?\s*"
)


def _loaded(text: str | None) -> Any:
    """The value of a JSON text; ValueError when it is none."""
    if text is None:
        raise ValueError
    return json.loads(text, parse_constant=_no_constant)


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _missing() -> None: ...


def _at(text: str | None, path: str) -> Any:
    """What lies at a path of keys and places; `_missing` when nothing does."""
    try:
        value = _loaded(text)
    except ValueError:
        return _missing
    for step in json.loads(path):
        try:
            value = (
                value[step]
                if isinstance(value, dict | list) and isinstance(step, str) == isinstance(value, dict)
                else _missing
            )
        except (KeyError, IndexError):
            return _missing
        if value is _missing:
            return _missing
    return value


def json_part(text: str | None, path: str) -> str | None:
    """A part as JSON."""
    value = _at(text, path)
    return None if value is _missing else _dumped(value)


def json_text(text: str | None, path: str) -> str | None:
    """A part as text: of a text what it holds, nothing for null."""
    value = _at(text, path)
    if value is _missing or value is None:
        return None
    return value if isinstance(value, str) else _dumped(value)


def json_valid(text: str | None) -> bool | None:
    if text is None:
        return None
    try:
        _loaded(text)
    except ValueError:
        return False
    return True


def json_keys(text: str | None) -> list[str] | None:
    if text is None:
        return None
    value = _at(text, "[]")
    return list(value) if isinstance(value, dict) else []


def json_list(text: str | None) -> list[str | None] | None:
    """The elements of an array as JSON."""
    value = _at(text, "[]")
    return [None if one is None else _dumped(one) for one in value] if isinstance(value, list) else None


def json_texts(text: str | None) -> list[str | None] | None:
    """The elements of an array as texts."""
    value = _at(text, "[]")
    if not isinstance(value, list):
        return None
    return [one if isinstance(one, str) or one is None else _dumped(one) for one in value]


def number(value: float | None) -> str | None:
    """A double as DuckDB writes it, which is as Python does."""
    return None if value is None else repr(float(value))


def moment(text: str | None) -> datetime | None:
    """A moment in ISO's forms."""
    found = _MOMENT.fullmatch(text) if text else None
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, _, sign, hours, minutes = found.groups()
    micros = int((fraction or "").ljust(6, "0")[:6])
    if fraction and len(fraction) > 6:
        return None
    try:
        made = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), micros, UTC
        )
    except ValueError:
        return None
    away = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return made + away if sign == "-" else made - away


def strptime(text: str | None, forms: str) -> datetime | None:
    """The first of the forms, one a line, that fits."""
    if text is None:
        return None
    for form in forms.split("\n"):
        given, wanted = text, form
        if "%g" in form:
            given = re.sub(r"\.(\d{6})\d{1,3}Z$", r".\1Z", text)
            wanted = form.replace("%g", "%f")
        try:
            return datetime.strptime(given, wanted).replace(tzinfo=timezone.utc)  # noqa: UP017
        except ValueError:
            continue
    return None


def unbase64(text: str | None) -> str | None:
    """The text in base 64, null when it is none."""
    if text is None:
        return None
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return None


def url_decode(text: str | None) -> str | None:
    return None if text is None else unquote_to_bytes(text).decode("utf-8", "replace")


MOST = 10_000_000


def numbers(start: int | None, end: int | None, step: int | None) -> list[int] | None:
    """From `start` to before `end`."""
    if start is None or end is None or step is None:
        return None
    made = range(start, end, step) if step else range(0)
    if len(made) > MOST:
        raise ValueError(f"a series of more than {MOST} numbers")
    return list(made)


FUNCTIONS = {
    "range": (numbers, "wholes"),
    "json_part": (json_part, "text"),
    "json_text": (json_text, "text"),
    "json_valid": (json_valid, "bool"),
    "json_keys": (json_keys, "texts"),
    "json_list": (json_list, "texts"),
    "json_texts": (json_texts, "texts"),
    "number": (number, "text"),
    "moment": (moment, "moment"),
    "strptime": (strptime, "moment"),
    "unbase64": (unbase64, "text"),
    "url_decode": (url_decode, "text"),
}
"""By name without its mark: the function and what it gives."""
