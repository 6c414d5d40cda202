"""Functions of series: arrays of numbers, element by element or as a whole.

What is no number counts as missing. Whole numbers stay whole where Kusto's do. What Microsoft does not publish (how a season is
found, how outliers are scored) is refused.
"""

from collections.abc import Sequence

from sqlglot import exp

from watchfloor.lake.kql import convert
from watchfloor.lake.kql.errors import KqlError, Span
from watchfloor.lake.kql.functions.registry import Make, add, const
from watchfloor.lake.kql.model import Typed
from watchfloor.lake.kql.templates import fill, own, text, whole
from watchfloor.lake.kql.types import NUMBERS, Type

D, R, L, B = Type.DYNAMIC, Type.REAL, Type.LONG, Type.BOOL
IS_LIST = "JSON_TYPE(_0) = 'ARRAY'"
JSONS = "FROM_JSON(_0, '[\"JSON\"]')"
IS_NUMBER = "JSON_TYPE({}) IN ('BIGINT', 'UBIGINT', 'DOUBLE')"
IS_WHOLE = "JSON_TYPE({}) IN ('BIGINT', 'UBIGINT')"


def number(element: str) -> str:
    """An element as a number, null when it is none."""
    return f"CASE WHEN {IS_NUMBER.replace('{}', element)} THEN CAST({element} AS DOUBLE) END"


NUMBERS_OF = f"LIST_TRANSFORM({JSONS}, LAMBDA one : {number('one')})"
"""The numbers of a series, null where there is none."""


def _whole(element: str) -> str:
    return f"CAST({element} AS BIGINT)"


def _each(name: str, body: str, *, keeps_whole: bool = False) -> None:
    """A function of every element: `body` of `x`."""
    shown = f"TO_JSON({body.replace('x', '(' + number('one') + ')')})"
    if keeps_whole:
        whole_ = IS_WHOLE.replace("{}", "one")
        shown = f"CASE WHEN {whole_} THEN TO_JSON({body.replace('x', _whole('one'))}) ELSE {shown} END"
    shape = f"CASE WHEN {IS_LIST} THEN TO_JSON(LIST_TRANSFORM({JSONS}, LAMBDA one : {shown})) END"
    add(name, "dynamic", lambda args, span: Typed(fill(shape, args[0].sql), D))


for _name, _body in {
    "exp": "EXP(x)", "sin": "SIN(x)", "cos": "COS(x)", "tan": "TAN(x)", "atan": "ATAN(x)", "floor": "FLOOR(x)",
    "ceiling": "CEIL(x)", "asin": "CASE WHEN ABS(x) <= 1 THEN ASIN(x) END", "acos": "CASE WHEN ABS(x) <= 1 THEN ACOS(x) END",
    "log": "CASE WHEN x > 0 THEN LN(x) END",
}.items():  # fmt: skip
    # The names of functions have an X in them, the element's is small.
    _each(f"series_{_name}", _body)
_each("series_abs", "ABS(x)", keeps_whole=True)
_each("series_sign", "CAST(SIGN(x) AS BIGINT)", keeps_whole=True)


def _pairs(name: str, body: str, *, keeps_whole: bool = False) -> None:
    """A function of the elements at each place of two series: `body` of `x` and `y`; missing where one of them is."""
    left, right = number("one[1]"), number("one[2]")
    shown = f"TO_JSON({body.replace('x', f'({left})').replace('y', f'({right})')})"
    if keeps_whole:
        both = f"{IS_WHOLE.replace('{}', 'one[1]')} AND {IS_WHOLE.replace('{}', 'one[2]')}"
        kept = body.replace("x", _whole("one[1]")).replace("y", _whole("one[2]"))
        shown = f"CASE WHEN {both} THEN TO_JSON({kept}) ELSE {shown} END"
    zipped = f"LIST_ZIP({JSONS}, {JSONS.replace('_0', '_1')})"
    shape = (
        f"CASE WHEN {IS_LIST} AND {IS_LIST.replace('_0', '_1')} "
        f"THEN TO_JSON(LIST_TRANSFORM({zipped}, LAMBDA one : {shown})) END"
    )
    add(name, "dynamic dynamic", lambda args, span: Typed(fill(shape, args[0].sql, args[1].sql), D))


