"""Which tables take rows, told by the slice that has them: a mapping is checked against them when it is written."""

from collections.abc import Callable, Mapping

Tables = Mapping[str, frozenset[str]]
"""Each table's columns."""
_told: list[Callable[[], Tables]] = []


def take_rows_for(tables: Callable[[], Tables]) -> None:
    """Name the tables that rows of observed events go to."""
    _told[:] = [tables]


def tables_known() -> Tables:
    """Empty where nobody named them."""
    return _told[0]() if _told else {}
