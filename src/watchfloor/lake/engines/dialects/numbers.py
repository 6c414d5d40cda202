"""Functions of numbers, and what is worked out over many rows."""

from sqlglot import exp

from watchfloor.lake.engines.dialects.atoms import fitted
from watchfloor.lake.engines.dialects.kinds import (
    BIGINT,
    BOOL,
    DECIMAL,
    DOUBLE,
    INT,
    NULL,
    NUMBERS,
    TEXT,
    WHOLE,
    Kind,
    list_of,
    wider,
)  # fmt: skip
from watchfloor.lake.engines.dialects.saying import Said, Saying, emits

_REAL = {
    exp.Exp: "exp({})", exp.Ln: "ln({})", exp.Sqrt: "sqrt({})", exp.Sin: "sin({})", exp.Cos: "cos({})", exp.Tan: "tan({})",
    exp.Asin: "asin({})", exp.Acos: "acos({})", exp.Atan: "atan({})", exp.Degrees: "degrees({})", exp.Radians: "radians({})",
    "LOG10": "log10({})", "LOG2": "log2({})", exp.Pi: "pi()",
}  # fmt: skip


def _real(what: object, shape: str) -> None:
    def make(say: Saying, node: exp.Expr) -> Said:
        inner = node.expressions[0] if isinstance(node, exp.Anonymous) else node.args.get("this")
        return Said(shape.format(f"CAST({say.say(inner).sql} AS DOUBLE)") if inner is not None else shape, DOUBLE)

    emits(what)(make)


for _what, _shape in _REAL.items():
    _real(_what, _shape)


@emits(exp.Log)
def logarithm(say: Saying, node: exp.Log) -> Said:
    base, held = (
        (say.say(part).sql for part in (node.this, node.expression))
        if node.expression
        else ("10", say.say(node.this).sql)
    )
    return Said(f"log({base}, CAST({held} AS DOUBLE))", DOUBLE)


@emits(exp.Pow)
def power(say: Saying, node: exp.Pow) -> Said:
    return Said(f"power({say.say(node.this).sql}, {say.say(node.expression).sql})", DOUBLE)


@emits(exp.Atan2)
def atan2(say: Saying, node: exp.Atan2) -> Said:
    return Said(f"atan2({say.say(node.this).sql}, {say.say(node.expression).sql})", DOUBLE)


@emits(exp.Abs)
def absolute(say: Saying, node: exp.Abs) -> Said:
    held = say.say(node.this)
    return Said(f"abs({held.sql})", held.kind)


@emits(exp.Sign)
def sign(say: Saying, node: exp.Sign) -> Said:
    return Said(f"CAST(sign({say.say(node.this).sql}) AS INT)", INT)


@emits(exp.Floor, exp.Ceil)
def rounded_to_whole(say: Saying, node: exp.Expr) -> Said:
    """A whole number of the same kind: others make a long of a double, which it may not fit."""
    held = say.say(node.this)
    word = "floor" if isinstance(node, exp.Floor) else "ceil"
    if held.kind in WHOLE:
        return held
    if held.kind is DECIMAL:
        return Said(f"{word}({held.sql})", DECIMAL)
    shape = f"CASE WHEN abs({{}}) < 4503599627370496D THEN CAST({word}({{}}) AS DOUBLE) ELSE {{}} END"
    return Said(say.once(held.sql, shape), DOUBLE)


@emits(exp.Trunc)
def cut(say: Saying, node: exp.Trunc) -> Said:
    held = say.say(node.this)
    if held.kind in WHOLE:
        return held
    value = held.sql if held.kind is DOUBLE else f"CAST({held.sql} AS DOUBLE)"
    shape = "CASE WHEN abs({}) < 4503599627370496D THEN CAST(CAST({} AS BIGINT) AS DOUBLE) ELSE {} END"
    return Said(say.once(value, shape), DOUBLE)


@emits(exp.Round)
def rounded(say: Saying, node: exp.Round) -> Said:
    held, places = say.say(node.this), node.args.get("decimals")
    digits = say.literal_int(places) if places is not None else 0
    if digits is None:
        raise say.refusal(node, "round() to places that come from the data")
    return Said(f"round({held.sql}, {digits})", held.kind)


def _bits(kind: type[exp.Expr], sign: str) -> None:
    def make(say: Saying, node: exp.Binary) -> Said:
        left, right = say.say(node.this), say.say(node.expression)
        return Said(f"({left.sql} {sign} {right.sql})", wider(left.kind, right.kind))

    emits(kind)(make)


