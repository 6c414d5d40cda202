"""Aggregates: what summarize and make-series take. Each knows the name of its column when nobody gives one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from watchfloor.lake.kql import convert
from watchfloor.lake.kql.errors import KqlError, Span
from watchfloor.lake.kql.functions import bags
from watchfloor.lake.kql.model import Typed
from watchfloor.lake.kql.templates import cast, fill, own, whole
from watchfloor.lake.kql.types import NUMBERS, SQL_TYPES, Type

S, L, B, D, R = Type.STRING, Type.LONG, Type.BOOL, Type.DYNAMIC, Type.REAL
LONGEST_SET = 1_048_576
Make = Callable[[Sequence[Typed], Span], Typed]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`prefix` is what the unnamed column is called: prefix_X for an argument called X, prefix_ when it has no name."""

    name: str
    least: int
    most: int
    make: Make
    prefix: str
    conditional: bool = False


AGGREGATES: dict[str, Aggregate] = {}


def add(names: str, least: int, most: int, make: Make, *, prefix: str | None = None, conditional: bool = False) -> None:
    for name in names.split():
        AGGREGATES[name] = Aggregate(name, least, most, make, name if prefix is None else prefix, conditional)


def call(found: Aggregate, args: Sequence[Typed], span: Span) -> Typed:
    """The aggregate over its arguments; a condition that comes last becomes a FILTER."""
    if not found.least <= len(args) <= found.most:
        raise KqlError(f"{found.name}() does not take {len(args)} arguments", span, kind="type")
    named = args[0].name if not found.prefix else f"{found.prefix}_{args[0].name if args else ''}"
    if not found.conditional:
        return found.make(args, span).named(named)
    condition = convert.fit(args[1] if len(args) > 1 else args[0], B, span)
    inner = found.make(args[:1] if len(args) > 1 else (), span)
    return Typed(_filtered(inner.sql, condition.sql), inner.type, named, null=inner.null)


def _filtered(sql: exp.Expr, condition: exp.Expr) -> exp.Expr:
    """Every aggregate inside `sql`, over the rows where the condition holds."""
    return (
        sql.transform(
            lambda node: (
                exp.Filter(this=node, expression=exp.Where(this=own(condition)))
                if isinstance(node, exp.AggFunc) or (isinstance(node, exp.Anonymous) and node.name in _OWN_AGGREGATES)
                else node
            )
        )
        if not isinstance(sql, exp.AggFunc)
        else exp.Filter(this=sql, expression=exp.Where(this=own(condition)))
    )


_OWN_AGGREGATES = frozenset({"LIST", "ANY_VALUE", "QUANTILE_CONT", "JSON_GROUP_ARRAY"})


def _shape(text: str, kind: Type | None = None, *, null: bool = True) -> Make:
    def make(args: Sequence[Typed], span: Span) -> Typed:
        return Typed(fill(text, *(arg.sql for arg in args)), kind or args[0].type, null=null)

    return make


def _count(args: Sequence[Typed], span: Span) -> Typed:
    return Typed(exp.Count(this=exp.Star()), L, null=False)


def _number(value: Typed, span: Span) -> Typed:
    return value if value.type in NUMBERS | {Type.TIMESPAN} else convert.fit(value, R, span)


def _sum(args: Sequence[Typed], span: Span) -> Typed:
    value = _number(args[0], span)
    if value.type is Type.INT:
        value = convert.to_whole(value, L)
    if value.type in (L, Type.TIMESPAN):
        return Typed(fill("CAST(COALESCE(SUM(_0), 0) AS BIGINT)", value.sql), value.type)
    return Typed(fill("COALESCE(SUM(_0), 0)", value.sql), value.type)


def _avg(args: Sequence[Typed], span: Span) -> Typed:
    value = _number(args[0], span)
    if value.type is Type.TIMESPAN:
        return Typed(fill("CAST(AVG(_0) AS BIGINT)", value.sql), Type.TIMESPAN)
    # Of nothing it is a sum of 0 by a count of 0.
    return Typed(fill("COALESCE(AVG(_0), CAST('NaN' AS DOUBLE))", value.sql), R, null=False)


def _extreme(function: str) -> Make:
    def make(args: Sequence[Typed], span: Span) -> Typed:
        value = args[0]
        if value.type is D:
            return Typed(fill(f"{function}(_0)", value.sql), D)
        found = Typed(fill(f"{function}(_0)", value.sql), value.type)
        return Typed(fill("COALESCE(_0, '')", found.sql), S, null=False) if value.type is S else found

    return make


