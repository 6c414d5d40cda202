"""The words of the lake: columns, tables, conditions, queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from watchfloor.access.contracts import Permission
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.lake.alike import CampaignOfMail as CampaignOfMail
from watchfloor.lake.alike import SimilarMail as SimilarMail
from watchfloor.lake.locations import Place as Place
from watchfloor.lake.measures import Measure as Measure

OTHER = "Other"
"""The series of a chart that holds every pivot value beyond the first few."""


class ColumnType(StrEnum):
    STRING = "string"
    DATETIME = "datetime"
    INT = "int"
    LONG = "long"
    REAL = "real"
    BOOL = "bool"
    DYNAMIC = "dynamic"


class Shape(StrEnum):
    """How a cell that holds several values is written: our own lists as JSON, what Defender has as Defender writes it."""

    LIST = "list"
    """A JSON list: ["VIP","Finance"]."""
    WORDS = "words"
    """Comma and blank between the values: Phish, Spam. A comma inside a value is written %2c, a percent sign %25."""
    METHODS = "methods"
    """A JSON object of lists, a threat's methods under its name: {"Phish":["URL malicious reputation","Bulk"]}."""
    GRADES = "grades"
    """A JSON object, a threat's grade under its name: {"Phish":"High","Spam":"Normal"}. Filters compare that of Phish."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `sentence` is a template of what a filter on it says, such as "sender domain is {value}".

    `label` is what grids show; `filterable` puts it into Explorer's filter bar; `default` shows it in a new grid; `choices`
    lists the values of a discrete column; `listed` marks one that holds several values in a cell (ThreatTypes), matched per
    value and written as `shape` says. `folded` marks text kept in lower case, so that equality finds it without folding every
    row; `normal` is "url", "path" or "domain" where scheme and slashes are taken as TE-036 says.
    """

    name: str
    type: ColumnType
    description: str
    label: str = ""
    filterable: bool = False
    default: bool = False
    choices: tuple[str, ...] = ()
    listed: bool = False
    folded: bool = False
    normal: str = ""
    shape: Shape = Shape.LIST


@dataclass(frozen=True, slots=True)
class Table:
    """`sort_column` is the one rows of a day are sorted by in the cold tier; `bloom_column` gets a Bloom filter; rows with
    something in `leads` are those people ask for first; words of `searched` are found without reading all rows; values of
    `ranked` are numbered, for ranking all rows, one counting once for each value of `once`.

    `follows` marks events that happen after the mail they concern (clicks, remediation, alerts): a condition on them looks from
    the start of the query's window until now. `repeats` names columns of EmailEvents that this table holds too, so that a
    question about mails can be answered here without a join. `own` names columns that Defender's table of this name does not
    have: KQL can name them, `*` leaves them out. `permission` is what reading its rows needs, `aliases` are other names KQL
    knows the table by. `filled` says who of the product writes its rows, "" that only people bring them; `closed` that rows
    come with the mail they belong to.
    """

    name: str
    description: str
    columns: tuple[Column, ...]
    sort_column: str = ""
    bloom_column: str = "NetworkMessageId"
    leads: str = ""
    searched: str = ""
    ranked: tuple[str, ...] = ()
    once: str = ""
    retention_days: int = 400
    follows: bool = False
    repeats: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    permission: Permission = Permission.EMAIL_METADATA_READ
    aliases: tuple[str, ...] = ()
    filled: str = ""
    closed: bool = False

    @property
    def source(self) -> str:
        """Where its rows come from, as a sentence."""
        if not self.filled:
            return "Nothing here writes it: bring rows with “watchfloor lake append”."
        return f"Written by {self.filled}." if self.closed else f"Written by {self.filled}; rows can be brought too."

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def has(self, name: str) -> bool:
        return any(column.name == name for column in self.columns)


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """One column of a view: `reads` says in DuckDB's SQL how it is read from the table below; "" when nothing there tells it."""

    name: str
    type: ColumnType
    reads: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """A table that is kept nowhere: rows of `over` for which `where` holds, under other names; for pasted Sentinel queries.

    Without `over` another slice gives the rows when they are asked for (see lake.services.give_rows).
    """

    name: str
    description: str
    columns: tuple[ViewColumn, ...]
    over: str = ""
    where: str = ""
    permission: Permission = Permission.IDENTITY_READ

    @property
    def source(self) -> str:
        """Where its rows come from, as a sentence."""
        return f"Shows rows of {self.over}." if self.over else "Shows what the product's own pages show."


class Operator(StrEnum):
    """TE-030..035; a text matches ignoring case."""

    EQUAL_ANY = "equal any of"
    EQUAL_NONE = "equal none of"
    CONTAINS_ANY = "contains any of"
    CONTAINS_NONE = "contains none of"
    STARTS_WITH = "starts with"
    ENDS_WITH = "ends with"
    WILDCARD = "matches wildcard"
    """The whole text, where * stands for any text and ? for one character."""
    REGEX = "matches regex"
    """RE2 finds it somewhere in the text."""
    EMPTY = "is empty"
    NOT_EMPTY = "is not empty"
    GREATER = "greater than"
    LESS = "less than"