for _name, _body in {"add": "x + y", "subtract": "x - y", "multiply": "x * y"}.items():
    _pairs(f"series_{_name}", _body, keeps_whole=True)
_pairs("series_divide", "CASE WHEN y <> 0 THEN x / y END")
_pairs("series_pow", "POW(x, y)")
for _name, _sign in {
    "equals": "=", "not_equals": "<>", "less": "<", "less_equals": "<=", "greater": ">", "greater_equals": ">=",
}.items():  # fmt: skip
    _pairs(f"series_{_name}", f"x {_sign} y")


# --- one number of a series -------------------------------------------------------------------------------------------


def _total(body: str, *, of: int = 1) -> Make:
    """One number: `body` of the numbers `x` (and `y`); nothing when an element is no number or the lengths differ."""
    lists = [NUMBERS_OF.replace("_0", f"_{place}").replace("one", f"e{place}") for place in range(of)]
    guard = " AND ".join(f"LIST_COUNT({name_}) = LEN({name_})" for name_ in ("x", "y")[:of])
    inner = body if of == 1 else body.replace("x.y", "LIST_TRANSFORM(LIST_ZIP(x, y), LAMBDA p : p[1] * p[2])")
    if of == 1:
        shape = f"LIST_TRANSFORM([{lists[0]}], LAMBDA x : CASE WHEN {guard} THEN {inner} END)[1]"
    else:
        shape = (
            f"LIST_TRANSFORM([{lists[0]}], LAMBDA x : LIST_TRANSFORM([{lists[1]}], LAMBDA y : "
            f"CASE WHEN {guard} AND LEN(x) = LEN(y) THEN {inner} END)[1])[1]"
        )
    known = " AND ".join(IS_LIST.replace("_0", f"_{place}") for place in range(of))

    def make(args: Sequence[Typed], span: Span) -> Typed:
        return Typed(fill(f"CASE WHEN {known} THEN {shape} END", *(arg.sql for arg in args)), R)

    return make


SQUARES = "LIST_SUM(LIST_TRANSFORM({}, LAMBDA v : v * v))"
_LENGTHS = f"SQRT({SQUARES.replace('{}', 'x')}) * SQRT({SQUARES.replace('{}', 'y')})"
_CENTRED = "LIST_SUM(LIST_TRANSFORM(LIST_ZIP(x, y), LAMBDA p : (p[1] - LIST_AVG(x)) * (p[2] - LIST_AVG(y))))"
_SPREAD = "SQRT(LIST_SUM(LIST_TRANSFORM({}, LAMBDA v : (v - LIST_AVG({})) * (v - LIST_AVG({})))))"
_CORRELATION = f"{_CENTRED} / NULLIF({_SPREAD.replace('{}', 'x')} * {_SPREAD.replace('{}', 'y')}, 0)"
_dot_of_series = _total("LIST_SUM(x.y)", of=2)
add("series_sum", "dynamic", _total("LIST_SUM(x)"))
add("series_product", "dynamic", _total("LIST_PRODUCT(x)"))
add("series_magnitude", "dynamic", _total(f"SQRT({SQUARES.replace('{}', 'x')})"))
add("series_cosine_similarity", "dynamic dynamic", _total(f"LIST_SUM(x.y) / NULLIF({_LENGTHS}, 0)", of=2))
add("series_pearson_correlation", "dynamic dynamic", _total(_CORRELATION, of=2))


def _dot_product(args: Sequence[Typed], span: Span) -> Typed:
    """series_dot_product(): of two series, or of a series and one number."""
    one, other = args
    if other.type not in NUMBERS and one.type not in NUMBERS:
        return _dot_of_series([one, other], span)
    series, factor = (one, other) if other.type in NUMBERS else (other, one)
    total = fill(f"LIST_SUM({NUMBERS_OF})", series.sql)
    return Typed(fill("CASE WHEN JSON_TYPE(_2) = 'ARRAY' THEN _0 * _1 END", total, factor.sql, series.sql), R)


