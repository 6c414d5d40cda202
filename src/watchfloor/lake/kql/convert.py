"""From one type to another. A conversion never fails: what cannot be read is null, or the empty text."""

import json
from typing import Any

from sqlglot import exp

from watchfloor.lake.kql import literals
from watchfloor.lake.kql.errors import KqlError, Span
from watchfloor.lake.kql.model import Typed
from watchfloor.lake.kql.parsing.reading import moment as read_moment
from watchfloor.lake.kql.parsing.reading import ticks as read_ticks
from watchfloor.lake.kql.templates import cast, fill, once, own
from watchfloor.lake.kql.types import NUMBERS, SQL_TYPES, WHOLE, Type

TIME_TEXT = "(STRFTIME(_0, '%Y-%m-%dT%H:%M:%S.%f') || '0Z')"
SPAN_TEXT = """CASE WHEN _0 < 0 THEN '-' ELSE '' END
 || CASE WHEN ABS(_0) >= 864000000000 THEN CAST(ABS(_0) // 864000000000 AS TEXT) || '.' ELSE '' END
 || LPAD(CAST(ABS(_0) // 36000000000 % 24 AS TEXT), 2, '0') || ':'
 || LPAD(CAST(ABS(_0) // 600000000 % 60 AS TEXT), 2, '0') || ':'
 || LPAD(CAST(ABS(_0) // 10000000 % 60 AS TEXT), 2, '0')
 || CASE WHEN ABS(_0) % 10000000 = 0 THEN '' ELSE '.' || LPAD(CAST(ABS(_0) % 10000000 AS TEXT), 7, '0') END"""
TEXT_SPAN = """CASE WHEN REGEXP_FULL_MATCH(_0, '-?(\\d+\\.)?\\d{1,2}:\\d{1,2}(:\\d{1,2}(\\.\\d{1,7})?)?') THEN
 (CASE WHEN STARTS_WITH(_0, '-') THEN -1 ELSE 1 END) * (
 COALESCE(TRY_CAST(REGEXP_EXTRACT(_0, '^-?(\\d+)\\.', 1) AS BIGINT), 0) * 864000000000
 + COALESCE(TRY_CAST(REGEXP_EXTRACT(_0, '(\\d{1,2}):(\\d{1,2})', 1) AS BIGINT), 0) * 36000000000
 + COALESCE(TRY_CAST(REGEXP_EXTRACT(_0, '(\\d{1,2}):(\\d{1,2})', 2) AS BIGINT), 0) * 600000000
 + COALESCE(TRY_CAST(REGEXP_EXTRACT(_0, ':\\d{1,2}:(\\d{1,2})', 1) AS BIGINT), 0) * 10000000
 + COALESCE(TRY_CAST(RPAD(REGEXP_EXTRACT(_0, ':\\d{1,2}:\\d{1,2}\\.(\\d{1,7})', 1), 7, '0') AS BIGINT), 0)) END"""
PARSE = "CASE WHEN _0 = '' THEN NULL WHEN JSON_VALID(_0) THEN CAST(_0 AS JSON) ELSE TO_JSON(_0) END"


def python_text(value: Any) -> str:
    """A constant as KQL prints it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "True" if value else "False"
    return value if isinstance(value, str) else json_text(value)


def json_text(value: Any) -> str:
    """A constant dynamic as KQL prints it."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def raw_text(value: Typed) -> exp.Expr:
    """Text of any type, null where the value is null."""
    match value.type:
        case Type.STRING | Type.GUID:
            return value.sql
        case Type.DYNAMIC:
            return _json_text(value.sql)
        case Type.DATETIME:
            return fill(TIME_TEXT, value.sql)
        case Type.TIMESPAN:
            return once(SPAN_TEXT, value.sql)
        case Type.REAL | Type.DECIMAL:
            return fill("REGEXP_REPLACE(CAST(_0 AS TEXT), '\\.0$', '')", value.sql)
        case Type.BOOL:
            return fill("CASE WHEN _0 THEN 'True' WHEN NOT _0 THEN 'False' END", value.sql)
        case _:
            return cast(own(value.sql), "TEXT")


