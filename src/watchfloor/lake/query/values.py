"""What the values of a condition mean for its column: numbers, times, folded text, URLs as TE-036 says."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from watchfloor.kernel.errors import BadInput
from watchfloor.lake.contracts import Column, ColumnType, Condition, Operator
from watchfloor.lake.text import fold

SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.ASCII)
NUMBERS = frozenset({ColumnType.INT, ColumnType.LONG, ColumnType.REAL})
SLASHED = frozenset({"url", "path"})
"""Columns whose stored text may have slashes at its ends that do not count; a domain has none."""
TEXTS = frozenset({ColumnType.STRING, ColumnType.DYNAMIC})
ORDERED = frozenset({Operator.GREATER, Operator.LESS})
NEGATIVE = {Operator.EQUAL_NONE: Operator.EQUAL_ANY, Operator.CONTAINS_NONE: Operator.CONTAINS_ANY}
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
    if column.type in TEXTS:
        if operator in ORDERED:
            raise BadInput(f"“{operator.value}” needs a number or a time; {column.label} is text", place=column.name)
        return [normal(column, operator, value) for value in values]
    if column.type is ColumnType.BOOL:
        if operator is not Operator.EQUAL_ANY:
            raise BadInput(f"{column.label} is true or false; use “{Operator.EQUAL_ANY.value}”", place=column.name)
        return [_truth(column, value) for value in values]
    if operator not in ORDERED and operator is not Operator.EQUAL_ANY:
        raise BadInput(f"“{operator.value}” needs text; {column.label} is not", place=column.name)
    convert = _time if column.type is ColumnType.DATETIME else _number
    return [convert(column, value) for value in values]


def normal(column: Column, operator: Operator, value: str) -> str:
    """Folded text; a URL gets http:// unless it names a scheme, slashes at the ends do not count (TE-036)."""
    folded = fold(value)
    if operator is Operator.CONTAINS_ANY:
        return folded
    if column.normal == "url":
        whole = folded if SCHEME.match(folded) else f"http://{folded}"
        return whole if operator is Operator.STARTS_WITH else whole.rstrip("/")
    if column.normal:
        return folded.lstrip("/") if operator is Operator.STARTS_WITH else folded.strip("/")
    return folded


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
