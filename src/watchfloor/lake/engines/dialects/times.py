"""Moments, counted in microseconds since 1970 in UTC wherever the calendar has no say."""

from sqlglot import exp

from watchfloor.lake.engines.dialects.atoms import MICROS, SECOND
from watchfloor.lake.engines.dialects.kinds import BIGINT, DATE, NULL, SPAN, STAMP, TEXT
from watchfloor.lake.engines.dialects.saying import Said, Saying, emits, text

DAY = MICROS["DAY"]


def moment(say: Saying, node: exp.Expr, part: exp.Expr) -> str:
    """An argument that has to be a moment."""
    held = say.say(part)
    if held.kind is NULL:
        return "CAST(NULL AS TIMESTAMP)"
    if held.kind is DATE:
        return f"CAST({held.sql} AS TIMESTAMP)"
    if held.kind is not STAMP:
        raise say.refusal(node, f"a {held.kind.name} where a moment is wanted")
    return held.sql


@emits("EPOCH_US")
def epoch(say: Saying, node: exp.Anonymous) -> Said:
    return Said(f"unix_micros({moment(say, node, node.expressions[0])})", BIGINT)


@emits("TO_MICROSECONDS")
def span(say: Saying, node: exp.Anonymous) -> Said:
    return Said(f"CAST({say.say(node.expressions[0]).sql} AS BIGINT)", SPAN)


@emits("TO_TIMESTAMP", exp.UnixToTime)
def of_seconds(say: Saying, node: exp.Expr) -> Said:
    held = say.say(node.expressions[0] if isinstance(node, exp.Anonymous) else node.this)
    if isinstance(node, exp.UnixToTime) and node.args.get("scale") is not None:
        scale = {"0": SECOND, "3": 1000, "6": 1}.get(node.args["scale"].name)
        if scale is None:
            raise say.refusal(node, "this count of time")
        return Said(f"timestamp_micros(CAST({held.sql} * {scale} AS BIGINT))", STAMP)
    return Said(f"timestamp_micros(CAST(rint(CAST({held.sql} AS DOUBLE) * {SECOND}) AS BIGINT))", STAMP)


@emits(exp.TimestampTrunc, exp.DateTrunc)
def truncated(say: Saying, node: exp.Expr) -> Said:
    unit = node.args["unit"].name.upper()
    held = moment(say, node, node.this)
    if unit in MICROS and unit != "WEEK":
        return Said(say.once(f"unix_micros({held})", f"timestamp_micros({{}} - pmod({{}}, {MICROS[unit]}))"), STAMP)
    if unit not in ("WEEK", "MONTH", "QUARTER", "YEAR"):
        raise say.refusal(node, f"a moment cut to its {unit.lower()}")
    return Said(f"date_trunc('{unit}', {held})", STAMP)


_CALENDAR = {
    "DAY": "day",
    "MONTH": "month",
    "YEAR": "year",
    "QUARTER": "quarter",
    "DOY": "dayofyear",
    "DAYOFYEAR": "dayofyear",
    "WEEK": "weekofyear",
}
_CLOCK = {"HOUR": (MICROS["HOUR"], 24), "MINUTE": (MICROS["MINUTE"], 60), "SECOND": (SECOND, 60)}


@emits(exp.Extract)
def extracted(say: Saying, node: exp.Extract) -> Said:
    unit = node.name.upper()
    held = moment(say, node, node.expression)
    if unit in _CALENDAR:
        return Said(f"CAST({_CALENDAR[unit]}({held}) AS BIGINT)", BIGINT)
    if unit in _CLOCK:
        size, wrap = _CLOCK[unit]
        return Said(f"pmod({_floor(held, size)}, {wrap})", BIGINT)
    if unit in ("DOW", "DAYOFWEEK"):
        return Said(f"pmod({_floor(held, DAY)} + 4, 7)", BIGINT)
    raise say.refusal(node, f"the {unit.lower()} of a moment")


def _floor(moment: str, size: int) -> str:
    """How many whole units since 1970, downwards also before it."""
    return f"((unix_micros({moment}) - pmod(unix_micros({moment}), {size})) div {size})"


@emits(exp.DateDiff, exp.TimestampDiff)
def difference(say: Saying, node: exp.Expr) -> Said:
    """How many boundaries of the unit lie between, as DATE_DIFF counts."""
    unit = node.args["unit"].name.upper()
    end, start = moment(say, node, node.this), moment(say, node, node.expression)
    if unit in MICROS and unit != "WEEK":
        return Said(f"({_floor(end, MICROS[unit])} - {_floor(start, MICROS[unit])})", BIGINT)
    if unit in ("MONTH", "QUARTER", "YEAR"):
        size = {"MONTH": "year({0}) * 12 + month({0})", "QUARTER": "year({0}) * 4 + quarter({0})", "YEAR": "year({0})"}[
            unit
        ]
        return Said(f"CAST(({size.format(end)}) - ({size.format(start)}) AS BIGINT)", BIGINT)
    raise say.refusal(node, f"a difference in units of {unit.lower()}")


_FORMATS = {
    "%Y": "yyyy", "%y": "yy", "%m": "MM", "%-m": "M", "%d": "dd", "%-d": "d", "%H": "HH", "%-H": "H", "%I": "hh", "%-I": "h",
    "%M": "mm", "%-M": "m", "%S": "ss", "%-S": "s", "%p": "a",
}  # fmt: skip


