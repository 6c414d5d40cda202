"""A query in Kusto's words, so that hunting asks exactly what Explorer asked and an analyst can go on from there."""

import re
from datetime import UTC, datetime

from watchfloor.lake.catalogue import resolve
from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.contracts import Column, ColumnType, Condition, Operator, Part, Query, Shape, Table
from watchfloor.lake.query import patterns
from watchfloor.lake.query.compile import FOREVER, KEY, MAILBOX, Window, window_of
from watchfloor.lake.query.values import SLASHED, TEXTS, Value, positive, typed
from watchfloor.lake.text import GRADED, element_text, fold, word_text

PAIR = f'strcat({KEY}, "|", {MAILBOX})'
JSON_SIGN = r'(?:[^"\\]|\\u[0-9a-f]{4}|\\[^u])'
WORD_SIGN = "(?:[^,%]|%2c|%25)"
_VERBS = {Operator.CONTAINS_ANY: "contains", Operator.STARTS_WITH: "startswith", Operator.ENDS_WITH: "endswith"}
_ORDERS = {Operator.GREATER: ">", Operator.LESS: "<"}


def kql(query: Query) -> str:
    """The query as KQL that finds the same rows, newest first; one line for each thing that always holds."""
    lines = [query.table, f"| where {_during(Window(query.start, query.end))}"]
    always = [_condition(query, condition) for condition in query.required]
    parts = [_part(query, part) for part in query.conditions]
    joined = [" or ".join(parts)] if parts and query.any_of else parts
    lines += [f"| where {one}" for one in (*always, *joined)]
    return "\n".join([*lines, "| sort by Timestamp desc"])


def _during(window: Window) -> str:
    lower = f"Timestamp >= {_moment(window.start)}"
    return lower if window.end >= FOREVER else f"{lower} and Timestamp < {_moment(window.end)}"


def _moment(moment: datetime) -> str:
    return f"datetime({moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z)"


def _part(query: Query, part: Part) -> str:
    if isinstance(part, Condition):
        return _condition(query, part)
    inside = [_part(query, one) for one in part.parts]
    together = f"({(' or ' if part.any_of else ' and ').join(inside)})" if inside else "true"
    return f"not({together.removeprefix('(').removesuffix(')')})" if part.negated else together


def _condition(query: Query, condition: Condition) -> str:
    base = table_named(query.table)
    owner, found = resolve(condition.column, base=base)
    operator, denied = positive(condition)
    test = _test(found, operator, condition.values)
    if owner is not base:
        test = _across(query, base, owner, test)
    return f"not({test})" if denied else test if " or " not in test else f"({test})"


def _across(query: Query, base: Table, owner: Table, test: str) -> str:
    """Rows whose message has a row in the other table; per mailbox where both name one and one of them comes after the mail."""
    both = (base.follows or owner.follows) and base.has(MAILBOX) and owner.has(MAILBOX)
    key = PAIR if both else KEY
    named = f"Key = {PAIR}" if both else KEY
    during = _during(window_of(query, owner))
    return f"{key} in ({owner.name} | where {during} | where {test} | project {named})"


def _test(found: Column, operator: Operator, values: tuple[str, ...]) -> str:
    wanted = typed(found, operator, values)
    if operator is Operator.NOT_EMPTY:
        return _has_value(found)
    if not wanted:
        return "false"
    if found.listed:
        return " or ".join(dict.fromkeys(_listed(found, operator, str(value)) for value in wanted))
    if found.type in TEXTS:
        return _text(found, operator, [str(value) for value in wanted])
    test = _number(found, operator, wanted)
    return f"coalesce({test}, false)" if found.type in (ColumnType.REAL, ColumnType.DATETIME) else test


def _has_value(found: Column) -> str:
    if found.listed:
        return f"not({_no_value(found)})"
    return f"isnotempty({found.name})" if found.type in TEXTS else f"isnotnull({found.name})"


def _number(found: Column, operator: Operator, wanted: list[Value]) -> str:
    said = [_literal(value) for value in wanted]
    if operator is Operator.EQUAL_ANY:
        return f"{found.name} == {said[0]}" if len(said) == 1 else f"{found.name} in ({', '.join(said)})"
    return " or ".join(f"{found.name} {_ORDERS[operator]} {value}" for value in said)


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return _moment(value) if isinstance(value, datetime) else str(value)


