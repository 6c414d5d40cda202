"""Columns, literals, logic, comparison, arithmetic, cases."""

from datetime import UTC, datetime

from sqlglot import exp

from watchfloor.lake.engines.dialects.kinds import (
    BIGINT,
    BOOL,
    DATE,
    DECIMAL,
    DOUBLE,
    INT,
    MONTHS,
    NULL,
    NUMBERS,
    SPAN,
    STAMP,
    TEXT,
    WHOLE,
    WRITTEN,
    Kind,
    sql_type,
    wider,
)  # fmt: skip
from watchfloor.lake.engines.dialects.saying import Names, Said, Saying, emits, name, text

LONGEST_INT = 2**31


@emits(exp.Column)
def column(say: Saying, node: exp.Column) -> Said:
    if not node.table and node.name in say.names.variables:
        return say.names.variables[node.name]
    names: Names | None = say.names
    while names is not None:
        for rows in names.rows:
            found = rows.find(node.name) if not node.table or rows.alias.lower() == node.table.lower() else None
            if found:
                return Said(f"{name(rows.alias)}.{name(found[0])}", found[1])
        if not node.table:
            made = next((one for one in names.made if one.lower() == node.name.lower()), None)
            if made is not None:
                return Said(name(made), names.made[made])
        names = names.outer
    raise say.refusal(node, f"there is no column “{node.name}”")


@emits(exp.Identifier)
def identifier(say: Saying, node: exp.Identifier) -> Said:
    """A variable of a lambda, which is no column to the parser."""
    if node.name in say.names.variables:
        return say.names.variables[node.name]
    return column(say, exp.column(node.name))


@emits(exp.Dot)
def dot(say: Saying, node: exp.Dot) -> Said:
    held = say.say(node.this)
    field = node.expression.name
    kind = held.kind.field(field)
    if kind is None:
        raise say.refusal(node, f"there is no field “{field}”")
    return Said(f"{held.sql}.{name(field)}", kind)


@emits(exp.Literal)
def literal(say: Saying, node: exp.Literal) -> Said:
    if node.is_string:
        return Said(text(node.this), TEXT)
    written = str(node.this)
    if "e" in written.lower():
        return Said(f"{written}D", DOUBLE)
    if "." in written:
        return Said(written, DECIMAL)
    value = int(written)
    return Said(written, INT if value < LONGEST_INT else BIGINT)


@emits(exp.Null)
def null(say: Saying, node: exp.Null) -> Said:
    return Said("NULL", NULL)


@emits(exp.Boolean)
def boolean(say: Saying, node: exp.Boolean) -> Said:
    return Said("TRUE" if node.this else "FALSE", BOOL)


@emits(exp.Paren)
def paren(say: Saying, node: exp.Paren) -> Said:
    held = say.say(node.this)
    return Said(f"({held.sql})", held.kind, held.text, held.base, held.steps)


@emits(exp.Alias)
def alias(say: Saying, node: exp.Alias) -> Said:
    held = say.say(node.this)
    return Said(f"{held.sql} AS {name(node.alias)}", held.kind)


@emits(exp.Not)
def negated(say: Saying, node: exp.Not) -> Said:
    return Said(f"(NOT {say.say(node.this).sql})", BOOL)


def _logic(word: str) -> None:
    def make(say: Saying, node: exp.Connector) -> Said:
        parts = [say.say(part).sql for part in node.flatten()]
        return Said("(" + f" {word} ".join(parts) + ")", BOOL)

    emits(exp.And if word == "AND" else exp.Or)(make)


_logic("AND")
_logic("OR")


def _compared(kind: type[exp.Expr], sign: str, *, denied: bool = False) -> None:
    def make(say: Saying, node: exp.Binary) -> Said:
        left, right = alike(say, node, say.say(node.this), say.say(node.expression))
        made = f"({left.sql} {sign} {right.sql})"
        return Said(f"(NOT {made})" if denied else made, BOOL)

    emits(kind)(make)


for _kind, _sign in ((exp.EQ, "="), (exp.NEQ, "<>"), (exp.GT, ">"), (exp.GTE, ">="), (exp.LT, "<"), (exp.LTE, "<="), (exp.NullSafeEQ, "<=>")):  # fmt: skip
    _compared(_kind, _sign)
_compared(exp.NullSafeNEQ, "<=>", denied=True)

_FAMILIES = (NUMBERS, WRITTEN, (STAMP, DATE), (BOOL,), (SPAN,))