@emits(exp.TimeToStr)
def formatted(say: Saying, node: exp.TimeToStr) -> Said:
    held = moment(say, node, node.this)
    form = node.args["format"]
    if not isinstance(form, exp.Literal):
        raise say.refusal(node, "a form of a moment that comes from the data")
    return Said(say.once(held, _written(say, node, str(form.this))), TEXT)


def _written(say: Saying, node: exp.Expr, form: str) -> str:
    """A moment put together from its parts: letters between them are texts of their own, which every engine reads alike."""
    parts: list[str] = []
    at = 0
    while at < len(form):
        size = 3 if form[at : at + 2] == "%-" else 2
        word = form[at : at + size]
        if form[at] != "%":
            parts.append(text(form[at]))
            at += 1
            continue
        if word == "%f":
            parts.append(f"lpad(CAST(pmod(unix_micros({{}}), {SECOND}) AS STRING), 6, '0')")
        elif word in _FORMATS:
            parts.append(f"date_format({{}}, '{_FORMATS[word]}')")
        else:
            raise say.refusal(node, f"“{word}” in the form of a moment")
        at += size
    return f"concat({', '.join(parts)})"


@emits("TRY_STRPTIME")
def parsed(say: Saying, node: exp.Anonymous) -> Said:
    """The first of the forms that fits."""
    held = say.say(node.expressions[0])
    if held.kind is NULL:
        return Said("CAST(NULL AS TIMESTAMP)", STAMP)
    if say.flavour.own:
        return Said(
            say.own("strptime", held.sql, text("\n".join(form.name for form in node.expressions[1].expressions))), STAMP
        )
    known = [one for form in node.expressions[1].expressions if (one := _PARSED.get(form.name))]
    if len(known) != len(node.expressions[1].expressions):
        raise say.refusal(node, "a moment read from a text in this form")
    arms = " ".join(
        f"WHEN {{}} RLIKE {text(shape)} THEN try_to_timestamp({source}, {text(form)})" for shape, source, form in known
    )
    return Said(say.once(held.sql, f"CASE {arms} END"), STAMP)


_AS_IS = "trim({})"
_PARSED = {
    "%m/%d/%Y %I:%M:%S %p": ("^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4} [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2} [aApP][mM]$", "upper({})", "M/d/yyyy h:m:s a"),
    "%m/%d/%Y %H:%M:%S": ("^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4} [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}$", _AS_IS, "M/d/yyyy H:m:s"),
    "%m/%d/%Y %H:%M": ("^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4} [0-9]{1,2}:[0-9]{1,2}$", _AS_IS, "M/d/yyyy H:m"),
    "%m/%d/%Y": ("^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}$", _AS_IS, "M/d/yyyy"),
    "%m-%d-%Y": ("^[0-9]{1,2}-[0-9]{1,2}-[0-9]{4}$", _AS_IS, "M-d-yyyy"),
    "%Y%m%d": ("^[0-9]{8}$", _AS_IS, "yyyyMMdd"),
    "%a, %d %b %Y %H:%M:%S GMT": (
        "^[A-Za-z]{3}, [0-9]{1,2} [A-Za-z]{3} [0-9]{4} [0-9]{1,2}:[0-9]{2}:[0-9]{2} GMT$",
        "regexp_replace(regexp_replace({}, '^[A-Za-z]{3}, ', ''), ' GMT$', '')", "d MMM yyyy H:m:s",
    ),
    "%d %b %Y %H:%M:%S": ("^[0-9]{1,2} [A-Za-z]{3} [0-9]{4} [0-9]{1,2}:[0-9]{2}:[0-9]{2}$", _AS_IS, "d MMM yyyy H:m:s"),
    "%Y-%m-%dT%H:%M:%S.%gZ": ("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$", _AS_IS, "yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'"),
}  # fmt: skip


@emits(exp.TimestampFromParts)
def of_parts(say: Saying, node: exp.TimestampFromParts) -> Said:
    parts = (
        [say.say(node.args[key]).sql for key in ("year", "month", "day", "hour", "min")]
        if node.args.get("year")
        else []
    )
    if not parts:
        held = say.say(node.this or node.expressions[0])
        return Said(f"timestamp_micros({held.sql})", STAMP)
    seconds = f"CAST({say.say(node.args['sec']).sql} AS DECIMAL(8, 6))"
    return Said(f"try_make_timestamp({', '.join(f'CAST({part} AS INT)' for part in parts)}, {seconds})", STAMP)


@emits("MAKE_TIMESTAMP")
def of_micros(say: Saying, node: exp.Anonymous) -> Said:
    if len(node.expressions) != 1:
        raise say.refusal(node, "a moment of parts")
    return Said(f"timestamp_micros(CAST({say.say(node.expressions[0]).sql} AS BIGINT))", STAMP)


@emits(exp.Try)
def tried(say: Saying, node: exp.Try) -> Said:
    """Only around what fails gently here anyway."""
    inner = node.this
    while isinstance(inner, exp.Paren | exp.Cast):
        inner = inner.this
    if isinstance(inner, exp.TimestampFromParts):
        return say.say(node.this)
    if isinstance(inner, exp.Decode) and isinstance(inner.this, exp.FromBase64):
        held = say.say(inner.this.this).sql
        if say.flavour.own:
            return Said(say.own("unbase64", held), TEXT)
        shape = "CASE WHEN is_valid_utf8(try_cast(try_to_binary({}, 'base64') AS STRING)) THEN CAST(try_to_binary({}, 'base64') AS STRING) END"
        return Said(say.once(held, shape), TEXT)
    raise say.refusal(node, "a value that may fail")
