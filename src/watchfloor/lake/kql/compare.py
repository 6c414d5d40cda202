"""Comparisons: equality, order, and KQL's matching of texts. All but the order ones are true or false, never null."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlglot import exp

from watchfloor.lake.kql import convert, literals
from watchfloor.lake.kql.errors import KqlError, Span
from watchfloor.lake.kql.model import Typed
from watchfloor.lake.kql.templates import every, fill, no, own, paren, some, text
from watchfloor.lake.kql.types import NUMBERS, Type

_LETTER = re.compile(r"[^\W_]", re.UNICODE)
_EDGE = r"[^\pL\pN]"
_ALNUM = r"[\pL\pN]"


def truth(sql: exp.Expr, *, null: bool = False) -> Typed:
    return Typed(sql, Type.BOOL, null=null)


def never() -> Typed:
    """What no row fulfils."""
    return Typed(exp.false(), Type.BOOL, const=False, null=False)


def equal(left: Typed, right: Typed, span: Span, *, negated: bool = False, fold: bool = False) -> Typed:
    """`==`, `!=`, `=~`, `!~`."""
    if fold:
        left, right = convert.to_text(left), convert.to_text(right)
        one, other = lower(left), lower(right)
    else:
        one, other = (side.sql for side in alike(left, right, span))
    if not (left.null or right.null):
        kind: type[exp.Binary] = exp.NEQ if negated else exp.EQ
        return truth(kind(this=_operand(one), expression=_operand(other)))
    if left.null and right.null:
        # Nothing is known of two nulls; of a null and a value it is known that they differ.
        kept = "_0 IS DISTINCT FROM _1" if negated else "_0 IS NOT DISTINCT FROM _1"
        return truth(fill(f"CASE WHEN NOT (_0 IS NULL AND _1 IS NULL) THEN {kept} END", one, other), null=True)
    shape = "COALESCE(_0 <> _1, TRUE)" if negated else "COALESCE(_0 = _1, FALSE)"
    return truth(fill(shape, one, other))


def alike(left: Typed, right: Typed, span: Span) -> tuple[Typed, Typed]:
    """Both sides in one type. A dynamic is compared as what the other side is; two dynamics as texts."""
    if left.type is Type.DYNAMIC and right.type is Type.DYNAMIC:
        return convert.to_text(left), convert.to_text(right)
    if left.type is Type.DYNAMIC:
        return convert.to(left, right.type), right
    if right.type is Type.DYNAMIC:
        return left, convert.to(right, left.type)
    if left.type is right.type or (left.type in NUMBERS and right.type in NUMBERS):
        return left, right
    if {left.type, right.type} == {Type.GUID, Type.STRING}:
        return _as_lower_text(left), _as_lower_text(right)
    for one, other in ((left, right), (right, left)):
        if other.type is Type.STRING and one.type in NUMBERS | {Type.BOOL, Type.DATETIME, Type.TIMESPAN}:
            # Kusto reads the text as what it is compared with.
            read = convert.to(other, Type.REAL if one.type in NUMBERS else one.type)
            return (left, read) if one is left else (read, right)
        if one.type is Type.BOOL and other.type in NUMBERS:
            read = convert.to_bool(other)
            return (left, read) if one is left else (read, right)
    raise KqlError(
        f"a {left.type} cannot be compared with a {right.type}; convert one of them, as with tostring()",
        span,
        kind="type",
    )


def _as_lower_text(value: Typed) -> Typed:
    return Typed(lower(Typed(value.sql, Type.STRING, const=value.const)), Type.STRING, null=value.null)


def ordered(operator: str, left: Typed, right: Typed, span: Span) -> Typed:
    """`<`, `>`, `<=`, `>=`: null when a side is."""
    one, other = alike(left, right, span)
    classes: dict[str, type[exp.Binary]] = {"<": exp.LT, ">": exp.GT, "<=": exp.LTE, ">=": exp.GTE}
    return truth(classes[operator](this=_operand(one.sql), expression=_operand(other.sql)), null=True)


def _operand(sql: exp.Expr) -> exp.Expr:
    return exp.Paren(this=own(sql)) if isinstance(sql, exp.Binary | exp.Not) else own(sql)


def lower(value: Typed) -> exp.Expr:
    """The text in lower case, done here when it is a constant."""
    if isinstance(value.const, str):
        return text(
            "".join(map(str.lower, value.const.replace("İ", "i")))
        )  # sign by sign, as the engine does: a last Σ is σ
    return exp.Lower(this=own(value.sql))


def _contains(left: Typed, right: Typed) -> exp.Expr:
    return fill("CONTAINS(_0, _1)", lower(left), lower(right))


def _contains_cs(left: Typed, right: Typed) -> exp.Expr:
    return fill("CONTAINS(_0, _1)", left.sql, right.sql)


def _starts(left: Typed, right: Typed) -> exp.Expr:
    return fill("STARTS_WITH(_0, _1)", lower(left), lower(right))


def _starts_cs(left: Typed, right: Typed) -> exp.Expr:
    return fill("STARTS_WITH(_0, _1)", left.sql, right.sql)


def _ends(left: Typed, right: Typed) -> exp.Expr:
    return fill("SUFFIX(_0, _1)", lower(left), lower(right))


def _ends_cs(left: Typed, right: Typed) -> exp.Expr:
    return fill("SUFFIX(_0, _1)", left.sql, right.sql)


def _has(*, fold: bool, start: bool = True, end: bool = True) -> Callable[[Typed, Typed], exp.Expr]:
    def make(left: Typed, right: Typed) -> exp.Expr:
        return term(left, right, fold=fold, start=start, end=end)

    return make


def term(left: Typed, right: Typed, *, fold: bool = True, start: bool = True, end: bool = True) -> exp.Expr:
    """A whole term of the text: nothing alphanumeric may touch it. A plain search first makes the rare term cheap."""
    flag = "(?i)" if fold else ""
    if isinstance(right.const, str):
        if not right.const:
            return exp.true()
        found = fill("REGEXP_MATCHES(_0, _1)", left.sql, text(flag + bounded([right.const], start=start, end=end)))
        return every(_contains(left, right) if fold else _contains_cs(left, right), paren(found))
    return fill(f"REGEXP_MATCHES(_0, '{flag}' || {_bounded_term('_1', start=start, end=end)})", left.sql, right.sql)


def _bounded_term(term: str, *, start: bool = True, end: bool = True) -> str:
    """The SQL of `bounded` for a term that only the data knows."""
    head = f"CASE WHEN REGEXP_MATCHES({term}, '^{_ALNUM}') THEN '(?:^|{_EDGE})' ELSE '' END || " if start else ""
    tail = f" || CASE WHEN REGEXP_MATCHES({term}, '{_ALNUM}$') THEN '(?:$|{_EDGE})' ELSE '' END" if end else ""
    return f"{head}REGEXP_ESCAPE({term}){tail}"


def bounded(terms: Sequence[str], *, start: bool = True, end: bool = True) -> str:
    """One pattern for several terms, with edges where they begin or end alphanumerically."""
    groups: dict[tuple[bool, bool], list[str]] = {}
    for one in terms:
        edges = (start and bool(_LETTER.match(one[:1])), end and bool(_LETTER.match(one[-1:])))
        groups.setdefault(edges, []).append(escaped(one))
    parts = []
    for (head, tail), found in groups.items():
        inner = found[0] if len(found) == 1 else f"(?:{'|'.join(found)})"
        parts.append((f"(?:^|{_EDGE})" if head else "") + inner + (f"(?:$|{_EDGE})" if tail else ""))
    return parts[0] if len(parts) == 1 else "(?:" + "|".join(parts) + ")"


PORTION = 8_000
"""Characters of terms that go into one pattern: larger ones are refused by the engine."""


def portions(terms: Sequence[str]) -> Iterator[list[str]]:
    """The terms in runs that are not too long for one pattern."""
    run: list[str] = []
    size = 0
    for one in terms:
        if run and size + len(one) > PORTION:
            yield run
            run, size = [], 0
        run.append(one)
        size += len(one) + 4
    if run:
        yield run


def escaped(value: str) -> str:
    """A text as an RE2 pattern that matches itself."""
    return re.sub(r"([\\.+*?()|\[\]{}^$#&\-~\s])", lambda match: f"\\x{{{ord(match[1]):x}}}", value)


MATCHES: dict[str, Callable[[Typed, Typed], exp.Expr]] = {
    "has": _has(fold=True),
    "has_cs": _has(fold=False),
    "hasprefix": _has(fold=True, end=False),
    "hasprefix_cs": _has(fold=False, end=False),
    "hassuffix": _has(fold=True, start=False),
    "hassuffix_cs": _has(fold=False, start=False),
    "contains": _contains,
    "contains_cs": _contains_cs,
    "containscs": _contains_cs,
    "startswith": _starts,
    "startswith_cs": _starts_cs,
    "endswith": _ends,
    "endswith_cs": _ends_cs,
}


_SPELLED = {"notcontains": "contains", "notcontains_cs": "contains_cs"}


def matches(operator: str, left: Typed, right: Typed, span: Span) -> Typed:
    """The text operators, with `!` in front or not."""
    bare = _SPELLED.get(operator, operator)
    negated = operator[0] == "!" or operator.startswith("not")
    bare = bare.removeprefix("!")
    if bare == "matches regex":
        found = fill("REGEXP_MATCHES(_0, _1)", convert.to_text(left).sql, pattern_of(right, span))
    elif bare in MATCHES:
        found = MATCHES[bare](convert.to_text(left), convert.to_text(right))
    else:
        raise KqlError(f"comparison {operator} is not supported here", span, kind="unsupported")
    return truth(no(found) if negated else found)


def pattern_of(value: Typed, span: Span) -> exp.Expr:
    """A regular expression; a constant one is tried, so that the refusal comes with a place."""
    if isinstance(value.const, str):
        check_pattern(value.const, span)
    return convert.to_text(value).sql


def check_pattern(pattern: str, span: Span) -> None:
    """Refuse what RE2 does not know."""
    for sign, what in (("(?=", "look-ahead"), ("(?!", "look-ahead"), ("(?<=", "look-behind"), ("(?<!", "look-behind")):
        if sign in pattern:
            raise KqlError(f"this regular expression uses {what}, which no safe engine knows", span, kind="unsupported")


def member(operator: str, left: Typed, items: Sequence[Typed], span: Span) -> Typed:
    """`in`, `has_any`, `has_all` over a list of values, where a dynamic list stands for its elements."""
    bare = operator.removeprefix("!")
    flat = _flat(items)
    make = {"in": _in, "in~": _in_folded, "has_any": _has_any, "has_all": _has_all}[bare]
    found = make(left, flat, span)
    return truth(no(found) if operator[0] == "!" else found)


def _flat(items: Sequence[Typed]) -> list[Typed]:
    found: list[Typed] = []
    for item in items:
        if item.type is Type.DYNAMIC and isinstance(item.const, list):
            found += map(constant, item.const)
        else:
            found.append(item)
    return found


def constant(value: Any) -> Typed:
    """An element of a constant list."""
    kind = _KINDS.get(type(value), Type.DYNAMIC)
    return literals.typed(kind, value)


_KINDS = {bool: Type.BOOL, int: Type.LONG, float: Type.REAL, str: Type.STRING}


MANY = 64
"""Constant texts from which on they are looked up in a table of their own: a list is gone through for every row."""


def _among(side: exp.Expr, values: Sequence[str]) -> exp.Expr:
    """Whether a text is one of many constants, which stand in the statement as one literal."""
    listed = fill("SELECT UNNEST(FROM_JSON(_0, '[\"VARCHAR\"]'))", text(json.dumps(values, ensure_ascii=False)))
    return exp.In(this=_operand(side), query=exp.Subquery(this=listed))


def _constants(items: Sequence[Typed]) -> list[str]:
    """The texts, when the items are nothing but many of them."""
    found = [item.const for item in items if item.type is Type.STRING and isinstance(item.const, str)]
    return found if len(found) == len(items) > MANY else []


def _in(left: Typed, items: Sequence[Typed], span: Span) -> exp.Expr:
    if not items:
        return exp.false()
    if left.type in (Type.STRING, Type.DYNAMIC) and (many := _constants(items)):
        return fill("COALESCE(_0, FALSE)", _among(convert.to_text(left).sql, many))
    whole = [item for item in items if not _is_list(item)]
    parts: list[exp.Expr] = []
    if whole:
        side = convert.to_text(left) if left.type is Type.DYNAMIC and whole[0].type is Type.STRING else left
        values = [alike(side, item, span) for item in whole]
        parts.append(exp.In(this=_operand(values[0][0].sql), expressions=[own(value.sql) for _, value in values]))
    parts += [
        fill("LIST_CONTAINS(FROM_JSON(_0, '[\"VARCHAR\"]'), _1)", item.sql, convert.to_text(left).sql)
        for item in items
        if _is_list(item)
    ]
    return fill("COALESCE(_0, FALSE)", some(*parts))


def _is_list(item: Typed) -> bool:
    return item.type is Type.DYNAMIC and not item.is_const


def _in_folded(left: Typed, items: Sequence[Typed], span: Span) -> exp.Expr:
    if not items:
        return exp.false()
    side = lower(convert.to_text(left))
    if many := _constants(items):
        return fill("COALESCE(_0, FALSE)", _among(side, [one.lower() for one in many]))
    whole = [lower(convert.to_text(item)) for item in items if not _is_list(item)]
    parts: list[exp.Expr] = [exp.In(this=side, expressions=whole)] if whole else []
    parts += [
        fill("LIST_CONTAINS(FROM_JSON(LOWER(CAST(_0 AS TEXT)), '[\"VARCHAR\"]'), _1)", item.sql, side)
        for item in items
        if _is_list(item)
    ]
    return fill("COALESCE(_0, FALSE)", some(*parts))


def _has_any(left: Typed, items: Sequence[Typed], span: Span) -> exp.Expr:
    side = convert.to_text(left)
    constants = [item.const for item in items if isinstance(item.const, str)]
    if "" in constants:
        # As `has ""` is: the empty text is in every text.
        return exp.true()
    parts: list[exp.Expr] = []
    parts += [fill("REGEXP_MATCHES(_0, _1)", side.sql, text("(?i)" + bounded(run))) for run in portions(constants)]
    parts += [_any_of(side, item) for item in items if _is_list(item)]
    parts += [
        term(side, convert.to_text(item)) for item in items if not isinstance(item.const, str) and not _is_list(item)
    ]
    return some(*map(paren, parts)) if parts else exp.false()


HELD_TERM = f"REGEXP_MATCHES(_1, '(?i)' || {_bounded_term('one')})"
"""Whether the text `_1` has the term `one`, for shapes that go through a list."""


def _any_of(side: Typed, item: Typed) -> exp.Expr:
    shape = f"LEN(LIST_FILTER(FROM_JSON(_0, '[\"VARCHAR\"]'), LAMBDA one : {HELD_TERM})) > 0"
    return fill(f"COALESCE({shape}, FALSE)", item.sql, side.sql)


def _all_of(side: Typed, item: Typed) -> exp.Expr:
    shape = f"LEN(LIST_FILTER(FROM_JSON(_0, '[\"VARCHAR\"]'), LAMBDA one : NOT {HELD_TERM})) = 0"
    return fill(f"COALESCE({shape}, FALSE)", item.sql, side.sql)


def _has_all(left: Typed, items: Sequence[Typed], span: Span) -> exp.Expr:
    side = convert.to_text(left)
    parts = [_all_of(side, item) if _is_list(item) else paren(term(side, convert.to_text(item))) for item in items]
    return every(*parts) if parts else exp.true()
