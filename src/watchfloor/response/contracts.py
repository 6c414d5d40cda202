"""The words of response: what is to be done to which messages, how far it is, and what became of each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from watchfloor.kernel.errors import BadInput
from watchfloor.response.submissions.contracts import Said


class RemediationStatus(StrEnum):
    """EA-62, with the states of a proposal before it and of an undo after it."""

    PENDING = "Pending approval"
    REJECTED = "Rejected"
    STARTED = "Started"
    QUEUED = "Queued"
    IN_PROGRESS = "In progress"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    COMPLETED = "Completed"
    FAILED = "Failed"
    UNDONE = "Undone"


RUNNING = frozenset(
    {RemediationStatus.STARTED, RemediationStatus.QUEUED, RemediationStatus.IN_PROGRESS, RemediationStatus.STOPPING}
)
"""A worker has this remediation in hand, or will."""


class LineStatus(StrEnum):
    """What became of one message in one mailbox (EA-63), or of one account; the value is shown to people."""

    PENDING = "pending"
    MOVED = "moved"
    DELETED = "deleted"
    CHANGED = "changed"
    ALREADY = "already"
    MISSING = "missing"
    FAILED = "failed"
    SKIPPED = "skipped"

    @property
    def sentence(self) -> str:
        return LINE_SENTENCES[self]


LINE_SENTENCES: dict[LineStatus, str] = {
    LineStatus.PENDING: "Not yet done",
    LineStatus.MOVED: "Moved, and seen in its new folder",
    LineStatus.DELETED: "Deleted, and no longer found in the mailbox",
    LineStatus.CHANGED: "Changed, and seen so at the source",
    LineStatus.ALREADY: "Already where it should be",
    LineStatus.MISSING: "Not found in the mailbox: the person or another program removed it",
    LineStatus.FAILED: "Failed",
    LineStatus.SKIPPED: "Not touched",
}
DONE = frozenset({LineStatus.MOVED, LineStatus.DELETED, LineStatus.CHANGED, LineStatus.ALREADY})


class ActionSource(StrEnum):
    """Where a remediation came from (AC-04)."""

    EXPLORER = "Explorer action"
    MANUAL = "Manual email action"
    AUTOMATED = "Automated email action"
    IDENTITY = "Manual identity action"
    HUNTING = "Advanced hunting action"


class TargetKind(StrEnum):
    """What a remediation acts on."""

    MAIL = "mail"
    ACCOUNTS = "accounts"


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """One message in one mailbox, as grids name it: `<NetworkMessageId>|<recipient>`; lower-case, as the lake keeps both."""

    network_message_id: str
    recipient: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "network_message_id", self.network_message_id.strip().lower())
        object.__setattr__(self, "recipient", self.recipient.strip().lower())

    def __str__(self) -> str:
        return f"{self.network_message_id}|{self.recipient}"

    @classmethod
    def parse(cls, text: str) -> "Row":
        """Read `<NetworkMessageId>|<recipient>`; raises BadInput when it is not of that shape."""
        message, _, recipient = text.partition("|")
        if not message.strip() or "@" not in recipient:
            raise BadInput("a row is <NetworkMessageId>|<recipient>", place=text[:120])
        return cls(message, recipient)


@dataclass(frozen=True, slots=True)
class Targets:
    """What an action is aimed at: `rows` picked by hand, or the Explorer's whole `query` (its URL parameters) less `excepted`.

    `also` are copies sent on inside the organisation that were ticked, each with who sent it on; `sender_copy` adds the copy in
    the Sent folder of every sender of our own.
    """

    rows: tuple[Row, ...] = ()
    query: str = ""
    excepted: tuple[Row, ...] = ()
    also: tuple[Row, ...] = ()
    sender_copy: bool = False

    @property
    def whole_query(self) -> bool:
        return bool(self.query)


@dataclass(frozen=True, slots=True, order=True)
class EntryWish:
    """One value to block or allow in the same step; `kind` and `effect` are intelligence's words.

    `life` is how long it lasts: a span by its key, the day it ends (2026-12-24), or nothing for the usual span.
    """

    kind: str
    value: str
    effect: str = "block"
    life: str = ""

    @property
    def words(self) -> str:
        return f"{self.effect.capitalize()} {self.kind}:{self.value}"


@dataclass(frozen=True, slots=True)
class Beside:
    """What a run of the wizard does beside its action: messages judged, values blocked or allowed, late copies caught for some days."""

    judgement: Said | None = None
    note: str = ""
    entries: tuple[EntryWish, ...] = ()
    late_days: int = 0

    @property
    def submits(self) -> bool:
        return bool(self.judgement or self.entries)


@dataclass(frozen=True, slots=True)
class People:
    """Whose accounts an action is aimed at: numbers of people, and names (addresses, sign-in names) no person is known by.

    `only` narrows it to these accounts, each `<connection>|<key>`; `options` are the parts of the action that were ticked.
    """

    people: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.people) + len(self.names)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one action may be chosen for these targets; `why_not` is what the person reads when it is greyed out (EA-04)."""

    action: str
    label: str
    description: str
    icon: str
    fits: bool
    why_not: str = ""
    dangerous: bool = False


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would happen. All counts are messages in mailboxes; `touched` + the sum of `untouched` = `total`."""

    total: int
    touched: int
    mailboxes: int
    locations: tuple[tuple[str, int], ...] = ()
    recipients: tuple[tuple[str, int], ...] = ()
    untouched: tuple[tuple[str, int], ...] = ()
    warnings: tuple[str, ...] = ()
    senders: int = 0


@dataclass(frozen=True, slots=True)
class Opened:
    """Who has read it, by the flag \\Seen of the copies: counts of mailboxes; `unasked` were not asked for want of time."""

    opened: int = 0
    unread: int = 0
    absent: int = 0
    unknown: int = 0
    unasked: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class SentOn:
    """A copy somebody inside the organisation sent on: `how` says by what it was recognised."""

    row: Row
    by: str
    subject: str
    at: datetime
    how: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many ledger lines stand where; `total` is all of them."""

    total: int = 0
    pending: int = 0
    moved: int = 0
    deleted: int = 0
    changed: int = 0
    already: int = 0
    missing: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def done(self) -> int:
        return self.total - self.pending

    def __iter__(self) -> Iterator[tuple[LineStatus, int]]:
        return iter([(status, getattr(self, status.value)) for status in LineStatus])


@dataclass(frozen=True, slots=True)
class MessageRemediation:
    """One remediation as it concerns one message in one mailbox, for the timeline of the email page."""

    remediation_id: str
    name: str
    action: str
    action_label: str
    remediation_status: str
    by: str
    line_status: str
    sentence: str
    found_where: str
    moved_where: str
    at: datetime
    href: str
    report_id: str = ""
    kind: str = "Remediation"
    automatic: bool = False
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """The action center's filters, as they stand in its URL; empty means any."""

    tab: str = "history"
    action: str = ""
    status: str = ""
    decided_by: str = ""
    source: str = ""
    period: str = "30d"
    search: str = ""
    sort: str = "-created_at"
    page: int = 1
    size: int = 50
    facts: Mapping[str, str] = field(default_factory=dict)
