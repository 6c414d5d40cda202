"""The words of reports: what can be asked, and what an answer holds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from watchfloor.lake.contracts import Condition, Query


@dataclass(frozen=True, slots=True)
class Breakdown:
    """What the chart is split by: a column, several (`columns`, read together by `name`), or a ranking of one column.

    `empty` is what rows without a value are called; `names` what single values are called.
    """

    key: str
    label: str
    column: str
    columns: tuple[str, ...] = ()
    name: Callable[[Mapping[str, Any]], str] | None = None
    empty: str = "None"
    names: Mapping[str, str] = field(default_factory=dict)
    ranked: bool = False


@dataclass(frozen=True, slots=True)
class ReportTab:
    """One side of a report: rows of `table` for which `required` holds. `view` is Explorer's view of the same rows, "" for none.

    `columns` are those of the table of rows, `filters` the columns offered to filter by; `noun` is what one row is called.
    """

    key: str
    label: str
    breakdowns: tuple[Breakdown, ...]
    columns: tuple[str, ...]
    filters: tuple[str, ...] = ()
    table: str = "EmailEvents"
    required: tuple[Condition, ...] = ()
    view: str = "all-email"
    noun: str = "mail"


@dataclass(frozen=True, slots=True)
class Report:
    """One report. `kind` is series (counts over time), ranking, latency, or submissions (columns are fields of their rows)."""

    key: str
    title: str
    description: str
    icon: str
    tabs: tuple[ReportTab, ...]
    kind: str = "series"


@dataclass(frozen=True, slots=True)
class Preset:
    """A stretch of whole days that ends with today."""

    key: str
    label: str
    days: int

    @property
    def length(self) -> timedelta:
        return timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """One filter as the page shows it: `choices` when the values are known, else text."""

    column: str
    label: str
    value: str
    choices: tuple[str, ...] = ()
    number: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to a report; `start` and `end` are midnights in the organisation's time zone, `preset` "" for own days."""

    report: Report
    tab: ReportTab
    by: Breakdown
    start: datetime
    end: datetime
    preset: str
    filters: tuple[ReportFilter, ...]
    query: Query
    parameters: tuple[tuple[str, str], ...]
    page: int = 1
    error: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a report's summary: a value, its rows, its share of all in percent, and where they can be seen."""

    name: str
    count: int
    share: float
    href: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a report found. `data` is what the kit's chart takes, `title` stands over it; `total` counts rows, of which one may
    stand in several lines."""

    kind: str
    data: dict[str, Any]
    heads: tuple[str, ...]
    lines: tuple[Line, ...]
    total: int
    sentence: str
    title: str = ""
    stats: tuple[tuple[str, str], ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the table of rows: `kind` is text, time, threat or link."""

    kind: str
    value: Any
    href: str = ""


@dataclass(frozen=True, slots=True)
class Details:
    """A page of rows."""

    heads: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    total: int