# --- missing elements -------------------------------------------------------------------------------------------------


def _missing(args: Sequence[Typed], place: int, span: Span) -> str:
    """The condition that the element `one` is missing: null, or the value a query names for it."""
    if len(args) <= place:
        return "COALESCE(JSON_TYPE(one), 'NULL') = 'NULL'"
    said = const(args[place], "the value that stands for a missing one", span)
    if said is None:
        return "COALESCE(JSON_TYPE(one), 'NULL') = 'NULL'"
    if not isinstance(said, int | float):
        raise KqlError("the value that stands for a missing one is a number", span, kind="type")
    return f"({IS_NUMBER.replace('{}', 'one')} AND CAST(one AS DOUBLE) = {float(said)!r})"


def _fill_const(args: Sequence[Typed], span: Span) -> Typed:
    shape = (
        f"CASE WHEN {IS_LIST} THEN TO_JSON(LIST_TRANSFORM({JSONS}, LAMBDA one : "
        f"CASE WHEN {_missing(args, 2, span)} THEN _1 ELSE one END)) END"
    )
    return Typed(fill(shape, args[0].sql, convert.to_dynamic(args[1]).sql), D)


def _nearest(side: str) -> Make:
    """Missing elements get the value of the nearest before (or after) them; where there is none they stay."""
    order, compare = ("LIST_MAX", "<=") if side == "before" else ("LIST_MIN", ">=")

    def make(args: Sequence[Typed], span: Span) -> Typed:
        gone = _missing(args, 1, span)
        known = f"LIST_FILTER(RANGE(1, LEN(l) + 1), LAMBDA k : NOT ({gone.replace('one', 'l[k]')}))"
        found = f"{order}(LIST_FILTER(s.k, LAMBDA k : k {compare} i))"
        shape = (
            f"LIST_TRANSFORM(LIST_TRANSFORM([{JSONS}], LAMBDA l : {{'l': l, 'k': {known}}}), LAMBDA s : "
            f"TO_JSON(LIST_TRANSFORM(s.l, LAMBDA e, i : COALESCE(s.l[{found}], e))))[1]"
        )
        return Typed(fill(f"CASE WHEN {IS_LIST} THEN {shape} END", args[0].sql), D)

    return make


def _fill_linear(args: Sequence[Typed], span: Span) -> Typed:
    """Between two known values a straight line; the edges take the nearest; without any known value the constant, 0.

    A series of whole numbers stays one, as the documentation prints it: what the line gives is cut.
    """
    gone = _missing(args, 1, span)
    edges = const(args[2], "whether edges are filled", span) if len(args) > 2 else True
    empty = convert.to_dynamic(args[3]).sql if len(args) > 3 else fill("CAST('0.0' AS JSON)")
    known = f"LIST_FILTER(RANGE(1, LEN(l) + 1), LAMBDA k : NOT ({gone.replace('one', 'l[k]')}))"
    whole_ = "LEN(LIST_FILTER(l, LAMBDA e : JSON_TYPE(e) NOT IN ('BIGINT', 'UBIGINT', 'NULL'))) = 0"
    low, high = "p.a", "p.b"
    line = f"CAST(s.l[{low}] AS DOUBLE) + (CAST(s.l[{high}] AS DOUBLE) - CAST(s.l[{low}] AS DOUBLE)) * (i - {low}) / ({high} - {low})"
    shown = f"CASE WHEN s.w THEN TO_JSON(CAST(TRUNC({line}) AS BIGINT)) ELSE TO_JSON({line}) END"
    edge = (
        f"COALESCE(s.l[COALESCE({low}, {high})], _1)"
        if edges
        else f"CASE WHEN COALESCE({low}, {high}) IS NULL THEN _1 ELSE CAST('null' AS JSON) END"
    )
    bounds = "{'a': LIST_MAX(LIST_FILTER(s.k, LAMBDA k : k <= i)), 'b': LIST_MIN(LIST_FILTER(s.k, LAMBDA k : k >= i))}"
    each = (
        f"LIST_TRANSFORM([{bounds}], LAMBDA p : CASE WHEN {low} = {high} THEN e "
        f"WHEN {low} IS NULL OR {high} IS NULL THEN {edge} ELSE {shown} END)[1]"
    )
    shape = (
        f"LIST_TRANSFORM(LIST_TRANSFORM([{JSONS}], LAMBDA l : {{'l': l, 'k': {known}, 'w': {whole_}}}), LAMBDA s : "
        f"TO_JSON(LIST_TRANSFORM(s.l, LAMBDA e, i : {each})))[1]"
    )
    return Typed(fill(f"CASE WHEN {IS_LIST} THEN {shape} END", args[0].sql, empty), D)


