"""Queries as sqlglot trees. Values are literals of the tree, never text in a text, so none can change its shape."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlglot import exp, parse_one

from watchfloor.kernel.errors import BadInput
from watchfloor.lake.catalogue import resolve
from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.contracts import Column, Condition, Operator, Part, Query, Shape, Table
from watchfloor.lake.query import patterns
from watchfloor.lake.query.values import SLASHED, TEXTS, Value, positive, typed
from watchfloor.lake.text import GRADED, element_text, fold, word_text

KEY = "NetworkMessageId"
MAILBOX = "RecipientEmailAddress"
LATEST = frozenset({"LatestDeliveryLocation", "LatestDeliveryAction"})
FAILED = ("Failed", "Failure", "Error")
"""Results of an action that left the mail where it was."""
BEFORE = timedelta(days=30)
"""How long before an event the mail it concerns may have come."""
FEW = 200
"""Values that stand one by one in a condition."""
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end) of one table's Timestamp."""

    start: datetime
    end: datetime


def column(name: str, *, of: str = "") -> exp.Column:
    """Made by hand, as all of a tree that every question has: the builders parse and copy what they are given."""
    table = exp.Identifier(this=of, quoted=True) if of else None
    return exp.Column(this=exp.Identifier(this=name, quoted=True), table=table)


def literal(value: Value) -> exp.Expr:
    """A value as a leaf of the tree."""
    if isinstance(value, bool):
        return exp.true() if value else exp.false()
    if isinstance(value, datetime):
        return as_type(exp.Literal.string(value.astimezone(UTC).isoformat()), exp.DType.TIMESTAMPTZ)
    if isinstance(value, str):
        return exp.Literal.string(value)
    number = exp.Literal.number(abs(value))
    return exp.Neg(this=number) if value < 0 else number


def as_type(value: exp.Expr, type: exp.DType) -> exp.Cast:
    """The value as another type."""
    return exp.Cast(this=value, to=exp.DataType(this=type, nested=False))


def window_of(query: Query, table: Table) -> Window:
    """The time to look at in `table` for a query: its own, or, across tables, as wide as cause and effect lie apart."""
    base = table_named(query.table)
    if table.follows and not base.follows:
        return Window(query.start, FOREVER)
    if base.follows and not table.follows:
        return Window(query.start - BEFORE, query.end)
    return Window(query.start, query.end)


def tables_of(query: Query) -> frozenset[str]:
    """The tables a query's conditions read, its own included."""
    base = table_named(query.table)
    return frozenset(
        {query.table, *(resolve(condition.column, base=base)[0].name for condition in query.every_condition)}
    )


def within(window: Window) -> exp.Expr:
    """The window as a condition on Timestamp."""
    stamp = column("Timestamp")
    lower = exp.GTE(this=stamp, expression=literal(window.start))
    if window.end >= FOREVER:
        return lower
    return exp.And(this=lower, expression=exp.LT(this=stamp.copy(), expression=literal(window.end)))


def select(query: Query, *expressions: exp.Expr | str, latest: bool = False) -> exp.Select:
    """SELECT `expressions` FROM the query's table WHERE its window and conditions hold.

    With `latest`, or when a condition needs it, the newest delivery location is folded in from EmailPostDeliveryEvents.
    """
    base = table_named(query.table)
    needs = latest or any(_is_latest(condition, base) for condition in query.every_condition)
    chosen = exp.Select(
        expressions=[exp.maybe_parse(one, dialect="duckdb") if isinstance(one, str) else one for one in expressions]
    )
    chosen.set("from_", exp.From(this=source(query.table, query.start, latest=needs)))
    condition = within(Window(query.start, query.end))
    for one in conditions_of(query):
        condition = exp.And(this=condition, expression=exp.Paren(this=one) if isinstance(one, exp.Or) else one)
    chosen.set("where", exp.Where(this=condition))
    return chosen


def conditions_of(query: Query) -> list[exp.Expr]:
    """The query's conditions, each true or false for every row."""
    always = [_condition(query, condition) for condition in query.required]
    parts = [_part(query, part) for part in query.conditions]
    return [*always, exp.or_(*parts)] if parts and query.any_of else [*always, *parts]


def _part(query: Query, part: Part) -> exp.Expr:
    """A condition or a group of them; an empty group holds for every row, as a query without conditions does."""
    if isinstance(part, Condition):
        return _condition(query, part)
    inside = [_part(query, one) for one in part.parts]
    together = exp.paren((exp.or_ if part.any_of else exp.and_)(*inside)) if inside else exp.true()
    return _denied(together) if part.negated else together


def _denied(test: exp.Expr) -> exp.Expr:
    """True wherever `test` is not: also where it cannot be told."""
    return exp.Not(this=exp.Coalesce(this=exp.Paren(this=test), expressions=[exp.false()]))


