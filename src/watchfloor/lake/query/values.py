"""What the values of a condition mean for its column: numbers, times, folded text, URLs as TE-036 says."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from watchfloor.kernel.errors import BadInput
from watchfloor.lake.contracts import Column, ColumnType, Condition, Operator
from watchfloor.lake.query.patterns import checked
from watchfloor.lake.text import fold

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.ASCII)
NUMBERS = frozenset({ColumnType.INT, ColumnType.LONG, ColumnType.REAL})
DEFANGED_DOT = re.compile(r"\[\.\]|\(\.\)|\[dot\]")
DEFANGED_SCHEME = re.compile(r"^h(?:xx|\*\*|tt)p(s?)(?:\[:\]|:)(?://|\[//\])")
SLASHED = frozenset({"url", "path"})
"""Columns whose stored text may have slashes at its ends that do not count; a domain has none."""
TEXTS = frozenset({ColumnType.STRING, ColumnType.DYNAMIC})
ORDERED = frozenset({Operator.GREATER, Operator.LESS})
NEGATIVE = {
    Operator.EQUAL_NONE: Operator.EQUAL_ANY,
    Operator.CONTAINS_NONE: Operator.CONTAINS_ANY,
    Operator.EMPTY: Operator.NOT_EMPTY,
}
"""Each negative operator and the one it denies."""
LARGEST = 2**63
YEARS = range(1970, 2200)

Value = str | int | float | bool | datetime


def positive(condition: Condition) -> tuple[Operator, bool]:
    """The operator to test and whether its result is denied."""
    denied = condition.operator in NEGATIVE
    return NEGATIVE.get(condition.operator, condition.operator), denied


def typed(column: Column, operator: Operator, values: Sequence[str]) -> list[Value]:
    """The values in the column's type, ready to compare. Raises BadInput where the operator or a value does not fit."""
    if operator is Operator.NOT_EMPTY:
        return _nothing(column)
    if column.type in TEXTS:
        return _texts(column, operator, values)
    if column.type is ColumnType.BOOL:
        if operator is not Operator.EQUAL_ANY:
            raise BadInput(f"{column.label} is true or false; use “{Operator.EQUAL_ANY.value}”", place=column.name)
        return [_truth(column, value) for value in values]
    if operator not in ORDERED and operator is not Operator.EQUAL_ANY:
        raise BadInput(f"“{operator.value}” needs text; {column.label} is not", place=column.name)
    convert = _time if column.type is ColumnType.DATETIME else _number
    return [convert(column, value) for value in values]


def _nothing(column: Column) -> list[Value]:
    if column.type in NUMBERS or column.type is ColumnType.BOOL:
        raise BadInput(f"{column.label} always has a value; ask for it", place=column.name)
    return []


def _texts(column: Column, operator: Operator, values: Sequence[str]) -> list[Value]:
    if operator in ORDERED:
        raise BadInput(f"“{operator.value}” needs a number or a time; {column.label} is text", place=column.name)
    if operator is Operator.REGEX:
        if column.listed:
            raise BadInput(f"{column.label} holds several values; use “{Operator.WILDCARD.value}”", place=column.name)
        return [checked(value, place=column.name) for value in values]
    return [form for value in values for form in normal(column, operator, value)]


def normal(column: Column, operator: Operator, value: str) -> tuple[str, ...]:
    """The folded texts to look for; one, but two for a URL without a scheme: http and https (TE-036 assumes http).

    A URL written so that nobody clicks it (hxxps://evil[.]example) is read as the real one; slashes at the ends do not count.
    """
    folded = fold(value)
    if not column.normal:
        return (folded,)
    folded = rearmed(folded)
    if operator is Operator.CONTAINS_ANY:
        return (folded,)
    if column.normal == "url":
        return tuple(_trimmed(whole, operator) for whole in _with_scheme(folded, operator))
    if operator in (Operator.STARTS_WITH, Operator.WILDCARD):
        return (folded.lstrip("/"),)
    return (folded.strip("/"),)


def rearmed(text: str) -> str:
    """A URL or domain that was made harmless for reading, as it was."""
    plain = DEFANGED_DOT.sub(".", text)
    return DEFANGED_SCHEME.sub(lambda found: f"http{found[1]}://", plain)


def _with_scheme(text: str, operator: Operator) -> tuple[str, ...]:
    if SCHEME.match(text) or operator is Operator.ENDS_WITH or (operator is Operator.WILDCARD and text[:1] in "*?"):
        return (text,)
    return (f"http://{text}", f"https://{text}")


def _trimmed(text: str, operator: Operator) -> str:
    return text if operator in (Operator.STARTS_WITH, Operator.WILDCARD) else text.rstrip("/")


def normalised(condition: Condition, column: Column) -> tuple[str, ...]:
    """What was taken otherwise than it was typed, as sentences (LM-27); none for most conditions."""
    operator = positive(condition)[0]
    if not column.normal or operator in (Operator.REGEX, Operator.NOT_EMPTY):
        return ()
    said = []
    if any(rearmed(fold(value)) != fold(value) for value in condition.values):
        said.append("a defanged address is read as the real one")
    if any(len(normal(column, operator, value)) > 1 for value in condition.values):
        said.append("without a scheme both http:// and https:// are looked for")
    if operator is not Operator.CONTAINS_ANY and any(value.strip("/") != value for value in condition.values):
        said.append("slashes at the ends do not count")
    return tuple(said)


def _truth(column: Column, value: str) -> bool:
    word = value.strip().lower()
    if word not in {"true", "false", "yes", "no", "1", "0"}:
        raise BadInput(f"“{value}” is neither true nor false", place=column.name)
    return word in {"true", "yes", "1"}


def _number(column: Column, value: str) -> int | float:
    try:
        number = float(value) if column.type is ColumnType.REAL else int(value)
    except ValueError:
        raise BadInput(f"“{value[:80]}” is not a number", place=column.name) from None
    if not abs(number) < LARGEST:  # also refuses what is not a number but called one, as nan
        raise BadInput(f"“{value[:80]}” is larger than any number here", place=column.name)
    return number


def _time(column: Column, value: str) -> datetime:
    try:
        return in_our_times(datetime.fromisoformat(value))
    except ValueError:
        raise BadInput(f"“{value[:80]}” is not a time such as 2026-11-20T14:00:00+00:00", place=column.name) from None


def in_our_times(moment: datetime) -> datetime:
    """`moment` with a zone (UTC when it has none). Raises ValueError for a year that no mail has and no engine reckons with."""
    if moment.year not in YEARS:
        raise ValueError(f"the year {moment.year} is out of range")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