for _kind, _sign in ((exp.BitwiseAnd, "&"), (exp.BitwiseOr, "|"), (exp.BitwiseXor, "^")):
    _bits(_kind, _sign)


@emits(exp.BitwiseLeftShift, exp.BitwiseRightShift)
def shifted(say: Saying, node: exp.Binary) -> Said:
    word = "shiftleft" if isinstance(node, exp.BitwiseLeftShift) else "shiftright"
    left, right = say.say(node.this), say.say(node.expression)
    shape = f"CASE WHEN {{}} BETWEEN 0 AND 63 THEN {word}(CAST({{a}} AS BIGINT), {{}}) WHEN {{}} >= 64 THEN 0 END"
    return Said(say.once(f"CAST({right.sql} AS INT)", shape, left.sql), BIGINT if left.kind is BIGINT else left.kind)


@emits(exp.BitwiseNot)
def inverted(say: Saying, node: exp.BitwiseNot) -> Said:
    held = say.say(node.this)
    return Said(f"(~ {held.sql})", held.kind)


@emits("TO_HEX", exp.Hex)
def hexed(say: Saying, node: exp.Expr) -> Said:
    held = say.say(node.expressions[0] if isinstance(node, exp.Anonymous) else node.this)
    if held.kind not in WHOLE:
        raise say.refusal(node, f"a {held.kind.name} in base 16")
    return Said(f"hex(CAST({held.sql} AS BIGINT))", TEXT)


@emits(exp.LowerHex)
def hexed_low(say: Saying, node: exp.LowerHex) -> Said:
    held = say.say(node.this)
    if held.kind not in WHOLE:
        raise say.refusal(node, f"a {held.kind.name} in base 16")
    return Said(f"lower(hex(CAST({held.sql} AS BIGINT)))", TEXT)


@emits("BIT_COUNT", exp.BitwiseCount)
def bit_count(say: Saying, node: exp.Expr) -> Said:
    held = say.say(node.expressions[0] if isinstance(node, exp.Anonymous) else node.this)
    return Said(f"CAST(bit_count({held.sql}) AS INT)", INT)


@emits(exp.Rand)
def random(say: Saying, node: exp.Rand) -> Said:
    return Said("rand()", DOUBLE)


@emits("ERROR")
def error(say: Saying, node: exp.Anonymous) -> Said:
    return Said(f"raise_error({say.say(node.expressions[0]).sql})", NULL)


@emits(exp.IsNan, "ISNAN")
def not_a_number(say: Saying, node: exp.Expr) -> Said:
    held = say.say(node.expressions[0] if isinstance(node, exp.Anonymous) else node.this)
    return Said(say.once(held.sql, "CASE WHEN {} IS NOT NULL THEN isnan({}) END"), BOOL)


@emits(exp.IsInf, "ISINF")
def infinite(say: Saying, node: exp.Expr) -> Said:
    held = say.say(node.expressions[0] if isinstance(node, exp.Anonymous) else node.this)
    return Said(f"(abs({held.sql}) = double('Infinity'))", BOOL)


@emits("ISFINITE")
def finite(say: Saying, node: exp.Anonymous) -> Said:
    held = say.say(node.expressions[0])
    return Said(f"(abs({held.sql}) < double('Infinity'))", BOOL)


def _extreme(word: str, *what: object) -> None:
    def make(say: Saying, node: exp.Expr) -> Said:
        parts = say.all(node.expressions if isinstance(node, exp.Anonymous) else [node.this, *node.expressions])
        kind = wider(*(part.kind for part in parts))
        return Said(f"{word}({', '.join(part.sql for part in parts)})", kind) if len(parts) > 1 else parts[0]

    emits(*what)(make)


_extreme("greatest", exp.Greatest, "GREATEST")
_extreme("least", exp.Least, "LEAST")


# --- over rows ------------------------------------------------------------------------------------------------------


@emits(exp.Count)
def count(say: Saying, node: exp.Count) -> Said:
    inner = node.this
    if inner is None or isinstance(inner, exp.Star):
        return Said("count(*)", BIGINT)
    if isinstance(inner, exp.Distinct):
        return Said(f"count(DISTINCT {', '.join(part.sql for part in say.all(inner.expressions))})", BIGINT)
    return Said(f"count({say.say(inner).sql})", BIGINT)


