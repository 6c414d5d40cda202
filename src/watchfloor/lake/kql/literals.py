"""Python values as typed scalars."""

import json
import math
from datetime import datetime, timedelta
from typing import Any

from sqlglot import exp

from watchfloor.lake.kql.errors import KqlError, Span
from watchfloor.lake.kql.model import Typed
from watchfloor.lake.kql.templates import cast, text, whole
from watchfloor.lake.kql.types import SQL_TYPES, Type


def typed(type_: Type, value: Any) -> Typed:
    """A literal of that type; None gives the type's null, which for a text is the empty one."""
    if value is None and type_ is Type.STRING:
        value = ""
    if value is None:
        return Typed(cast(exp.Null(), SQL_TYPES[type_]), type_, const=None)
    if type_ is Type.STRING and NOTHING in value:
        return Typed(_with_nothing(value), type_, null=False)
    return Typed(_MAKERS[type_](value), type_, const=value, null=False)


NOTHING = "\0"
"""The character no statement can hold: decoded commands are full of it, and queries take it out of them."""


def _with_nothing(value: str) -> exp.Expr:
    """A text with U+0000, put together when it runs; nobody may read it as a constant."""
    parts: list[exp.Expr] = []
    for number, part in enumerate(value.split(NOTHING)):
        parts += [exp.Anonymous(this="CHR", expressions=[whole(0)]), text(part)] if number else [text(part)]
    return exp.Anonymous(this="CONCAT", expressions=parts)


def _moment(value: datetime | str) -> exp.Expr:
    stamp = value if isinstance(value, str) else value.isoformat()
    return cast(text(stamp), "TIMESTAMPTZ")


def _real(value: float) -> exp.Expr:
    plain = repr(float(value)) if math.isfinite(value) else {True: "nan"}.get(math.isnan(value), str(value))
    return cast(text(plain), "DOUBLE")


def _whole(kind: str, bits: int) -> Any:
    def make(value: int) -> exp.Expr:
        if not -(1 << bits) <= value < 1 << bits:
            raise KqlError(f"{value} is too large for {kind}", kind="type")
        return cast(whole(value), kind)

    return make


_MAKERS = {
    Type.BOOL: lambda value: exp.true() if value else exp.false(),
    Type.INT: _whole("INT", 31),
    Type.LONG: _whole("BIGINT", 63),
    Type.TIMESPAN: _whole("BIGINT", 63),
    Type.REAL: _real,
    Type.DECIMAL: _real,
    Type.STRING: text,
    Type.GUID: text,
    Type.DATETIME: _moment,
    Type.DYNAMIC: lambda value: cast(text(json.dumps(value, ensure_ascii=False)), "JSON"),
}


def long(value: int) -> Typed:
    return typed(Type.LONG, value)


def string(value: str) -> Typed:
    return typed(Type.STRING, value)


def moment_of(value: str, span: Span) -> datetime:
    """A literal's ISO text as a moment; what lies before year 1 or after 9999 is refused."""
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise KqlError(f"“{value}” is no moment", span, kind="type") from None


def shifted(moment: datetime, ticks: int, span: Span) -> datetime:
    """A moment moved by ticks, refused when it leaves the calendar."""
    try:
        return moment + timedelta(microseconds=ticks // 10)
    except OverflowError:
        raise KqlError("this moment lies outside the calendar", span, kind="type") from None
