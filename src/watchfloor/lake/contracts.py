"""The words of the lake: columns, tables, conditions, queries."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ColumnType(StrEnum):
    STRING = "string"
    DATETIME = "datetime"
    INT = "int"
    LONG = "long"
    REAL = "real"
    BOOL = "bool"
    DYNAMIC = "dynamic"


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `sentence` is a template of what a filter on it says, such as "sender domain is {value}".

    `label` is what grids show; `filterable` puts it into Explorer's filter bar; `default` shows it in a new grid;
    `choices` lists the values of a discrete column; `listed` marks a JSON list of strings (ThreatTypes), matched per element.
    """

    name: str
    type: ColumnType
    description: str
    label: str = ""
    filterable: bool = False
    default: bool = False
    choices: tuple[str, ...] = ()
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """`sort_column` is the one rows of a day are sorted by in the cold tier; `bloom_column` gets a Bloom filter."""

    name: str
    description: str
    columns: tuple[Column, ...]
    sort_column: str = ""
    bloom_column: str = "NetworkMessageId"
    retention_days: int = 400

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


class Operator(StrEnum):
    """TE-030..035; a text matches ignoring case."""

    EQUAL_ANY = "equal any of"
    EQUAL_NONE = "equal none of"
    CONTAINS_ANY = "contains any of"
    CONTAINS_NONE = "contains none of"
    STARTS_WITH = "starts with"
    GREATER = "greater than"
    LESS = "less than"


@dataclass(frozen=True, slots=True)
class Condition:
    """`column` is a column of the query's table, or `OtherTable.Column` (EmailUrlInfo.UrlDomain), joined by NetworkMessageId."""

    column: str
    operator: Operator
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """Rows of `table` in [start, end) for which all (or, with `any_of`, at least one) of `conditions` hold."""

    table: str
    start: datetime
    end: datetime
    conditions: tuple[Condition, ...] = ()
    any_of: bool = False


@dataclass(frozen=True, slots=True)
class Bucketed:
    """One chart: `times` are bucket starts, `series` maps a pivot value to counts of the same length."""

    times: tuple[datetime, ...]
    series: dict[str, tuple[int, ...]] = field(default_factory=dict)
    step_seconds: int = 3600
