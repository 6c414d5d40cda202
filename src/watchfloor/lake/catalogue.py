"""The tables there are, found by walking `lake/schema/`."""

from functools import cache

from watchfloor.kernel.errors import BadInput
from watchfloor.kernel.registry import modules_in
from watchfloor.lake.contracts import Column, Table


@cache
def tables() -> tuple[Table, ...]:
    """Every event table, by name."""
    found = [module.TABLE for module in modules_in("watchfloor.lake.schema") if hasattr(module, "TABLE")]
    return tuple(sorted(found, key=lambda table: table.name))


@cache
def table(name: str) -> Table:
    """One event table. Raises BadInput naming the known ones."""
    for candidate in tables():
        if candidate.name == name:
            return candidate
    known = ", ".join(candidate.name for candidate in tables())
    raise BadInput(f"there is no table “{name}”; tables are {known}", place="table")


def resolve(column: str, *, base: Table) -> tuple[Table, Column]:
    """The table and column that a condition's `column` names, seen from `base`. Raises BadInput when unknown."""
    prefix, _, name = column.rpartition(".")
    owner = table(prefix) if prefix else base
    if not owner.has(name):
        raise BadInput(f"{owner.name} has no column “{name}”", place="column")
    return owner, owner.column(name)