UNVALUED = frozenset({Operator.EMPTY, Operator.NOT_EMPTY})
"""Operators that stand without a value."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`column` is a column of the query's table, or `OtherTable.Column` (EmailUrlInfo.UrlDomain), joined by NetworkMessageId."""

    column: str
    operator: Operator
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions and further groups of which all (with `any_of`: at least one) hold; `negated` asks for the rows where that is not so."""

    parts: tuple["Condition | Group", ...]
    any_of: bool = False
    negated: bool = False

    @property
    def every_condition(self) -> tuple[Condition, ...]:
        """The conditions at any depth."""
        return leaves(self.parts)


Part = Condition | Group
"""What stands side by side in a query."""


def leaves(parts: Iterable[Part]) -> tuple[Condition, ...]:
    """The conditions of these parts, at any depth."""
    return tuple(leaf for part in parts for leaf in (part.every_condition if isinstance(part, Group) else (part,)))


@dataclass(frozen=True, slots=True)
class Query:
    """Rows of `table` in [start, end) for which all (or, with `any_of`, at least one) of `conditions` hold.

    `required` conditions hold always, beside the alternatives of `any_of`: a view that shows only malware.
    """

    table: str
    start: datetime
    end: datetime
    conditions: tuple[Part, ...] = ()
    any_of: bool = False
    required: tuple[Condition, ...] = ()

    @property
    def every_condition(self) -> tuple[Condition, ...]:
        """All conditions, whichever way they are joined, those inside groups too."""
        return (*self.required, *leaves(self.conditions))


@dataclass(frozen=True, slots=True)
class Bucketed:
    """One chart: `times` are bucket starts, `series` maps a pivot value to counts of the same length."""

    times: tuple[datetime, ...]
    series: dict[str, tuple[int, ...]] = field(default_factory=dict)
    step_seconds: int = 3600


@dataclass(frozen=True, slots=True)
class Batch:
    """What one `append` stored: `position` is the cursor of whoever reads it."""

    position: int
    table: str
    rows: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class EmailRecord:
    """One email: what the register knows, and its rows. `rows` has one row per recipient, newest location folded in.

    `summary` is the inspection as plain values (see `lake.selectors.inspection_of`); `events` are EmailPostDeliveryEvents.
    """

    network_message_id: str
    fingerprint: str
    sha256: str
    received_at: datetime
    summary: dict[str, Any]
    rows: tuple[dict[str, Any], ...] = ()
    urls: tuple[dict[str, Any], ...] = ()
    attachments: tuple[dict[str, Any], ...] = ()
    events: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class LateVerdict:
    """A verdict on a stored mail that differs from the one it was stored with. `position` is the cursor of who reads it.

    `threat_types` are Defender's words, none when it is harmless; `source` is campaign, entry or person; `words` say why.
    """

    at: datetime
    network_message_id: str
    threat_types: tuple[str, ...]
    confidence: str
    source: str
    words: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class Reweighing:
    """A proposal for stored verdicts: another threshold, reasons that count nothing, reasons that count so many points again."""

    threshold: float
    silenced: frozenset[str] = frozenset()
    restored: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejudged:
    """So many different mails of one kind: `score` is the lower bound of its half point, None for mail judged before scores
    were kept; `was` and `after` say whether it is a threat; `label` is what somebody said about it, "" nobody."""

    score: float | None
    was: bool
    after: bool
    label: str
    mails: int


@dataclass(frozen=True, slots=True)
class TableDay:
    """One day of a table; rows that still wait in the hot tier are counted, their bytes are not."""

    day: date
    rows: int
    bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class TableUpkeep:
    """What maintenance did last, and since when somebody waits for it (None: nobody)."""

    checked_at: datetime | None = None
    seconds: float = 0
    compacted_at: datetime | None = None
    compacted_days: int = 0
    dropped_at: datetime | None = None
    dropped_rows: int = 0
    vacuumed_at: datetime | None = None
    wanted_at: datetime | None = None
    wanted_by: str = ""


@dataclass(frozen=True, slots=True)
class TableState:
    """How much one table holds. `lag_seconds` is the age of the oldest row not yet in the cold tier, None when there is none."""

    name: str
    description: str
    retention_days: int
    hot_rows: int
    cold_rows: int
    files: int
    bytes: int
    oldest: datetime | None
    newest: datetime | None
    lag_seconds: float | None
    days: tuple[TableDay, ...] = ()
    upkeep: TableUpkeep = TableUpkeep()
    source: str = ""


@dataclass(frozen=True, slots=True)
class LakePlace:
    """Where the cold tier lies. With an object store (`endpoint`) its files are read through a cache: what it holds now, how
    often this process found a file there (`hits`) or not, and how many any process is `fetching` now."""

    where: str
    endpoint: str = ""
    cache_files: int = 0
    cache_bytes: int = 0
    cache_most_bytes: int = 0
    hits: int = 0
    misses: int = 0
    fetching: int = 0

    @property
    def hit_percent(self) -> int | None:
        """Of the files asked for, how many lay in the cache; None before the first."""
        asked = self.hits + self.misses
        return round(100 * self.hits / asked) if asked else None


@dataclass(frozen=True, slots=True)
class MovedTable:
    """One table that was brought from the home into the object store."""

    name: str
    rows: int
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A row of a file that did not come in: where it stands, and why."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Brought:
    """What a file brought: rows `accepted`, rows `known` from an earlier time, `refused` ones, columns `left_out`."""

    table: str
    sha256: str
    accepted: int
    known: int
    refused: int
    left_out: tuple[str, ...] = ()


class TooSlow(WatchfloorError):
    """The query was stopped at its time limit; a shorter window or a narrower condition helps."""


class TooLarge(WatchfloorError):
    """The query needs more memory than it may have."""


class QueryFailed(WatchfloorError):
    """The engine could not finish the query: a value that does not fit, a pattern that is none."""


class TooMany(WatchfloorError):
    """This person has as many queries running as one may have; the same query can run when one of them ended."""

    retry = True