def _known(value: Typed) -> exp.Expr:
    """The value, null where it says nothing: an empty text, a null of JSON."""
    if value.type is S:
        return fill("NULLIF(_0, '')", value.sql)
    return fill("CASE WHEN JSON_TYPE(_0) <> 'NULL' THEN _0 END", value.sql) if value.type is D else value.sql


def _dcount(args: Sequence[Typed], span: Span) -> Typed:
    """Exact: Kusto's own is an estimate."""
    value = convert.to_text(args[0]) if args[0].type is D else args[0]
    return Typed(exp.Count(this=exp.Distinct(expressions=[own(value.sql)])), L, null=False)


ELEMENTS = (
    "FLATTEN(LIST(CASE WHEN JSON_TYPE(_0) = 'ARRAY' THEN FROM_JSON(_0, '[\"JSON\"]') ELSE [_0] END) FILTER (WHERE _1))"
)


def _collected(*, distinct: bool, conditional: bool = False) -> Make:
    """make_set, which takes arrays apart, and make_list, which does not; a null counts for neither."""

    def make(args: Sequence[Typed], span: Span) -> Typed:
        value = convert.to_dynamic(args[0])
        place = 2 if conditional else 1
        most = args[place].const if len(args) > place and isinstance(args[place].const, int) else LONGEST_SET
        known = fill("_0 IS NOT NULL", _known(args[0]) if args[0].type is D else args[0].sql)
        if conditional:
            known = fill("_0 AND _1", known, convert.fit(args[1], B, span).sql)
        if distinct and args[0].type is D:
            listed = fill(f"LIST_DISTINCT({ELEMENTS})", value.sql, known)
        else:
            listed = fill(f"LIST({'DISTINCT ' if distinct else ''}_0) FILTER (WHERE _1)", value.sql, known)
        return Typed(fill("TO_JSON(LIST_SLICE(COALESCE(_0, []), 1, _1))", listed, whole(int(most))), D, null=False)

    return make


PAIRS_OF_ALL = f"FLATTEN(LIST({bags.PAIRS}) FILTER (WHERE {bags.IS_BAG}))"


def _make_bag(args: Sequence[Typed], span: Span) -> Typed:
    return Typed(fill(bags.MERGED, fill(PAIRS_OF_ALL, convert.fit(args[0], D, span).sql)), D, null=False)


def _make_bag_if(args: Sequence[Typed], span: Span) -> Typed:
    condition = convert.fit(args[1], B, span)
    chosen = fill("CASE WHEN _1 THEN _0 END", convert.fit(args[0], D, span).sql, condition.sql)
    return Typed(fill(bags.MERGED, fill(PAIRS_OF_ALL, chosen)), D, null=False)


def _any(args: Sequence[Typed], span: Span) -> Typed:
    value = args[0]
    found = fill("ANY_VALUE(_0)", _known(value))
    return Typed(fill("COALESCE(_0, '')", found), S, null=False) if value.type is S else Typed(found, value.type)


def _percentile(args: Sequence[Typed], span: Span) -> Typed:
    value = _number(args[0], span)
    share = args[1].const
    if not isinstance(share, int | float):
        raise KqlError("the percentile must be a constant", span, kind="unsupported")
    if not 0 <= share <= 100:
        raise KqlError("a percentile lies between 0 and 100", span, kind="type")
    kind = value.type
    stored = {L: "BIGINT", Type.INT: "BIGINT", Type.TIMESPAN: "BIGINT"}.get(kind)
    found = fill("QUANTILE_DISC(_0, _1)", value.sql, exp.Literal.number(share / 100))
    return Typed(cast(found, stored) if stored else found, L if kind is Type.INT else kind)


