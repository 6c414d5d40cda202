"""Conditions over rows in memory, with exactly the meaning the engine gives them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from watchfloor.kernel.errors import BadInput
from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.contracts import Column, ColumnType, Condition, Operator, Part, Table
from watchfloor.lake.query.patterns import in_memory
from watchfloor.lake.query.values import SLASHED, TEXTS, positive, typed
from watchfloor.lake.text import elements_of, fold

Row = Mapping[str, Any]
Test = Callable[[Row], bool]


def matching(
    rows: Iterable[dict[str, Any]],
    *,
    conditions: Sequence[Part],
    any_of: bool = False,
    table: str | Table,
    required: Sequence[Condition] = (),
) -> list[dict[str, Any]]:
    """The rows for which all (with `any_of`: at least one) of the conditions hold, and every required one; none holds for all."""
    owner = table_named(table) if isinstance(table, str) else table
    tests = [_part(part, owner) for part in conditions]
    always = [_test(condition, owner) for condition in required]
    rows = [row for row in rows if all(test(row) for test in always)]
    if not tests:
        return rows
    together = any if any_of else all
    return [row for row in rows if together(test(row) for test in tests)]


def _part(part: Part, table: Table) -> Test:
    if isinstance(part, Condition):
        return _test(part, table)
    tests = [_part(one, table) for one in part.parts]
    together = any if part.any_of and tests else all
    return lambda row: together(test(row) for test in tests) is not part.negated


def _test(condition: Condition, table: Table) -> Test:
    prefix, _, name = condition.column.rpartition(".")
    if prefix and prefix != table.name:
        raise BadInput(f"rows of {table.name} alone cannot answer {condition.column}", place="column")
    if not table.has(name):
        raise BadInput(f"{table.name} has no column “{name}”", place="column")
    column = table.column(name)
    operator, denied = positive(condition)
    wanted: Sequence[Any] = typed(column, operator, condition.values)
    if operator is Operator.REGEX:
        raise BadInput(
            "rows in memory are not asked by a regular expression, which only an engine bounds", place="column"
        )
    if operator is Operator.NOT_EMPTY:
        wanted = [""]
    if operator is Operator.WILDCARD:
        wanted = [in_memory(str(value)) for value in wanted]
    compare = _COMPARE[operator]
    values = _values_of(column, operator)

    def holds(row: Row) -> bool:
        return any(compare(value, want) for value in values(row.get(name)) for want in wanted) is not denied

    return holds


def _values_of(column: Column, operator: Operator) -> Callable[[Any], Sequence[Any]]:
    """How a row's value becomes the values to compare: elements of a list, folded text, a number."""
    if column.listed:
        return lambda value: [fold(element) for element in elements_of(value, column.shape)] or [""]
    if column.type in TEXTS:
        return lambda value: [_stored(column, operator, fold(str(value or "")))]
    if column.type is ColumnType.DATETIME:
        return lambda value: [] if value is None else [_aware(value)]
    return lambda value: [value or 0]


def _stored(column: Column, operator: Operator, text: str) -> str:
    if operator in (Operator.EQUAL_ANY, Operator.ENDS_WITH) and column.normal in SLASHED:
        return text.rstrip("/") if column.normal == "url" else text.strip("/")
    if operator in (Operator.STARTS_WITH, Operator.WILDCARD) and column.normal == "path":
        return text.lstrip("/")
    return text


def _aware(value: Any) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_COMPARE: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL_ANY: lambda value, want: bool(value == want),
    Operator.CONTAINS_ANY: lambda value, want: want in value,
    Operator.STARTS_WITH: lambda value, want: bool(value.startswith(want)),
    Operator.ENDS_WITH: lambda value, want: bool(value.endswith(want)),
    Operator.WILDCARD: lambda value, want: want.match(value) is not None,
    Operator.NOT_EMPTY: lambda value, want: bool(value != want),
    Operator.GREATER: lambda value, want: bool(value > want),
    Operator.LESS: lambda value, want: bool(value < want),
}
