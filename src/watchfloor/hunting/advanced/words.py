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


OPERATORS: dict[str, str] = {
    "where": "Keeps the rows for which a condition holds",
    "project": "Shows these columns, in this order",
    "project-away": "Leaves these columns out",
    "project-keep": "Keeps these columns, in the order they had",
    "project-rename": "Gives columns new names",
    "project-reorder": "Puts these columns first",
    "extend": "Adds columns that are worked out",
    "summarize": "Groups rows and counts, sums or lists them",
    "count": "How many rows there are",
    "distinct": "The different values of these columns",
    "take": "Some rows, whichever come first",
    "limit": "Some rows, whichever come first",
    "top": "The first rows by a column",
    "sort by": "Orders the rows",
    "order by": "Orders the rows",
    "join": "Puts rows of two tables side by side where keys are the same",
    "lookup": "Adds columns of a small table",
    "union": "The rows of several tables, one after another",
    "mv-expand": "One row for each element of a list",
    "mv-apply": "Asks something of each row's list",
    "parse": "Takes parts out of a text by a pattern",
    "parse-where": "Takes parts out of a text, and keeps only rows that fit",
    "parse-kv": "Takes keys and values out of a text",
    "make-series": "Lists of numbers over time",
    "evaluate": "Runs a plugin, as bag_unpack or pivot",
    "render": "Draws the rows as a chart",
    "search": "Looks for a text in every column",
    "invoke": "Calls a function on the rows",
    "sample": "Some rows by chance",
    "getschema": "The columns and their types",
    "serialize": "Fixes the order of rows for functions that look at the row before",
}
KEYWORDS: dict[str, str] = {
    "let": "Gives a value, a table or a function a name",
    "and": "Both hold",
    "or": "One of the two holds",
    "not": "Turns a condition round",
    "by": "Groups by these",
    "on": "The keys of a join",
    "kind": "Which rows a join keeps",
    "asc": "Smallest first",
    "desc": "Largest first",
    "has": "Contains this word (whole words, ignoring case)",
    "has_any": "Contains one of these words",
    "has_all": "Contains all of these words",
    "has_cs": "Contains this word, case counts",
    "contains": "Contains this text, ignoring case",
    "startswith": "Begins with this text, ignoring case",
    "endswith": "Ends with this text, ignoring case",
    "matches regex": "Fits this regular expression",
    "in": "Is one of these values",
    "in~": "Is one of these values, ignoring case",
    "between": "Lies in a range, as between (ago(7d) .. now())",
    "true": "Yes",
    "false": "No",
    "datatable": "Rows written into the query",
    "externaldata": "A list that an administrator uploaded",
}


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
    """Operators and keywords, then the functions and aggregates of the language's own reference."""
    yield from (Word(name, "operator", detail) for name, detail in OPERATORS.items())
    yield from (Word(name, "keyword", detail) for name, detail in KEYWORDS.items())
    for kind in ("aggregate", "function"):
        yield from (Word(one.name, "function", f"{one.call}: {one.describe}") for one in lake.kql_words(kind))


def time_column(name: str) -> str | None:
    """The time column of a table or view, None when there is no such table."""
    found = lake.KqlTables().table(name)
    return found.time if found else None