def _text(found: Column, operator: Operator, wanted: list[str]) -> str:
    name = _trimmed(found, operator)
    if operator is Operator.EQUAL_ANY:
        said = [quoted(value) for value in wanted]
        return f"{name} =~ {said[0]}" if len(said) == 1 else f"{name} in~ ({', '.join(said)})"
    if operator is Operator.REGEX:
        return " or ".join(f"{name} matches regex {quoted(f'(?i){value}')}" for value in wanted)
    if operator is Operator.WILDCARD:
        return " or ".join(f"tolower({name}) matches regex {quoted(patterns.wildcard(value))}" for value in wanted)
    return " or ".join(f"{name} {_VERBS[operator]} {quoted(value)}" for value in wanted)


def _trimmed(found: Column, operator: Operator) -> str:
    """The column without the slashes that do not count."""
    if found.normal == "path" and operator in (Operator.STARTS_WITH, Operator.WILDCARD):
        return f'trim_start("/+", {found.name})'
    if operator in (Operator.EQUAL_ANY, Operator.ENDS_WITH) and found.normal in SLASHED:
        return f'{"trim_end" if found.normal == "url" else "trim"}("/+", {found.name})'
    return found.name


# --- cells of several values --------------------------------------------------------------------------------------


def _listed(found: Column, operator: Operator, value: str) -> str:
    cell = _cell(found)
    if operator is Operator.EQUAL_ANY:
        return _holds(found, cell, value)
    sign = WORD_SIGN if found.shape is Shape.WORDS else JSON_SIGN
    body = _body(found.shape, operator, value, sign)
    pattern = _bounds(found.shape).replace("BODY", body)
    test = f"tolower({cell}) matches regex {quoted(pattern)}"
    bare = re.sub(r"\*", "", value) if operator is Operator.WILDCARD else value
    return f"{test} or {_no_value(found)}" if not bare and found.shape is not Shape.WORDS else test


def _cell(found: Column) -> str:
    return f"tostring({found.name})" if found.type is ColumnType.DYNAMIC else found.name


def _body(shape: Shape, operator: Operator, value: str, sign: str) -> str:
    """One value's signs: any number where the operator leaves an end open, the typed ones in between."""
    if operator is Operator.WILDCARD:
        return "".join({"*": f"{sign}*", "?": sign}.get(one) or _signs(shape, one) for one in value)
    before = "" if operator is Operator.STARTS_WITH else f"{sign}*"
    after = "" if operator is Operator.ENDS_WITH else f"{sign}*"
    return f"{before}{_signs(shape, value)}{after}"


def _signs(shape: Shape, text: str) -> str:
    stored = word_text(text) if shape is Shape.WORDS else element_text(text)[1:-1]
    return patterns.literal(fold(stored))


def _bounds(shape: Shape) -> str:
    if shape is Shape.WORDS:
        return "(?:^|, )BODY(?:$|, )"
    if shape is Shape.GRADES:
        return f'{fold(element_text(GRADED))}:"BODY"'
    return r'[\[,]"BODY"[,\]]'


def _no_value(found: Column) -> str:
    if found.shape is Shape.GRADES:
        return f"not({found.name} contains {quoted(fold(element_text(GRADED)) + ':')})"
    return f"isempty({_cell(found)})"


def _holds(found: Column, cell: str, value: str) -> str:
    """Exactly this value, read off the stored text as the lake does."""
    if value == "":
        return _no_value(found)
    element = fold(element_text(value))
    if found.shape is Shape.WORDS:
        return f'strcat(", ", {cell}, ", ") contains {quoted(f", {fold(word_text(value))}, ")}'
    if found.shape is Shape.GRADES:
        marks = [f"{fold(element_text(GRADED))}:{element}"]
    elif found.shape is Shape.METHODS:
        marks = [f"[{element}", f",{element},", f",{element}]"]
    else:
        marks = [f"[{element}", f",{element}"]
    return " or ".join(f"{cell} contains {quoted(mark)}" for mark in marks)


def quoted(text: str) -> str:
    """The text as a literal of KQL."""
    return '"' + "".join(map(_sign, text)) + '"'


def _sign(sign: str) -> str:
    if sign in '\\"':
        return "\\" + sign
    return f"\\u{ord(sign):04x}" if ord(sign) < 32 or ord(sign) == 127 else sign