# --- several numbers of a series --------------------------------------------------------------------------------------

STATS = (
    f"LIST_TRANSFORM([{NUMBERS_OF}], LAMBDA l : {{'min': LIST_MIN(l), 'min_idx': LIST_POSITION(l, LIST_MIN(l)) - 1, "
    "'max': LIST_MAX(l), 'max_idx': LIST_POSITION(l, LIST_MAX(l)) - 1, 'avg': LIST_AVG(l), "
    "'stdev': LIST_AGGREGATE(l, 'stddev_samp'), 'variance': LIST_AGGREGATE(l, 'var_samp'), 'sum': LIST_SUM(l), 'len': LEN(l)})[1]"
)
STATISTICS = (
    ("min", R), ("min_idx", L), ("max", R), ("max_idx", L), ("avg", R), ("stdev", R), ("variance", R),
)  # fmt: skip
_SLOPE = (
    "(LIST_SUM(LIST_TRANSFORM(y, LAMBDA v, i : v * (i - 1))) - LEN(y) * ((LEN(y) - 1) / 2) * LIST_AVG(y)) "
    "/ NULLIF(LEN(y) * (LEN(y) * LEN(y) - 1) / 12, 0)"
)
_LINE = "LIST_TRANSFORM(f.y, LAMBDA v, i : f.m + f.k * (i - 1 - (LEN(f.y) - 1) / 2))"
_REST = "LIST_TRANSFORM(f.y, LAMBDA v, i : v - (f.m + f.k * (i - 1 - (LEN(f.y) - 1) / 2)))"
FIT = (
    f"LIST_TRANSFORM(LIST_TRANSFORM([{NUMBERS_OF}], LAMBDA y : {{'y': y, 'm': LIST_AVG(y), "
    f"'k': CASE WHEN LIST_COUNT(y) = LEN(y) THEN {_SLOPE} END}}), LAMBDA f : "
    f"{{'rsquare': 1 - LIST_AGGREGATE({_REST}, 'var_samp') / NULLIF(LIST_AGGREGATE(f.y, 'var_samp'), 0), 'slope': f.k, "
    f"'variance': LIST_AGGREGATE(f.y, 'var_samp'), 'rvariance': LIST_AGGREGATE({_REST}, 'var_samp'), "
    f"'interception': f.m - f.k * (LEN(f.y) - 1) / 2, 'line_fit': {_LINE}}})[1]"
)
FITTED = (
    ("rsquare", R), ("slope", R), ("variance", R), ("rvariance", R), ("interception", R), ("line_fit", D),
)  # fmt: skip


def _several(name: str, shape: str, parts: Sequence[tuple[str, Type]]) -> Make:
    """A function whose result is a column for each part."""

    def make(args: Sequence[Typed], span: Span) -> Typed:
        row = fill(f"CASE WHEN {IS_LIST} THEN {shape} END", args[0].sql)
        found: list[tuple[str, Typed]] = []
        for part, kind in parts:
            sql: exp.Expr = exp.Anonymous(this="STRUCT_EXTRACT", expressions=[own(row), text(part)])
            sql = fill("TO_JSON(_0)", sql) if kind is D else fill("CAST(_0 AS BIGINT)", sql) if kind is L else sql
            found.append((f"{name}_{args[0].name}_{part}", Typed(sql, kind)))
        first = found[0][1]
        return Typed(first.sql, first.type, parts=tuple(found))

    return make