def _json_text(sql: exp.Expr) -> exp.Expr:
    """A dynamic as text: a path is asked for text at once."""
    if isinstance(sql, exp.Anonymous) and sql.name == "JSON_EXTRACT":
        return exp.Anonymous(this="JSON_EXTRACT_STRING", expressions=[own(part) for part in sql.expressions])
    return exp.Anonymous(this="JSON_EXTRACT_STRING", expressions=[own(sql), exp.Literal.string("$")])


def to_text(value: Typed) -> Typed:
    """tostring()."""
    if value.type is Type.STRING and not value.null:
        return value
    if value.is_const and value.type not in (Type.DATETIME, Type.TIMESPAN, Type.REAL, Type.DECIMAL):
        said = json_text(value.const) if value.type is Type.DYNAMIC else python_text(value.const)
        return literals.string(said).named(value.name)
    return Typed(fill("COALESCE(_0, '')", raw_text(value)), Type.STRING, value.name, null=False)


def to_whole(value: Typed, kind: Type) -> Typed:
    """tolong(), toint()."""
    name = SQL_TYPES[kind]
    match value.type:
        case Type.STRING | Type.DYNAMIC | Type.GUID:
            written = raw_text(value)
            pattern = (
                "CASE WHEN REGEXP_FULL_MATCH(_0, '\\s*([+-]?\\d+|0[xX][0-9a-fA-F]+)\\s*') THEN TRY_CAST(_0 AS _T) END"
            )
            if value.type is Type.DYNAMIC:
                pattern = f"TRY_CAST(TRUNC(TRY_CAST(_0 AS DOUBLE)) AS {name})"
            sql = fill(pattern.replace("_T", name), written)
        case Type.REAL | Type.DECIMAL:
            sql = fill(f"TRY_CAST(TRUNC(_0) AS {name})", value.sql)
        case Type.DATETIME:
            sql = fill(f"TRY_CAST((EPOCH_US(_0) + 62135596800000000) * 10 AS {name})", value.sql)
        case _:
            sql = fill(f"TRY_CAST(_0 AS {name})", value.sql)
    return Typed(sql, kind, value.name)


def to_real(value: Typed) -> Typed:
    """todouble()."""
    if value.type in (Type.STRING, Type.DYNAMIC, Type.GUID):
        return Typed(fill("TRY_CAST(_0 AS DOUBLE)", raw_text(value)), Type.REAL, value.name)
    if value.type is Type.DATETIME:
        return to_real(to_whole(value, Type.LONG))
    if value.type is Type.TIMESPAN:
        return Typed(fill("CAST(_0 AS DOUBLE)", value.sql), Type.REAL, value.name)
    return Typed(cast(own(value.sql), "DOUBLE"), Type.REAL, value.name, null=value.null)


def to_bool(value: Typed) -> Typed:
    """tobool()."""
    if value.type is Type.BOOL:
        return value
    if value.type in NUMBERS:
        return Typed(fill("_0 <> 0", value.sql), Type.BOOL, value.name)
    number = (
        "TRY_CAST(_0 AS DOUBLE)"
        if value.type is Type.DYNAMIC
        else "TRY_CAST(REGEXP_EXTRACT(_0, '^[+-]?\\d+$') AS BIGINT)"
    )
    shape = f"CASE LOWER(_0) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE ELSE {number} <> 0 END"
    return Typed(fill(shape, raw_text(value)), Type.BOOL, value.name)