def alike(say: Saying, node: exp.Expr, left: Said, right: Said) -> tuple[Said, Said]:
    """Two sides that compare as DuckDB compares them; what it would convert silently is refused."""
    if NULL in (left.kind, right.kind) or left.kind == right.kind:
        return left, right
    if any(left.kind in family and right.kind in family for family in _FAMILIES):
        return left, right
    for one, other, swapped in ((left, right, False), (right, left, True)):
        if one.kind is STAMP and other.kind is TEXT and isinstance(node, exp.Binary | exp.Between):
            moved = Said(f"CAST({other.sql} AS TIMESTAMP)", STAMP)
            return (moved, one) if swapped else (one, moved)
    raise say.refusal(node, f"a {left.kind.name} is compared with a {right.kind.name}")


@emits(exp.Is)
def is_what(say: Saying, node: exp.Is) -> Said:
    return Said(f"({say.say(node.this).sql} IS {say.say(node.expression).sql})", BOOL)


@emits(exp.Between)
def between(say: Saying, node: exp.Between) -> Said:
    held = say.say(node.this)
    low = alike(say, node, held, say.say(node.args["low"]))[1]
    high = alike(say, node, held, say.say(node.args["high"]))[1]
    return Said(f"({held.sql} BETWEEN {low.sql} AND {high.sql})", BOOL)


@emits(exp.In)
def contained(say: Saying, node: exp.In) -> Said:
    held = say.say(node.this)
    query = node.args.get("query")
    if query is not None:
        if not say.flavour.lateral_in and not _is_condition(node):
            raise say.refusal(node, "whether a value is in a table, asked among the columns")
        return Said(f"({held.sql} IN ({say.query(query)[0]}))", BOOL)
    items = [alike(say, node, held, item)[1].sql for item in say.all(node.expressions)]
    return Said(f"({held.sql} IN ({', '.join(items)}))", BOOL)


def _is_condition(node: exp.Expr) -> bool:
    place = node.parent
    while place is not None and not isinstance(place, exp.Query):
        if isinstance(place, exp.Where | exp.Join):
            return True
        place = place.parent
    return False


@emits(exp.Tuple)
def tupled(say: Saying, node: exp.Tuple) -> Said:
    return Said(f"({', '.join(part.sql for part in say.all(node.expressions))})", Kind("tuple"))


@emits(exp.Exists)
def exists(say: Saying, node: exp.Exists) -> Said:
    return Said(f"EXISTS ({say.query(node.this)[0]})", BOOL)


@emits(exp.Subquery)
def scalar_query(say: Saying, node: exp.Subquery) -> Said:
    made, columns = say.query(node.this)
    return Said(f"({made})", columns[0][1])


@emits(exp.Case)
def case(say: Saying, node: exp.Case) -> Said:
    subject = say.say(node.this).sql + " " if node.this else ""
    pairs = [(say.say(one.this), say.say(one.args["true"])) for one in node.args["ifs"]]
    otherwise = say.say(node.args["default"]) if node.args.get("default") else None
    kind = wider(*(value.kind for _, value in pairs), *([otherwise.kind] if otherwise else []))
    arms = " ".join(f"WHEN {when.sql} THEN {fitted(value, kind)}" for when, value in pairs)
    return Said(f"CASE {subject}{arms}{f' ELSE {fitted(otherwise, kind)}' if otherwise else ''} END", kind)


def fitted(value: Said, kind: Kind) -> str:
    """The value where one of `kind` is wanted: nulls and empty lists have to be told what they are."""
    if value.kind is NULL and kind is not NULL:
        return f"CAST({value.sql} AS {sql_type(kind)})"
    if value.kind.name == "list" and value.kind.element is NULL and kind.element is not NULL:
        return f"CAST({value.sql} AS {sql_type(kind)})"
    if value.kind is DECIMAL and kind is DOUBLE:
        return f"CAST({value.sql} AS DOUBLE)"
    return value.sql


@emits(exp.If)
def when(say: Saying, node: exp.If) -> Said:
    return case(
        say,
        exp.Case(ifs=[exp.If(this=node.this.copy(), true=node.args["true"].copy())], default=node.args["false"].copy()),
    )


@emits(exp.Coalesce)
def coalesce(say: Saying, node: exp.Coalesce) -> Said:
    parts = say.all([node.this, *node.expressions])
    kind = wider(*(part.kind for part in parts))
    return Said(f"coalesce({', '.join(fitted(part, kind) for part in parts)})", kind)


@emits(exp.Nullif)
def nullif(say: Saying, node: exp.Nullif) -> Said:
    left, right = say.say(node.this), say.say(node.expression)
    return Said(f"nullif({left.sql}, {right.sql})", left.kind)


# --- arithmetic -----------------------------------------------------------------------------------------------------


