"""The words of Explorer: views, pivots, grid columns, tabs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from watchfloor.access.contracts import Actor
from watchfloor.lake.contracts import Condition, Part


@dataclass(frozen=True, slots=True)
class Pivot:
    """What the chart is split by: a column of EmailEvents, or `OtherTable.Column` joined by NetworkMessageId (TE-020)."""

    column: str
    label: str


@dataclass(frozen=True, slots=True)
class ExplorerView:
    """One view tab (TE-001): rows of `table`, for which `conditions` always hold, whatever else is filtered.

    `noun` is what one row is called; `person` the column with the address of whom it concerns; `mailed` whether a row belongs
    to a mail, so that one can act on it.
    """

    key: str
    label: str
    description: str
    pivots: tuple[Pivot, ...]
    conditions: tuple[Condition, ...] = ()
    table: str = "EmailEvents"
    tabs: tuple["Tab", ...] = ()
    noun: str = "mail"
    person: str = "RecipientEmailAddress"
    mailed: bool = True

    @property
    def counted(self) -> str:
        """What its charts count, in the plural."""
        return "messages" if self.of_mails else f"{self.noun}s"

    @property
    def of_mails(self) -> bool:
        """Whether its rows are mails, so that one can act on the whole question."""
        return self.table == "EmailEvents"


@dataclass(frozen=True, slots=True)
class Tab:
    """One way to look at the rows of a query; `key` stands in the address."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class GridColumn:
    """One column of a table (TE-080): `sources` are the lake columns it needs, `sort` the one it sorts by.

    `looked_up` names `Table.Column` of another table, whose values for the same mail and person the cell shows. A `roomy` column is shown by default where the window has room for it; whoever chooses columns sees all they chose.
    """

    key: str
    label: str
    kind: str = "text"
    sources: tuple[str, ...] = ()
    default: bool = False
    sort: str = ""
    roomy: bool = False
    looked_up: str = ""


@dataclass(frozen=True, slots=True)
class Preset:
    """A time range that ends now."""

    key: str
    label: str
    length: timedelta


@dataclass(frozen=True, slots=True)
class Property:
    """One thing to filter by: `group` orders the list, `choices` are offered when the values are known, `number` for sizes and counts,
    `listed` where one row holds several values."""

    column: str
    label: str
    group: str
    description: str
    choices: tuple[str, ...] = ()
    number: bool = False
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition of the address, or a group of `parts`: `raw` as it stands there; `error` says why it cannot be used, and
    `condition` is then None. `asked` is what the person asked where the lake is asked otherwise; `notes` say what was taken
    otherwise than it was typed.
    """

    raw: str
    words: str
    condition: Part | None = None
    error: str = ""
    parts: tuple["Filter", ...] = ()
    any_of: bool = False
    negated: bool = False
    asked: Condition | None = None
    notes: tuple[str, ...] = ()

    @property
    def faulty(self) -> bool:
        """Whether it, or any part of it, cannot be used."""
        return bool(self.error) or any(one.faulty for one in self.parts)

    @property
    def leaves(self) -> int:
        """How many conditions it holds."""
        return sum(one.leaves for one in self.parts) if self.parts else 1


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the grid, ready to show; `kind` chooses how."""

    kind: str
    text: str = ""
    value: object = None
    href: str = ""
    items: Sequence[str] = ()
    roomy: bool = False

    @property
    def css(self) -> str:
        """The classes of its table cell."""
        number = "number" if self.kind in {"number", "size"} else ""
        return f"{number} {'roomy' if self.roomy else ''}".strip()


@dataclass(frozen=True, slots=True)
class GridRow:
    """One mail to one recipient; `key` is `<NetworkMessageId>|<recipient>`."""

    key: str
    subject: str
    cells: tuple[Cell, ...]
    summary: str
    ticked: bool = True


class Prefers(Protocol):
    """Somebody whose choices are kept: `access.models.Person` fits."""

    preferences: dict[str, Any]

    def save(self, *, update_fields: Sequence[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at a page, and when; `found` is how many rows the question finds, where the page knows that already."""

    person: Prefers
    by: Actor
    now: datetime
    found: int | None = None