def to_moment(value: Typed) -> Typed:
    """todatetime()."""
    if value.type is Type.DATETIME:
        return value
    if value.is_const and isinstance(value.const, str):
        found = read_moment(value.const)
        if found is None:
            return literals.typed(Type.DATETIME, None).named(value.name)
        return literals.typed(Type.DATETIME, literals.moment_of(found, Span(0, 0))).named(value.name)
    if value.type in WHOLE:
        shape = "CAST('0001-01-01T00:00:00Z' AS TIMESTAMPTZ) + TO_MICROSECONDS(CAST(_0 // 10 AS BIGINT))"
        return Typed(fill(shape, value.sql), Type.DATETIME, value.name)
    shape = (
        "COALESCE(TRY_CAST(_0 AS TIMESTAMPTZ), TRY_CAST(TRY_STRPTIME(_0, ["
        "'%m/%d/%Y %I:%M:%S %p', '%m/%d/%Y %H:%M:%S', '%m/%d/%Y %H:%M', '%m/%d/%Y', '%m-%d-%Y', '%Y%m%d',"
        "'%a, %d %b %Y %H:%M:%S GMT', '%d %b %Y %H:%M:%S', '%Y-%m-%dT%H:%M:%S.%gZ']) AS TIMESTAMPTZ))"
    )
    return Typed(fill(shape, raw_text(value)), Type.DATETIME, value.name)


def to_span(value: Typed) -> Typed:
    """totimespan()."""
    if value.type is Type.TIMESPAN:
        return value
    if value.type in WHOLE:
        return Typed(cast(own(value.sql), "BIGINT"), Type.TIMESPAN, value.name)
    if value.is_const and isinstance(value.const, str):
        return literals.typed(Type.TIMESPAN, read_ticks(value.const)).named(value.name)
    return Typed(once(TEXT_SPAN, raw_text(value)), Type.TIMESPAN, value.name)


def to_dynamic(value: Typed) -> Typed:
    """A value inside a bag, an array, or a set: JSON, times as KQL writes them."""
    if value.type is Type.DYNAMIC:
        return value
    if value.type in (Type.DATETIME, Type.TIMESPAN):
        return Typed(fill("TO_JSON(_0)", raw_text(value)), Type.DYNAMIC, value.name)
    if value.is_const and value.type is not Type.REAL:
        return literals.typed(Type.DYNAMIC, value.const).named(value.name)
    return Typed(fill("TO_JSON(_0)", value.sql), Type.DYNAMIC, value.name)


def parsed(value: Typed) -> Typed:
    """parse_json(): a dynamic is itself, bad text stays text."""
    if value.type is Type.DYNAMIC:
        return value
    if value.type is not Type.STRING:
        return to_dynamic(value)
    if value.is_const:
        try:
            return literals.typed(Type.DYNAMIC, json.loads(value.const)).named(value.name)
        except ValueError:
            return literals.typed(Type.DYNAMIC, value.const or None).named(value.name)
    return Typed(once(PARSE, value.sql), Type.DYNAMIC, value.name)


def to_guid(value: Typed) -> Typed:
    """toguid()."""
    shape = "CAST(TRY_CAST(_0 AS UUID) AS TEXT)"
    return Typed(fill(shape, raw_text(value)), Type.GUID, value.name)


def to(value: Typed, kind: Type) -> Typed:
    """The value as `kind`, as an explicit conversion does it."""
    if value.type is kind:
        return value
    match kind:
        case Type.STRING:
            return to_text(value)
        case Type.INT | Type.LONG:
            return to_whole(value, kind)
        case Type.REAL | Type.DECIMAL:
            found = to_real(value)
            return Typed(found.sql, kind, found.name)
        case Type.BOOL:
            return to_bool(value)
        case Type.DATETIME:
            return to_moment(value)
        case Type.TIMESPAN:
            return to_span(value)
        case Type.GUID:
            return to_guid(value)
        case _:
            return parsed(value)


def fit(value: Typed, kind: Type, span: Span) -> Typed:
    """The value where `kind` is wanted and nobody converted: numbers widen, a dynamic gives what it holds, a null is any null."""
    if value.type is kind:
        return value
    if value.is_const and value.const is None:
        return literals.typed(kind, None)
    if value.type is Type.DYNAMIC or (value.type in NUMBERS and kind in NUMBERS):
        return to(value, kind)
    if kind is Type.DYNAMIC:
        return to_dynamic(value)
    if kind is Type.STRING and value.type is Type.GUID:
        return Typed(value.sql, Type.STRING, value.name)
    if kind is Type.GUID and value.type is Type.STRING:
        return to_guid(value)
    raise KqlError(f"a {kind} is wanted here, and this is a {value.type}", span, kind="type")
