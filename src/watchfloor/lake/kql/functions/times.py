"""Functions of moments and spans."""

import re
import zoneinfo
from collections.abc import Sequence

from sqlglot import exp

from watchfloor.lake.kql import arithmetic, convert, literals
from watchfloor.lake.kql.errors import KqlError, Span
from watchfloor.lake.kql.functions.registry import add, const, sql
from watchfloor.lake.kql.model import Typed
from watchfloor.lake.kql.templates import cast, fill, text, whole
from watchfloor.lake.kql.types import NUMBERS, WHOLE, Type

S, L, D, T, I = Type.STRING, Type.LONG, Type.DATETIME, Type.TIMESPAN, Type.INT  # noqa: E741
YEAR_ONE = 62_135_596_800_000_000
"""Microseconds from year 1 to 1970."""
DAY = 864_000_000_000

sql("hourofday", "datetime", I, "CAST(EXTRACT(HOUR FROM _0) AS INT)")
sql("dayofmonth", "datetime", I, "CAST(EXTRACT(DAY FROM _0) AS INT)")
sql("dayofyear", "datetime", I, "CAST(EXTRACT(DOY FROM _0) AS INT)")
sql("monthofyear getmonth", "datetime", I, "CAST(EXTRACT(MONTH FROM _0) AS INT)")
sql("getyear", "datetime", I, "CAST(EXTRACT(YEAR FROM _0) AS INT)")
sql("week_of_year weekofyear", "datetime", L, "CAST(EXTRACT(WEEK FROM _0) AS BIGINT)")
sql("dayofweek", "datetime", T, f"CAST(EXTRACT(DOW FROM _0) AS BIGINT) * {DAY}")
sql(
    "unixtime_seconds_todatetime",
    "number",
    D,
    "TRY_CAST('1970-01-01T00:00:00Z' AS TIMESTAMPTZ) + TO_MICROSECONDS(CAST(_0 * 1000000 AS BIGINT))",
)
sql(
    "unixtime_milliseconds_todatetime",
    "number",
    D,
    "TRY_CAST('1970-01-01T00:00:00Z' AS TIMESTAMPTZ) + TO_MICROSECONDS(CAST(_0 * 1000 AS BIGINT))",
)
sql(
    "unixtime_microseconds_todatetime",
    "number",
    D,
    "TRY_CAST('1970-01-01T00:00:00Z' AS TIMESTAMPTZ) + TO_MICROSECONDS(CAST(_0 AS BIGINT))",
)
sql(
    "unixtime_nanoseconds_todatetime",
    "number",
    D,
    "TRY_CAST('1970-01-01T00:00:00Z' AS TIMESTAMPTZ) + TO_MICROSECONDS(CAST(_0 // 1000 AS BIGINT))",
)


def _edge(unit: str, *, end: bool) -> object:
    step = {"day": "1 DAY", "week": "7 DAYS", "month": "1 MONTH", "year": "1 YEAR"}[unit]

    def make(args: Sequence[Typed], span: Span) -> Typed:
        # A week begins on Sunday here, on Monday in SQL.
        start = (
            "DATE_TRUNC('week', _0 + INTERVAL '1 DAY') - INTERVAL '1 DAY'"
            if unit == "week"
            else f"DATE_TRUNC('{unit}', _0)"
        )
        found = fill(f"({start})", args[0].sql)
        if len(args) > 1:
            found = fill(f"_0 + CAST(_1 AS INT) * INTERVAL '{step}'", found, args[1].sql)
        if end:
            found = fill(f"_0 + INTERVAL '{step}' - INTERVAL '1 MICROSECOND'", found)
        return Typed(found, D)

    return make


for _unit in ("day", "week", "month", "year"):
    add(f"startof{_unit}", "datetime long?", _edge(_unit, end=False), keeps_name=_unit == "day")  # type: ignore[arg-type]
    add(f"endof{_unit}", "datetime long?", _edge(_unit, end=True))  # type: ignore[arg-type]