def uses_latest(query: Query) -> bool:
    """Whether a condition asks where the mail is now."""
    base = table_named(query.table)
    return any(resolve(c.column, base=base)[1].name in LATEST for c in query.every_condition)


def _is_latest(condition: Condition, base: Table) -> bool:
    owner, found = resolve(condition.column, base=base)
    return owner is base and found.name in LATEST


def source(table: str, start: datetime, *, latest: bool) -> exp.Expr:
    """The table itself, or EmailEvents with the newest location and action folded in."""
    named = exp.Table(this=exp.Identifier(this=table, quoted=False))
    if not latest or table != "EmailEvents":
        return named
    folded = parse_one(
        'SELECT e.* REPLACE (COALESCE(l."location", e."LatestDeliveryLocation") AS "LatestDeliveryLocation", '
        'COALESCE(l."action", e."LatestDeliveryAction") AS "LatestDeliveryAction") FROM EmailEvents AS e '
        'LEFT JOIN latest AS l ON l."id" = e."NetworkMessageId" AND l."mailbox" = e."RecipientEmailAddress"',
        dialect="duckdb",
    )
    newest = latest_locations(start).subquery("l")
    join = next(joined for joined in folded.args["joins"])
    join.set("this", newest)
    return exp.Subquery(this=folded, alias=exp.TableAlias(this=exp.to_identifier("EmailEvents")))


def latest_locations(start: datetime) -> exp.Select:
    """Per message and mailbox, the location and action of the newest event that did not fail since `start`."""
    stamp = column("Timestamp")
    return (
        exp.select(
            column(KEY).as_("id"),
            column(MAILBOX).as_("mailbox"),
            exp.ArgMax(this=column("DeliveryLocation"), expression=stamp).as_("location"),
            exp.ArgMax(this=column("Action"), expression=stamp.copy()).as_("action"),
        )
        .from_("EmailPostDeliveryEvents")
        .where(
            within(Window(start, FOREVER)),
            exp.not_(exp.In(this=column("ActionResult"), expressions=[literal(word) for word in FAILED])),
            exp.NEQ(this=column("DeliveryLocation"), expression=literal("")),
        )
        .group_by(column(KEY), column(MAILBOX))
    )


def _condition(query: Query, condition: Condition) -> exp.Expr:
    base = table_named(query.table)
    owner, found = resolve(condition.column, base=base)
    operator, denied = positive(condition)
    test = _test(found, operator, condition.values)
    if owner is not base:
        test = _semi_join(query, base, owner, found, test)
    return _denied(test) if denied else exp.paren(test)


def _semi_join(query: Query, base: Table, owner: Table, found: Column, test: exp.Expr) -> exp.Expr:
    """Rows of `base` whose message has a row in `owner` for which `test` holds; per mailbox where both name one."""
    if not (base.has(KEY) and owner.has(KEY)):
        raise BadInput(f"{base.name} and {owner.name} have no message in common", place=f"{owner.name}.{found.name}")
    keys = [KEY]
    if (base.follows or owner.follows) and base.has(MAILBOX) and owner.has(MAILBOX):
        keys.append(MAILBOX)
    window = window_of(query, owner)
    reads = source(owner.name, window.start, latest=found.name in LATEST)
    inner = exp.select(*(column(key) for key in keys)).from_(reads).where(within(window), test)
    left = column(KEY) if len(keys) == 1 else exp.Tuple(expressions=[column(key) for key in keys])
    return exp.In(this=left, query=exp.Subquery(this=inner))


def _test(found: Column, operator: Operator, values: Sequence[str]) -> exp.Expr:
    """Whether the column has any of the values; false when there are none."""
    wanted = typed(found, operator, values)
    if operator is Operator.NOT_EMPTY:
        return _has_value(found)
    if not wanted:
        return exp.false()
    if found.listed:
        return exp.or_(*(_listed(found, operator, str(value)) for value in wanted))
    if operator is Operator.EQUAL_ANY:
        return _among(_comparable(found, operator), wanted)
    make = _MAKE[operator]
    return exp.or_(*(make(_comparable(found, operator), literal(value)) for value in wanted))


def _among(side: exp.Expr, wanted: Sequence[Value]) -> exp.Expr:
    """Whether it is one of these values; very many whole numbers or texts stand in one leaf, which is read a hundred times as fast."""
    kinds = {type(value) for value in wanted}
    if len(wanted) <= FEW or not (kinds == {int} or kinds == {str}):
        return exp.In(this=side, expressions=[literal(value) for value in wanted])
    told = [literal(json.dumps(list(wanted))), literal('["BIGINT"]' if kinds == {int} else '["VARCHAR"]')]
    values = exp.Anonymous(this="UNNEST", expressions=[exp.Anonymous(this="FROM_JSON", expressions=told)])
    return exp.In(this=side, query=exp.Subquery(this=exp.Select(expressions=[values])))