@emits(exp.CountIf)
def count_if(say: Saying, node: exp.CountIf) -> Said:
    return Said(f"count_if({say.say(node.this).sql})", BIGINT)


def _over(what: type[exp.Expr], word: str, kind: Kind | None = None) -> None:
    def make(say: Saying, node: exp.Expr) -> Said:
        held = say.say(node.this)
        if kind is DOUBLE and held.kind not in (*NUMBERS, NULL) and held.kind.name != "span":
            raise say.refusal(node, f"{word}() of a {held.kind.name}")
        return Said(f"{word}({held.sql})", kind or held.kind)

    emits(what)(make)


for _row in (
    (exp.Min, "min"), (exp.Max, "max"), (exp.Avg, "avg", DOUBLE), (exp.StddevSamp, "stddev_samp", DOUBLE), (exp.Stddev, "stddev_samp", DOUBLE),
    (exp.StddevPop, "stddev_pop", DOUBLE), (exp.Variance, "var_samp", DOUBLE), (exp.VariancePop, "var_pop", DOUBLE),
    (exp.BitwiseAndAgg, "bit_and"), (exp.BitwiseOrAgg, "bit_or"), (exp.BitwiseXorAgg, "bit_xor"), (exp.LogicalOr, "bool_or"), (exp.LogicalAnd, "bool_and"),
):  # fmt: skip
    _over(*_row)


@emits(exp.Sum)
def total(say: Saying, node: exp.Sum) -> Said:
    held = say.say(node.this)
    return Said(f"sum({held.sql})", BIGINT if held.kind in WHOLE else held.kind)


@emits(exp.ArgMax, exp.ArgMin, "ARG_MAX", "ARG_MIN")
def of_extreme(say: Saying, node: exp.Expr) -> Said:
    """The value beside the largest; rows where either is null do not count."""
    named = isinstance(node, exp.Anonymous)
    least = isinstance(node, exp.ArgMin) or (named and node.name.upper() == "ARG_MIN")
    value, key = say.all(node.expressions[:2] if named else [node.this, node.expression])
    word = "min_by" if least else "max_by"
    return Said(f"{word}({value.sql}, CASE WHEN {value.sql} IS NOT NULL THEN {key.sql} END)", value.kind)


@emits(exp.AnyValue, exp.First)
def any_of(say: Saying, node: exp.Expr) -> Said:
    held = say.say(node.this)
    return Said(f"max({held.sql})", held.kind)


@emits(exp.IgnoreNulls)
def ignoring(say: Saying, node: exp.IgnoreNulls) -> Said:
    """What comes here passes over nulls anyway."""
    if not isinstance(node.this, exp.AnyValue | exp.First):
        raise say.refusal(node, "IGNORE NULLS")
    return say.say(node.this)


@emits(exp.ArrayAgg)
def gathered(say: Saying, node: exp.ArrayAgg) -> Said:
    """With its nulls, which others leave out; null and not empty when there is no row."""
    return _gathered(say, node, "")


def _gathered(say: Saying, node: exp.ArrayAgg, condition: str) -> Said:
    inner = node.this
    if isinstance(inner, exp.Order):
        return _gathered_in_order(say, node, inner, condition)
    distinct = isinstance(inner, exp.Distinct)
    held = say.say(inner.expressions[0] if distinct else inner)
    kind = held.kind if held.kind is not NULL else TEXT
    if distinct:
        return Said(f"nullif(collect_set({held.sql}){condition}, array())", list_of(kind))
    one = say.fresh()
    made = f"transform(collect_list(named_struct('v', {held.sql})){condition}, {one} -> {one}.v)"
    return Said(f"nullif({made}, array())", list_of(kind))


def _gathered_in_order(say: Saying, node: exp.Expr, inner: exp.Order, condition: str) -> Said:
    """In the order of keys that all go the same way: they are gathered with the value, sorted, and dropped."""
    downwards = {bool(one.args.get("desc")) for one in inner.expressions if isinstance(one, exp.Ordered)}
    if isinstance(inner.this, exp.Distinct) or len(downwards) > 1:
        raise say.refusal(node, "values gathered in this order")
    held, one = say.say(inner.this), say.fresh()
    keys = [say.say(key.this if isinstance(key, exp.Ordered) else key).sql for key in inner.expressions]
    fields = ", ".join(f"'k{number}', {key}" for number, key in enumerate(keys))
    made = f"collect_list(named_struct({fields}, 'v', {held.sql})){condition}"
    ordered = f"sort_array({made}, {'FALSE' if True in downwards else 'TRUE'})"
    return Said(f"nullif(transform({ordered}, {one} -> {one}.v), array())", list_of(held.kind))