def _bag(shape: str) -> Make:
    return lambda args, span: Typed(fill(f"CASE WHEN {IS_LIST} THEN TO_JSON({shape}) END", args[0].sql), D)


def _seasonal(args: Sequence[Typed], span: Span) -> Typed:
    """series_seasonal(series, period): the median of each place in the period."""
    period = args[1].const if len(args) > 1 else None
    if not isinstance(period, int) or period < 1:
        raise KqlError(
            "series_seasonal() needs a constant period here: how Kusto finds one is not published",
            span,
            kind="unsupported",
        )
    shape = (
        f"LIST_TRANSFORM([{NUMBERS_OF}], LAMBDA l : TO_JSON(LIST_TRANSFORM(l, LAMBDA v, i : "
        "CAST(LIST_MEDIAN(LIST_FILTER(l, LAMBDA w, j : (j - i) % _1 = 0)) AS DOUBLE))))[1]"
    )
    return Typed(fill(f"CASE WHEN {IS_LIST} THEN {shape} END", args[0].sql, whole(period)), D)


def _fir(args: Sequence[Typed], span: Span) -> Typed:
    """series_fir(series, filter, normalize?, center?): each element as the weighted sum of those before it, or around it."""
    weights = const(args[1], "the filter of series_fir()", span)
    if not isinstance(weights, list) or not weights or not all(isinstance(one, int | float) for one in weights):
        raise KqlError("the filter of series_fir() is a constant list of numbers", span, kind="type")
    normal = const(args[2], "whether the filter is normalised", span) if len(args) > 2 else True
    centre = const(args[3], "whether the filter is centred", span) if len(args) > 3 else False
    total = sum(weights) if normal and sum(weights) else 1
    shift = (len(weights) - 1) // 2 if centre else 0
    parts = [
        f"COALESCE(l[CASE WHEN i + {shift - at} BETWEEN 1 AND LEN(l) THEN i + {shift - at} END], 0) * {float(one) / total!r}"
        for at, one in enumerate(weights)
    ]
    shape = (
        f"LIST_TRANSFORM([{NUMBERS_OF}], LAMBDA l : TO_JSON(LIST_TRANSFORM(l, LAMBDA v, i : {' + '.join(parts)})))[1]"
    )
    return Typed(fill(f"CASE WHEN {IS_LIST} THEN {shape} END", args[0].sql), D)


def _jaccard(args: Sequence[Typed], span: Span) -> Typed:
    """Of two sets, what they share among all they have."""
    sets = [f"LIST_DISTINCT(FROM_JSON(_{place}, '[\"JSON\"]'))" for place in (0, 1)]
    shape = (
        f"LEN(LIST_INTERSECT({sets[0]}, {sets[1]})) / NULLIF(LEN(LIST_DISTINCT(LIST_CONCAT({sets[0]}, {sets[1]}))), 0)"
    )
    guard = f"{IS_LIST} AND {IS_LIST.replace('_0', '_1')}"
    return Typed(fill(f"CASE WHEN {guard} THEN CAST({shape} AS DOUBLE) END", args[0].sql, args[1].sql), R)


add("series_dot_product", "any any", _dot_product)
add("series_fill_const", "dynamic any number?", _fill_const)
add("series_fill_forward", "dynamic number?", _nearest("before"))
add("series_fill_backward", "dynamic number?", _nearest("after"))
add("series_fill_linear", "dynamic number? bool? any?", _fill_linear)
add("series_stats", "dynamic bool?", _several("series_stats", STATS, STATISTICS))
add("series_stats_dynamic", "dynamic bool?", _bag(STATS))
add("series_fit_line", "dynamic", _several("series_fit_line", FIT, FITTED))
add("series_fit_line_dynamic", "dynamic", _bag(FIT))
add("series_seasonal", "dynamic long?", _seasonal)
add("series_fir", "dynamic dynamic bool? bool?", _fir)
add("jaccard_index", "dynamic dynamic", _jaccard)
