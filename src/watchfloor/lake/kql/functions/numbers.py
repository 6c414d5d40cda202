"""Conversions, numbers, conditions and addresses."""

from collections.abc import Callable, Sequence

from sqlglot import exp

from watchfloor.lake.kql import convert, literals
from watchfloor.lake.kql.errors import KqlError, Span
from watchfloor.lake.kql.functions.registry import add, sql
from watchfloor.lake.kql.model import Typed
from watchfloor.lake.kql.templates import fill, no, once, own, text
from watchfloor.lake.kql.types import Type, wider

S, L, B, D, R = Type.STRING, Type.LONG, Type.BOOL, Type.DYNAMIC, Type.REAL


def _conversion(kind: Type) -> Callable[[Sequence[Typed], Span], Typed]:
    return lambda args, span: convert.to(args[0], kind)


for _names, _kind in (
    ("tostring", S), ("tolong toint64", L), ("toint", Type.INT), ("todouble toreal", R), ("tobool toboolean", B),
    ("todatetime", Type.DATETIME), ("totimespan", Type.TIMESPAN), ("toguid", Type.GUID), ("todecimal", Type.DECIMAL),
):  # fmt: skip
    add(_names, "any", _conversion(_kind), keeps_name=True)

sql("abs", "number", R, "ABS(_0)")
sql("sqrt", "real", R, "CASE WHEN _0 >= 0 THEN SQRT(_0) END")
sql("exp", "real", R, "EXP(_0)")
sql("exp2", "real", R, "POW(2, _0)")
sql("exp10", "real", R, "POW(10, _0)")
sql("log", "real", R, "CASE WHEN _0 > 0 THEN LN(_0) WHEN _0 = 0 THEN CAST('-inf' AS DOUBLE) END")
sql("log10", "real", R, "CASE WHEN _0 > 0 THEN LOG10(_0) WHEN _0 = 0 THEN CAST('-inf' AS DOUBLE) END")
sql("log2", "real", R, "CASE WHEN _0 > 0 THEN LOG2(_0) WHEN _0 = 0 THEN CAST('-inf' AS DOUBLE) END")
sql("pow", "real real", R, "POW(_0, _1)")
sql("ceiling", "real", R, "CEIL(_0)")
sql("sign", "number", L, "CAST(SIGN(_0) AS BIGINT)")
sql("isnan", "real", B, "COALESCE(ISNAN(_0), FALSE)")
sql("isinf", "real", B, "COALESCE(ISINF(_0), FALSE)")
sql("isfinite", "real", B, "COALESCE(ISFINITE(_0), FALSE)")
sql("pi", "", R, "PI()")
sql("sin", "real", R, "SIN(_0)")
sql("cos", "real", R, "COS(_0)")
sql("tan", "real", R, "TAN(_0)")
sql("asin", "real", R, "CASE WHEN ABS(_0) <= 1 THEN ASIN(_0) END")
sql("acos", "real", R, "CASE WHEN ABS(_0) <= 1 THEN ACOS(_0) END")
sql("atan", "real", R, "ATAN(_0)")
sql("atan2", "real real", R, "ATAN2(_0, _1)")
sql("degrees", "real", R, "DEGREES(_0)")
sql("radians", "real", R, "RADIANS(_0)")
sql("binary_and", "long long", L, "_0 & _1")
sql("binary_or", "long long", L, "_0 | _1")
sql("binary_xor", "long long", L, "XOR(_0, _1)")
sql("binary_not", "long", L, "~_0")
sql("binary_shift_left", "long long", L, "_0 << _1")
sql("binary_shift_right", "long long", L, "_0 >> _1")
sql("new_guid", "", Type.GUID, "CAST(UUID() AS TEXT)")


def _rand(args: Sequence[Typed], span: Span) -> Typed:
    """rand(): from 0 to 1; rand(n): one of the whole numbers below n."""
    if not args:
        return Typed(fill("RANDOM()"), R, null=False)
    return Typed(fill("FLOOR(RANDOM() * _0)", args[0].sql), R)


add("rand", "long?", _rand)


def _tohex(args: Sequence[Typed], span: Span) -> Typed:
    """tohex(number, least?): an int has 32 bits, a long 64; zeros in front up to the least length."""
    number = (
        fill("_0 & 4294967295", convert.to(args[0], L).sql)
        if args[0].type is Type.INT
        else convert.fit(args[0], L, span).sql
    )
    if len(args) == 1:
        return Typed(fill("COALESCE(LOWER(TO_HEX(_0)), '')", number), S, null=False)
    shape = "COALESCE(LPAD(LOWER(TO_HEX(_0)), CAST(GREATEST(LENGTH(TO_HEX(_0)), _1) AS INT), '0'), '')"
    return Typed(once(shape, number, args[1].sql), S, null=False)


add("tohex", "any long?", _tohex)


def _same_type(shape: str) -> Callable[[Sequence[Typed], Span], Typed]:
    def make(args: Sequence[Typed], span: Span) -> Typed:
        return Typed(fill(shape, *(arg.sql for arg in args)), args[0].type, null=args[0].null)

    return make


add("abs", "number", _same_type("ABS(_0)"))


def _round(args: Sequence[Typed], span: Span) -> Typed:
    places = args[1].sql if len(args) > 1 else literals.long(0).sql
    return Typed(fill("ROUND(CAST(_0 AS DOUBLE), CAST(_1 AS INT))", args[0].sql, places), R)


add("round", "number long?", _round)