def bin_of(value: Typed, step: Typed, span: Span, origin: Typed | None = None) -> Typed:
    """bin(), floor() and bin_at(): down to a multiple; days since Monday, year 1."""
    name = value.name
    if value.type is D:
        if step.type is not T:
            raise KqlError("bin() of a datetime takes a timespan", span, kind="type")
        if origin is None:
            shape = (
                f"CAST('1970-01-01T00:00:00Z' AS TIMESTAMPTZ) + TO_MICROSECONDS(CAST("
                f"(EPOCH_US(_0) + {YEAR_ONE}) // NULLIF(_1 // 10, 0) * (_1 // 10) - {YEAR_ONE} AS BIGINT))"
            )
            return Typed(fill(shape, value.sql, step.sql), D, name, null=value.null)
        shape = "_2 + TO_MICROSECONDS(CAST(FLOOR((EPOCH_US(_0) - EPOCH_US(_2)) / (_1 / 10.0)) * (_1 // 10) AS BIGINT))"
        return Typed(fill(shape, value.sql, step.sql, origin.sql), D, name)
    if value.type is T or (value.type in WHOLE and step.type in WHOLE):
        kind = "BIGINT" if value.type is T or Type.LONG in (value.type, step.type) else "INT"
        result = T if value.type is T else L if kind == "BIGINT" else I
        if origin is not None:
            shape = f"CAST(_2 + FLOOR((_0 - _2) / CAST(_1 AS DOUBLE)) * _1 AS {kind})"
            return Typed(fill(shape, value.sql, step.sql, origin.sql), result, name)
        return Typed(
            fill(f"CAST(FLOOR(_0 / NULLIF(CAST(_1 AS DOUBLE), 0)) * _1 AS {kind})", value.sql, step.sql), result, name
        )
    if value.type in NUMBERS and step.type in NUMBERS:
        base = origin.sql if origin else whole(0)
        return Typed(fill("_2 + FLOOR((_0 - _2) / NULLIF(_1, 0)) * _1", value.sql, step.sql, base), Type.REAL, name)
    raise KqlError(f"bin() of a {value.type} by a {step.type} means nothing", span, kind="type")


def _bin(args: Sequence[Typed], span: Span) -> Typed:
    value = args[0]
    if value.type in (Type.DYNAMIC, S):
        value = convert.to(value, D if args[1].type is T else Type.REAL)
    return bin_of(value, args[1], span, args[2] if len(args) > 2 else None)


add("bin floor bin_at", "any any any?", _bin, keeps_name=True)

PARTS = {
    "year": "YEAR", "quarter": "QUARTER", "month": "MONTH", "week": "WEEK", "week_of_year": "WEEK", "day": "DAY",
    "hour": "HOUR", "minute": "MINUTE", "second": "SECOND", "millisecond": "MILLISECOND", "microsecond": "MICROSECOND",
    "dayofyear": "DOY", "nanosecond": "NANOSECOND",
}  # fmt: skip


def _part(arg: Typed, span: Span) -> str:
    name = str(const(arg, "the part", span)).lower().removesuffix("s") if arg.const else ""
    if name not in PARTS:
        raise KqlError(f"“{arg.const}” is no part of a moment; known are {', '.join(PARTS)}", span, kind="type")
    return name


def _diff(args: Sequence[Typed], span: Span) -> Typed:
    part = _part(args[0], span)
    if part == "nanosecond":
        return Typed(fill("(EPOCH_US(_0) - EPOCH_US(_1)) * 1000", args[1].sql, args[2].sql), L)
    if part == "week":
        # Weeks begin on Sunday, as day 3 after 1970-01-01 was one.
        day = "FLOOR((EPOCH_US({}) / 86400000000 - 3) / 7)"
        shape = f"{day.format('_0')} - {day.format('_1')}"
    else:
        shape = f"DATE_DIFF('{PARTS[part]}', _1, _0)"
    return Typed(cast(fill(shape, args[1].sql, args[2].sql), "BIGINT"), L)


def _add(args: Sequence[Typed], span: Span) -> Typed:
    part = {"quarter": "MONTH"}.get(_part(args[0], span), PARTS[_part(args[0], span)])
    times = 3 if PARTS[_part(args[0], span)] == "QUARTER" else 1
    return Typed(fill(f"_1 + CAST(_0 * {times} AS INT) * INTERVAL '1 {part}'", args[1].sql, args[2].sql), D)


def _date_part(args: Sequence[Typed], span: Span) -> Typed:
    part = _part(args[0], span)
    if part in ("millisecond", "microsecond", "nanosecond"):
        scale = {"millisecond": "// 1000", "microsecond": "", "nanosecond": "* 1000"}[part]
        return Typed(fill(f"CAST(EPOCH_US(_0) % 1000000 {scale} AS BIGINT)", args[1].sql), L)
    return Typed(fill(f"CAST(EXTRACT({PARTS[part]} FROM _0) AS BIGINT)", args[1].sql), L)


add("datetime_diff", "string datetime datetime", _diff)
add("datetime_add", "string long datetime", _add)
add("datetime_part", "string datetime", _date_part)

_FORM = re.compile(r"y+|M+|d+|H+|h+|m+|s+|f+|F+|t+|[\[\]/\-:,. _T]")
_STRF = {
    "yyyy": "%Y", "yy": "%y", "MM": "%m", "M": "%-m", "dd": "%d", "d": "%-d", "HH": "%H", "H": "%-H", "hh": "%I",
    "h": "%-I", "mm": "%M", "m": "%-M", "ss": "%S", "s": "%-S", "tt": "%p",
}  # fmt: skip


def _format_datetime(args: Sequence[Typed], span: Span) -> Typed:
    form = str(const(args[1], "the format", span))
    parts: list[exp.Expr] = []
    at = 0
    while at < len(form):
        match = _FORM.match(form, at)
        if match is None:
            raise KqlError(f"“{form[at]}” is no part of a format", span, kind="type")
        parts.append(_formatted(match[0], args[0], span))
        at = match.end()
    joined = exp.Anonymous(this="CONCAT", expressions=parts or [text("")])
    return Typed(fill("CASE WHEN _0 IS NULL THEN '' ELSE _1 END", args[0].sql, joined), S, null=False)


