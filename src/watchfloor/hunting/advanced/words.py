"""What the editor knows: tables with their columns, the language's words, each with a sentence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from watchfloor.access.contracts import Actor, Permission
from watchfloor.lake import selectors as lake


@dataclass(frozen=True, slots=True)
class Word:
    """One thing that may be typed. `kind` is table, column, operator, function or keyword; `of` names a column's table."""

    name: str
    kind: str
    detail: str
    of: str = ""

    def plain(self) -> dict[str, str]:
        return {"name": self.name, "kind": self.kind, "detail": self.detail, "of": self.of}


CALLS = ("aggregate", "function", "plugin")


def tables(by: Actor) -> Sequence[Any]:
    """Every table and view this person may hunt in, by name, with described columns."""
    found: list[Any] = [*lake.tables(), *lake.views()]
    return sorted((one for one in found if by.may(Permission(one.permission))), key=lambda one: one.name.lower())


def table_words(by: Actor) -> tuple[Word, ...]:
    """Tables and their columns."""
    found = []
    for table in tables(by):
        found.append(Word(table.name, "table", table.description))
        found += [
            Word(column.name, "column", f"{column.type}: {column.description}", table.name) for column in table.columns
        ]
    return tuple(found)


def language() -> Iterator[Word]:
    """Operators, keywords, aggregates, functions and plugins, as the language's own reference tells them."""
    for kind in ("operator", "keyword", *CALLS):
        for one in lake.kql_words(kind):
            yield Word(one.name, "function" if kind in CALLS else kind, f"{one.call}: {one.describe}")


def time_column(name: str) -> str | None:
    """The time column of a table or view, None when there is no such table."""
    found = lake.KqlTables().table(name)
    return found.time if found else None