def _has_value(found: Column) -> exp.Expr:
    if found.listed:
        return exp.not_(_holds(found, ""))
    plain = column(found.name)
    return (
        exp.NEQ(this=plain, expression=literal(""))
        if found.type in TEXTS
        else exp.not_(exp.Is(this=plain, expression=exp.null()))
    )


def _comparable(found: Column, operator: Operator) -> exp.Expr:
    """The column as it is compared: folded unless it is stored so, without the slashes that do not count."""
    plain: exp.Expr = column(found.name)
    if found.type not in TEXTS or operator is Operator.REGEX:  # which folds by itself
        return plain
    if not found.folded:
        plain = exp.Lower(this=plain)
    if found.normal == "path" and operator in (Operator.STARTS_WITH, Operator.WILDCARD):
        return exp.func("LTRIM", plain, literal("/"))
    if operator in (Operator.EQUAL_ANY, Operator.ENDS_WITH) and found.normal in SLASHED:
        return exp.func("RTRIM" if found.normal == "url" else "TRIM", plain, literal("/"))
    return plain


def _listed(found: Column, operator: Operator, value: str) -> exp.Expr:
    """A cell of several values against one folded value. Equality is a plain search, since a stored value cannot be mistaken."""
    if operator is Operator.EQUAL_ANY:
        return _holds(found, value)
    test = _TESTS[operator]
    wanted = patterns.wildcard(value) if operator is Operator.WILDCARD else value
    elements, element = _ELEMENTS[found.shape]
    any_element = parse_one(f"LEN(LIST_FILTER({elements}, LAMBDA e : {test}({element}, 'v'))) > 0", dialect="duckdb")

    def fill(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and node.name == "t":
            return column(found.name)
        if isinstance(node, exp.Literal) and node.is_string and node.this == "v":
            return literal(wanted)
        return node

    return any_element.transform(fill)


def _holds(found: Column, value: str) -> exp.Expr:
    """Whether the cell has exactly this value, read off its stored text."""
    plain = column(found.name)
    graded = fold(element_text(GRADED)) + ":"
    if value == "" and found.shape is Shape.GRADES:
        return exp.not_(exp.func("CONTAINS", exp.Lower(this=plain), literal(graded)))
    if value == "":
        return exp.EQ(this=plain, expression=literal(""))
    text: exp.Expr = exp.Lower(this=plain)
    element = fold(element_text(value))
    if found.shape is Shape.WORDS:
        text = exp.func("CONCAT", literal(", "), text, literal(", "))
        marks = [f", {fold(word_text(value))}, "]
    elif found.shape is Shape.GRADES:
        marks = [f"{graded}{element}"]
    elif (
        found.shape is Shape.METHODS
    ):  # a name of the object stands before a colon, so what follows tells values from names
        marks = [f"[{element}", f",{element},", f",{element}]"]
    else:
        marks = [f"[{element}", f",{element}"]
    return exp.or_(*(exp.func("CONTAINS", text.copy(), literal(mark)) for mark in marks))


_ELEMENTS = {
    Shape.LIST: ("FROM_JSON(CASE WHEN t = '' THEN '[\"\"]' ELSE t END, '[\"VARCHAR\"]')", "LOWER(e)"),
    Shape.WORDS: ("STRING_SPLIT(LOWER(t), ', ')", "REPLACE(REPLACE(e, '%2c', ','), '%25', '%')"),
    Shape.METHODS: (
        "JSON_EXTRACT_STRING(CASE WHEN t = '' THEN '{\"\":[\"\"]}' ELSE t END, '$.*[*]')",
        "LOWER(e)",
    ),
    Shape.GRADES: (
        f"[COALESCE(JSON_EXTRACT_STRING(CASE WHEN t = '' THEN '{{}}' ELSE t END, '$.{GRADED}'), '')]",
        "LOWER(e)",
    ),
}
"""Per shape, the list of a cell's values in the engine's words (`t` is the cell), and one of them (`e`) in lower case."""

_TESTS = {
    Operator.CONTAINS_ANY: "contains",
    Operator.STARTS_WITH: "starts_with",
    Operator.ENDS_WITH: "ends_with",
    Operator.WILDCARD: "regexp_matches",
}
_MAKE: dict[Operator, Callable[[exp.Expr, exp.Expr], exp.Expr]] = {
    Operator.CONTAINS_ANY: lambda left, right: exp.func("CONTAINS", left, right),
    Operator.STARTS_WITH: lambda left, right: exp.func("STARTS_WITH", left, right),
    Operator.ENDS_WITH: lambda left, right: exp.func("ENDS_WITH", left, right),
    Operator.WILDCARD: lambda left, right: exp.RegexpLike(this=left, expression=literal(patterns.wildcard(right.this))),
    Operator.REGEX: lambda left, right: exp.RegexpLike(this=left, expression=literal(f"(?i){right.this}")),
    Operator.GREATER: lambda left, right: exp.GT(this=left, expression=right),
    Operator.LESS: lambda left, right: exp.LT(this=left, expression=right),
}
