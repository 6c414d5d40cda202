"""What can be counted of a group of rows, as pages ask for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a group of rows. `kind` says which: rows, distinct (different values of `column`), newest (its value in
    the newest row), first or last (its least and greatest value). With `where`, a column and values, only rows that have
    one of these count; for rows and distinct.
    """

    name: str
    kind: str = "rows"
    column: str = ""
    where: tuple[str, tuple[str, ...]] | None = None
