"""Columns that several tables have, written once. Reads nothing.

Gives `shared`, which a table's module names them by, and `grid`, which says what a new grid shows.
"""

from dataclasses import replace
from functools import cache

from watchfloor.lake.contracts import Column
from watchfloor.lake.schema.shared import account, device, event, process


@cache
def _by_name() -> dict[str, Column]:
    found = (*event.COLUMNS, *account.COLUMNS, *device.COLUMNS, *process.COLUMNS)
    return {column.name: column for column in found}


def shared(names: str) -> tuple[Column, ...]:
    """The columns of these names, separated by blanks. Raises KeyError for one that no group has."""
    return tuple(_by_name()[name] for name in names.split())


def grid(names: str, *columns: Column) -> tuple[Column, ...]:
    """The columns, those of these names shown in a new grid."""
    shown = set(names.split())
    return tuple(replace(column, default=True) if column.name in shown else column for column in columns)
