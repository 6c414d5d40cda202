"""The two kinds of source a timeline has: rows of a table of the lake, and what the product keeps in its own database."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from watchfloor.access.contracts import Permission
from watchfloor.identities.contracts import PersonNames
from watchfloor.identities.page.lines import Line

CELLS = ("Activity", "App", "Location", "Protocol", "IP", "Device", "Target", "Object", "Detail")
"""What every row of the lake is made of on its way into the timeline; each a text. `Way` is added: by or on."""
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LakeSource:
    """Rows of `table` about a person. `where` gives the KQL condition on the table for their names, "" when none is known.

    `cells` says per cell (see CELLS) how it is read in KQL, missing ones are empty; `words` makes the sentence of a row.
    `on` gives the KQL condition of what was done to the person by others (nothing, unless it is given); `id` is a row's own id.
    A table has one source, as one that is named twice in a query is read whole.
    """

    kind: str
    table: str
    permission: Permission
    where: Callable[[PersonNames], str]
    cells: Mapping[str, str]
    words: Callable[[Row], str]
    on: Callable[[PersonNames], str] = field(default=lambda names: "false")
    techniques: Callable[[Row], tuple[str, ...]] = field(default=lambda row: ())
    href: Callable[[Row], str] = field(default=lambda row: "")
    id: str = "ReportId"


@dataclass(frozen=True, slots=True)
class Asking:
    """Whose timeline, between which times (the end not included)."""

    person: int
    names: PersonNames
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class StoredSource:
    """What the database holds about a person: `lines` gives at most a few hundred, in any order."""

    key: str
    kind: str
    permission: Permission
    lines: Callable[[Asking], Iterable[Line]]


def after(words: str, text: str, closing: str = "") -> str:
    """The words and the text after them; nothing when there is no text."""
    return f"{words}{text}{closing}" if text else ""
