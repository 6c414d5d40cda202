"""Conditions over rows in memory, with exactly the meaning the engine gives them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from watchfloor.kernel.errors import BadInput
from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.contracts import Column, ColumnType, Condition, Operator, Table
from watchfloor.lake.query.values import SLASHED, TEXTS, positive, typed
from watchfloor.lake.text import elements_of, fold

Row = Mapping[str, Any]
Test = Callable[[Row], bool]


def matching(
    rows: Iterable[dict[str, Any]],
    *,
    conditions: Sequence[Condition],
    any_of: bool = False,
    table: str | Table,
    required: Sequence[Condition] = (),
) -> list[dict[str, Any]]:
    """The rows for which all (with `any_of`: at least one) of the conditions hold, and every required one; none holds for all."""
    owner = table_named(table) if isinstance(table, str) else table
    tests = [_test(condition, owner) for condition in conditions]
    always = [_test(condition, owner) for condition in required]
    rows = [row for row in rows if all(test(row) for test in always)]
    if not tests:
        return rows
    together = any if any_of else all
    return [row for row in rows if together(test(row) for test in tests)]


def _test(condition: Condition, table: Table) -> Test:
    prefix, _, name = condition.column.rpartition(".")
    if prefix and prefix != table.name:
        raise BadInput(f"rows of {table.name} alone cannot answer {condition.column}", place="column")
    if not table.has(name):
        raise BadInput(f"{table.name} has no column “{name}”", place="column")
    column = table.column(name)
    operator, denied = positive(condition)
    wanted = typed(column, operator, condition.values)
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
    if operator is Operator.EQUAL_ANY and column.normal in SLASHED:
        return text.rstrip("/") if column.normal == "url" else text.strip("/")
    if operator is Operator.STARTS_WITH and column.normal == "path":
        return text.lstrip("/")
    return text


def _aware(value: Any) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_COMPARE: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL_ANY: lambda value, want: bool(value == want),
    Operator.CONTAINS_ANY: lambda value, want: want in value,
    Operator.STARTS_WITH: lambda value, want: bool(value.startswith(want)),
    Operator.GREATER: lambda value, want: bool(value > want),
    Operator.LESS: lambda value, want: bool(value < want),
}