@emits(exp.Filter)
def filtered(say: Saying, node: exp.Filter) -> Said:
    condition = f" FILTER (WHERE {say.say(node.expression.this).sql})"
    inner: exp.Expr = node.this
    if isinstance(inner, exp.IgnoreNulls):
        inner = inner.this
    if isinstance(inner, exp.ArrayAgg):
        return _gathered(say, inner, condition)
    if isinstance(inner, exp.Anonymous | exp.PercentileDisc | exp.PercentileCont):
        raise say.refusal(node, "this aggregate under a condition")
    held = say.say(inner)
    return Said(held.sql + condition, held.kind)


@emits(exp.PercentileDisc, exp.Quantile)
def percentile(say: Saying, node: exp.Expr) -> Said:
    held = say.say(node.this)
    share = node.args.get("expression") or node.args.get("quantile")
    if held.kind not in NUMBERS or share is None:
        raise say.refusal(node, f"a percentile of a {held.kind.name}")
    made = f"percentile_disc({say.say(share).sql}) WITHIN GROUP (ORDER BY {held.sql})"
    return Said(f"CAST({made} AS BIGINT)" if held.kind in WHOLE else made, held.kind)


# --- windows --------------------------------------------------------------------------------------------------------


@emits(exp.RowNumber)
def row_number(say: Saying, node: exp.RowNumber) -> Said:
    return Said("row_number()", BIGINT)


@emits("LAG", "LEAD")
def neighbour(say: Saying, node: exp.Anonymous) -> Said:
    value, *rest = node.expressions
    return _neighbour(say, node, node.name.lower(), value, *rest)


def _neighbour(say: Saying, node: exp.Expr, word: str, value: exp.Expr, *rest: exp.Expr) -> Said:
    """How many rows away has to be a plain number there."""
    held = say.say(value)
    parts = [held.sql]
    if rest:
        offset = say.literal_int(rest[0])
        if offset is None:
            raise say.refusal(node, "a distance between rows that comes from the data")
        parts += [str(offset), *(fitted(say.say(part), held.kind) for part in rest[1:])]
    return Said(f"{word}({', '.join(parts)})", held.kind)


@emits(exp.Lag, exp.Lead)
def neighbour_by_class(say: Saying, node: exp.Expr) -> Said:
    rest = [node.args[key] for key in ("offset", "default") if node.args.get(key) is not None]
    return _neighbour(say, node, "lag" if isinstance(node, exp.Lag) else "lead", node.this, *rest)


@emits(exp.Window)
def window(say: Saying, node: exp.Window) -> Said:
    """Rows have no order of their own in many processes: a number needs one, and counts over all columns where none is said."""
    inner = say.say(node.this)
    parts = [part.sql for part in say.all(node.args.get("partition_by") or [])]
    order = node.args.get("order")
    words = [f"PARTITION BY {', '.join(parts)}"] if parts else []
    if order is not None:
        words.append(f"ORDER BY {', '.join(say.ordered(one) for one in order.expressions)}")
    elif isinstance(node.this, exp.RowNumber):
        words.append(f"ORDER BY {say.every_column()}")
    elif isinstance(node.this, exp.Anonymous | exp.Lag | exp.Lead) or node.args.get("spec"):
        raise say.refusal(node, "rows before and after one another, where nothing says their order; sort them first")
    if (
        (spec := node.args.get("spec")) is not None
        and isinstance(node.this, exp.AggFunc)
        and not isinstance(node.this, exp.Lag | exp.Lead)
    ):
        words.append(_frame(say, node, spec))
    made = f"{inner.sql} OVER ({' '.join(words)})"
    return Said(f"CAST({made} AS BIGINT)" if isinstance(node.this, exp.RowNumber) else made, inner.kind)


def _frame(say: Saying, node: exp.Expr, spec: exp.Expr) -> str:
    start, end = spec.args.get("start"), spec.args.get("end")
    if (spec.args.get("kind"), start, spec.args.get("start_side"), end) != (
        "ROWS",
        "UNBOUNDED",
        "PRECEDING",
        "CURRENT ROW",
    ):
        raise say.refusal(node, "this frame of rows")
    return "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