def weighted_percentile(value: Typed, weight: Typed, share: Typed, span: Span) -> Typed:
    """The first value, in their order, with which so many percent of the weight are reached."""
    value, weight = _number(value, span), _number(weight, span)
    if not isinstance(share.const, int | float):
        raise KqlError("the percentile must be a constant", span, kind="unsupported")
    kind = L if value.type is Type.INT else value.type
    stored = SQL_TYPES[kind]
    shape = (
        f"LIST_TRANSFORM([{{'l': LIST({{'v': CAST(_0 AS {stored}), 'w': CAST(_1 AS DOUBLE)}} ORDER BY _0) "
        "FILTER (WHERE _0 IS NOT NULL AND _1 > 0), 't': CAST(SUM(CASE WHEN _0 IS NOT NULL AND _1 > 0 THEN _1 END) AS DOUBLE)}], "
        "LAMBDA g : LIST_REDUCE(g.l, LAMBDA a, x : CASE WHEN a.c >= g.t * _2 THEN a ELSE {'c': a.c + x.w, 'v': x.v} END, "
        f"{{'c': CAST(0 AS DOUBLE), 'v': CAST(NULL AS {stored})}}).v)[1]"
    )
    return Typed(fill(shape, value.sql, weight.sql, exp.Literal.number(share.const / 100)), kind)


def _deviation(function: str) -> Make:
    def make(args: Sequence[Typed], span: Span) -> Typed:
        return Typed(fill(f"{function}(CAST(_0 AS DOUBLE))", _number(args[0], span).sql), R)

    return make


def _covariance(function: str, *, conditional: bool = False) -> Make:
    def make(args: Sequence[Typed], span: Span) -> Typed:
        one, other = (_number(arg, span).sql for arg in args[:2])
        found = fill(f"{function}(CAST(_0 AS DOUBLE), CAST(_1 AS DOUBLE))", one, other)
        return Typed(_filtered(found, convert.fit(args[2], B, span).sql) if conditional else found, R)

    return make


def _bits(function: str) -> Make:
    return _shape(f"{function}(_0)", L)


add("count", 0, 1, _count)
add("countif", 1, 1, _count, conditional=True)
add("sum", 1, 1, _sum)
add("sumif", 2, 2, _sum, conditional=True)
add("avg", 1, 1, _avg)
add("avgif", 2, 2, _avg, conditional=True)
add("min", 1, 1, _extreme("MIN"))
add("max", 1, 1, _extreme("MAX"))
add("minif", 2, 2, _extreme("MIN"), conditional=True)
add("maxif", 2, 2, _extreme("MAX"), conditional=True)
add("dcount", 1, 2, _dcount)
add("count_distinct", 1, 1, _dcount)
add("dcountif", 2, 3, lambda args, span: _dcount(args, span), conditional=True)
add("count_distinctif", 2, 2, _dcount, conditional=True)
add("make_set", 1, 2, _collected(distinct=True), prefix="set")
add("makeset", 1, 2, _collected(distinct=True), prefix="set")
add("make_list", 1, 2, _collected(distinct=False), prefix="list")
add("makelist", 1, 2, _collected(distinct=False), prefix="list")
add("make_list_with_nulls", 1, 1, _shape("TO_JSON(LIST(_0))", D), prefix="list")
add("make_set_if", 2, 3, _collected(distinct=True, conditional=True), prefix="set")
add("make_list_if", 2, 3, _collected(distinct=False, conditional=True), prefix="list")
add("make_bag", 1, 2, _make_bag, prefix="bag")
add("make_dictionary", 1, 2, _make_bag, prefix="bag")
add("make_bag_if", 2, 3, _make_bag_if, prefix="bag")
add("take_any", 1, 1, _any, prefix="")
add("take_anyif", 2, 2, _any, conditional=True, prefix="")
add("any", 1, 1, _any, prefix="any")
add("anyif", 2, 2, _any, conditional=True, prefix="anyif")
add("percentile", 2, 2, _percentile)
add("stdev", 1, 1, _deviation("STDDEV_SAMP"))
add("stdevp", 1, 1, _deviation("STDDEV_POP"))
add("stdevif", 2, 2, _deviation("STDDEV_SAMP"), conditional=True)
add("variance", 1, 1, _deviation("VAR_SAMP"))
add("variancep", 1, 1, _deviation("VAR_POP"))
add("varianceif", 2, 2, _deviation("VAR_SAMP"), conditional=True)
add("variancepif", 2, 2, _deviation("VAR_POP"), conditional=True)
add("covariance", 2, 2, _covariance("COVAR_SAMP"))
add("covariancep", 2, 2, _covariance("COVAR_POP"))
add("covarianceif", 3, 3, _covariance("COVAR_SAMP", conditional=True))
add("covariancepif", 3, 3, _covariance("COVAR_POP", conditional=True))
add("binary_all_and", 1, 1, _bits("BIT_AND"))
add("binary_all_or", 1, 1, _bits("BIT_OR"))
add("binary_all_xor", 1, 1, _bits("BIT_XOR"))