def _formatted(part: str, value: Typed, span: Span) -> exp.Expr:
    if part[0] in "fF" and part[0] * len(part) == part:
        found = fill("LPAD(CAST(EPOCH_US(_0) % 1000000 * 10 AS TEXT), 7, '0')", value.sql)
        return fill("SUBSTRING(_0, 1, _1)", found, whole(min(len(part), 7)))
    if part in _STRF:
        return fill("STRFTIME(_0, _1)", value.sql, text(_STRF[part]))
    if part[0].isalpha() and part != "T":
        raise KqlError(f"“{part}” is no part of a format", span, kind="type")
    return text(part)


def _format_timespan(args: Sequence[Typed], span: Span) -> Typed:
    form = str(const(args[1], "the format", span))
    units = {
        "d": (DAY, None),
        "h": (36_000_000_000, 24),
        "H": (36_000_000_000, 24),
        "m": (600_000_000, 60),
        "s": (10_000_000, 60),
    }
    parts: list[exp.Expr] = []
    for match in re.finditer(r"d+|h+|H+|m+|s+|f+|F+|.", form):
        word = match[0]
        if word[0] in units:
            size, wrap = units[word[0]]
            amount = fill(f"ABS(_0) // {size}" + (f" % {wrap}" if wrap else ""), args[0].sql)
            padded = fill("CAST(_0 AS TEXT)", amount)
            parts.append(fill("LPAD(_0, CAST(GREATEST(LENGTH(_0), _1) AS INT), '0')", padded, whole(len(word))))
        elif word[0] in "fF":
            found = fill("LPAD(CAST(ABS(_0) % 10000000 AS TEXT), 7, '0')", args[0].sql)
            parts.append(fill("SUBSTRING(_0, 1, _1)", found, whole(min(len(word), 7))))
        else:
            parts.append(text(word))
    return Typed(exp.Anonymous(this="CONCAT", expressions=parts or [text("")]), S, null=False)


add("format_datetime", "datetime string", _format_datetime)
add("format_timespan", "timespan string", _format_timespan)


def _zone(arg: Typed, span: Span) -> None:
    if isinstance(arg.const, str) and arg.const not in zoneinfo.available_timezones():
        raise KqlError(f"“{arg.const}” is no time zone", span, kind="type")


_LOCAL = "TIMEZONE('UTC', TIMEZONE(_1, {}))"
"""The clock of a zone at a moment, as if it were UTC's."""


def _to_local(args: Sequence[Typed], span: Span) -> Typed:
    _zone(args[1], span)
    return Typed(fill(f"TRY({_LOCAL.replace('{}', '_0')})", args[0].sql, args[1].sql), D)


def _from_local(args: Sequence[Typed], span: Span) -> Typed:
    """A clock's time less the zone's distance from UTC; a time the clock jumps over takes the distance after it."""
    _zone(args[1], span)
    moment = "TIMEZONE(_1, TIMEZONE('UTC', _0))"
    shape = f"TRY(_0 - ({_LOCAL.replace('{}', moment)} - {moment}))"
    return Typed(fill(shape, args[0].sql, args[1].sql), D)


def _around(args: Sequence[Typed], span: Span) -> Typed:
    """around(value, centre, delta): from delta before the centre to delta after it."""
    value, centre, delta = args
    low, high = (arithmetic.binary(sign, centre, delta, span) for sign in "-+")
    shape = "_0 BETWEEN _1 AND _2"
    return Typed(fill(shape, value.sql, low.sql, high.sql), Type.BOOL)


add("datetime_utc_to_local", "datetime string", _to_local)
add("datetime_local_to_utc", "datetime string", _from_local)
add("around", "any any any", _around)


def _make_timespan(args: Sequence[Typed], span: Span) -> Typed:
    sizes = {2: (36_000_000_000, 600_000_000), 3: (36_000_000_000, 600_000_000, 10_000_000)}
    sizes[4] = (DAY, *sizes[3])
    total = " + ".join(f"_{n} * {size}" for n, size in enumerate(sizes[len(args)]))
    return Typed(fill(f"CAST({total} AS BIGINT)", *(arg.sql for arg in args)), T)


add("make_timespan", "number number number? number?", _make_timespan)


def _make_moment(args: Sequence[Typed], span: Span) -> Typed:
    parts = [arg.sql for arg in args] + [literals.long(0).sql for _ in range(6 - len(args))]
    shape = "TRY(CAST(MAKE_TIMESTAMP(_0, _1, _2, _3, _4, CAST(_5 AS DOUBLE)) AS TIMESTAMPTZ))"
    return Typed(fill(shape, *parts), D)


add("make_datetime", "long long long long? long? number?", _make_moment)