@emits(exp.Neg)
def negative(say: Saying, node: exp.Neg) -> Said:
    held = say.say(node.this)
    return Said(f"(- {held.sql})", held.kind)


@emits(exp.Add, exp.Sub)
def added(say: Saying, node: exp.Binary) -> Said:
    left, right = say.say(node.this), say.say(node.expression)
    sign = "+" if isinstance(node, exp.Add) else "-"
    if left.kind is STAMP and right.kind is SPAN:
        return Said(f"timestamp_micros(unix_micros({left.sql}) {sign} {right.sql})", STAMP)
    if left.kind is STAMP and right.kind is MONTHS:
        return Said(f"({left.sql} {sign} make_ym_interval(0, {right.sql}))", STAMP)
    if left.kind is STAMP and right.kind is STAMP and sign == "-":
        return Said(f"(unix_micros({left.sql}) - unix_micros({right.sql}))", SPAN)
    return _numbers(say, node, left, right, sign)


def _numbers(say: Saying, node: exp.Expr, left: Said, right: Said, sign: str) -> Said:
    allowed = (*NUMBERS, NULL, SPAN)
    if left.kind not in allowed or right.kind not in allowed:
        raise say.refusal(node, f"{left.kind.name} {sign} {right.kind.name}")
    kind = SPAN if SPAN in (left.kind, right.kind) else wider(left.kind, right.kind)
    return Said(f"({left.sql} {sign} {right.sql})", kind)


@emits(exp.Mul)
def multiplied(say: Saying, node: exp.Mul) -> Said:
    left, right = say.say(node.this), say.say(node.expression)
    for one, other in ((left, right), (right, left)):
        if one.kind in (SPAN, MONTHS):
            return Said(
                f"({one.sql} * CAST({other.sql} AS BIGINT))" if one.kind is SPAN else f"({one.sql} * {other.sql})",
                one.kind,
            )
    return _numbers(say, node, left, right, "*")


@emits(exp.Div)
def divided(say: Saying, node: exp.Div) -> Said:
    """By zero DuckDB gives an infinity, others an error."""
    left, right = say.say(node.this), say.say(node.expression)
    above, below = (f"CAST({part.sql} AS DOUBLE)" for part in (left, right))
    if _never_zero(node.expression):
        return Said(f"({above} / {below})", DOUBLE)
    shape = (
        "CASE WHEN {} = 0 THEN CASE WHEN {a} > 0 THEN double('Infinity') WHEN {a} < 0 THEN double('-Infinity') "
        "WHEN {a} = 0 THEN double('NaN') END ELSE {a} / {} END"
    )
    return Said(say.once(below, shape, above), DOUBLE)


def _never_zero(node: exp.Expr) -> bool:
    while isinstance(node, exp.Paren):
        node = node.this
    return isinstance(node, exp.Nullif) or (
        isinstance(node, exp.Literal) and not node.is_string and float(node.this) != 0
    )


@emits(exp.IntDiv)
def whole_division(say: Saying, node: exp.IntDiv) -> Said:
    left, right = say.say(node.this), say.say(node.expression)
    if not {left.kind, right.kind} <= {*WHOLE, NULL, SPAN}:
        raise say.refusal(node, f"{left.kind.name} // {right.kind.name}")
    return Said(
        f"({left.sql} div {right.sql})", wider(left.kind, right.kind) if SPAN not in (left.kind, right.kind) else BIGINT
    )


@emits(exp.Mod)
def remainder(say: Saying, node: exp.Mod) -> Said:
    left, right = say.say(node.this), say.say(node.expression)
    return _numbers(say, node, left, right, "%")


@emits(exp.Interval)
def interval(say: Saying, node: exp.Interval) -> Said:
    amount = int(str(node.this.this)) if isinstance(node.this, exp.Literal) else None
    unit = node.args["unit"].name.upper().removesuffix("S")
    if amount is None or unit not in {**MICROS, **IN_MONTHS}:
        raise say.refusal(node, "this interval")
    return Said(str(amount * MICROS[unit]), SPAN) if unit in MICROS else Said(str(amount * IN_MONTHS[unit]), MONTHS)


SECOND = 1_000_000
MICROS = {
    "MICROSECOND": 1, "MILLISECOND": 1000, "SECOND": SECOND, "MINUTE": 60 * SECOND, "HOUR": 3600 * SECOND,
    "DAY": 86400 * SECOND, "WEEK": 7 * 86400 * SECOND,
}  # fmt: skip
IN_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def micros_of(written: str) -> int | None:
    """Microseconds since 1970 of a moment as literals have it, in UTC."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    passed = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (passed.days * 86400 + passed.seconds) * SECOND + passed.microseconds