def alternatives(values: Sequence[Typed], span: Span) -> list[Typed]:
    """The values one of which iff() or case() gives: a dynamic becomes what the others are, unlike ones become dynamics."""
    kinds = {value.type for value in values if not (value.is_const and value.const is None)} - {D}
    kind = kinds.pop() if kinds else D
    for other in kinds:
        kind = wider(kind, other) or D
    return [convert.fit(value, kind, span) if value.type is not kind else value for value in values]


def common(values: Sequence[Typed], span: Span) -> list[Typed]:
    """All values in one type: the widest of them; a null is of any, a dynamic makes all of them dynamic."""
    kinds = [value.type for value in values if not (value.is_const and value.const is None)]
    kind = kinds[0] if kinds else values[0].type
    for other in kinds[1:]:
        both = wider(kind, other)
        if both is None and D in (kind, other):
            both = D
        if both is None and {kind, other} <= {S, Type.GUID}:
            both = S
        if both is None:
            raise KqlError(f"one of these is a {kind}, another a {other}; convert one of them", span, kind="type")
        kind = both
    return [convert.fit(value, kind, span) if value.type is not kind else value for value in values]


def _iff(args: Sequence[Typed], span: Span) -> Typed:
    return _case([args[0], args[1], args[2]], span)


def _case(args: Sequence[Typed], span: Span) -> Typed:
    if len(args) % 2 == 0 or len(args) < 3:
        raise KqlError("case() takes pairs of condition and value, then the value for all others", span, kind="type")
    conditions = [convert.fit(arg, B, span) for arg in args[:-1:2]]
    values = alternatives([*args[1:-1:2], args[-1]], span)
    made = exp.Case()
    for condition, value in zip(conditions, values, strict=False):
        made = made.when(own(condition.sql), own(value.sql), copy=False)
    made = made.else_(own(values[-1].sql), copy=False)
    return Typed(made, values[0].type, null=any(value.null for value in values))


def _coalesce(args: Sequence[Typed], span: Span) -> Typed:
    values = common(args, span)
    if values[0].type is S:
        parts: list[exp.Expr] = [fill("NULLIF(_0, '')", value.sql) for value in values]
        parts.append(text(""))
        return Typed(exp.Coalesce(this=parts[0], expressions=parts[1:]), S, null=False)
    found = [own(value.sql) for value in values]
    return Typed(exp.Coalesce(this=found[0], expressions=found[1:]), values[0].type)


def _extreme(function: str) -> Callable[[Sequence[Typed], Span], Typed]:
    def make(args: Sequence[Typed], span: Span) -> Typed:
        values = common(args, span)
        found = exp.Anonymous(this=function, expressions=[own(value.sql) for value in values])
        return Typed(found, values[0].type)

    return make


def _isnull(*, negated: bool) -> Callable[[Sequence[Typed], Span], Typed]:
    def make(args: Sequence[Typed], span: Span) -> Typed:
        if args[0].type is S:
            return Typed(exp.true() if negated else exp.false(), B, null=False)
        shape = "(_0 IS NULL OR JSON_TYPE(_0) = 'NULL')" if args[0].type is D else "(_0 IS NULL)"
        found = fill(shape, args[0].sql)
        return Typed(no(found) if negated else found, B, null=False)

    return make


def _not(args: Sequence[Typed], span: Span) -> Typed:
    return Typed(no(own(args[0].sql)), B, null=args[0].null)


def _isempty(*, negated: bool) -> Callable[[Sequence[Typed], Span], Typed]:
    def make(args: Sequence[Typed], span: Span) -> Typed:
        value = convert.to_text(args[0])
        return Typed(fill("_0 <> ''" if negated else "_0 = ''", value.sql), B, null=False)

    return make


add("iff iif", "any any any", _iff)
add("case", "any*", _case)
add("coalesce", "any*", _coalesce)
add("max_of", "any*", _extreme("GREATEST"))
add("min_of", "any*", _extreme("LEAST"))
add("isnull", "any", _isnull(negated=False))
add("isnotnull notnull", "any", _isnull(negated=True))
add("isempty", "any", _isempty(negated=False))
add("isnotempty notempty", "any", _isempty(negated=True))
add("not", "bool", _not)


sql("cot", "real", R, "CASE WHEN TAN(_0) <> 0 THEN 1 / TAN(_0) END")
sql("bitset_count_ones", "long", L, "CAST(BIT_COUNT(_0) AS BIGINT)")
sql("gamma", "real", R, "TRY(GAMMA(_0))")
sql("loggamma", "real", R, "TRY(LGAMMA(_0))")
add("parsejson", "any", lambda args, span: convert.parsed(args[0]), keeps_name=True)


def _refuse(words: str) -> Callable[[Sequence[Typed], Span], Typed]:
    def make(args: Sequence[Typed], span: Span) -> Typed:
        raise KqlError(words, span, kind="unsupported")

    return make


REFUSED = {
    "hash": "hash() gives numbers of Kusto's own that no engine here knows; hash_sha256() is supported",
    "hash_xxhash64": "hash_xxhash64() is known to no engine here; hash_sha256() is supported",
    "parse_user_agent": "parse_user_agent() needs a list of browsers that is not here; match the text with has or extract()",
    **{
        name: f"{name}() finds the season of a series, or scores what stands out of it, in a way that is not published; "
        "series_fit_line(), series_fir() and series_seasonal() with a period are supported"
        for name in (
            "series_decompose",
            "series_decompose_anomalies",
            "series_decompose_forecast",
            "series_periods_detect",
            "series_periods_validate",
            "series_outliers",
        )
    },
    "parse_xml": "parse_xml() is not supported here; extract() takes parts out of the text",
}
"""Functions refused with a word of advice."""
for _name, _words in REFUSED.items():
    add(_name, "any*", _refuse(_words))
