"""What a connected system can do, in words and in types."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from watchfloor.connectors.account_actions import (
    AccountActions,
    AccountOutcome,
    AccountRef,
    AccountState,
    AccountSystem,
    AccountVerb,
)
from watchfloor.connectors.observed import (
    Account,
    AccountFlag,
    DirectoryGroup,
    Observation,
    ObservedKind,
    OwnedFile,
    Share,
)
from watchfloor.connectors.opinion_words import Heard, Opinion
from watchfloor.connectors.outgoing.words import Attachment, Handover, MailState, OutgoingMail, OutgoingPost, Sender
from watchfloor.connectors.shown import ConnectionLine, DeadLetterLine
from watchfloor.kernel.errors import BadInput

__all__ = [
    "AcceptedMail",
    "Account",
    "AccountActions",
    "AccountFlag",
    "AccountOutcome",
    "AccountRef",
    "AccountState",
    "AccountSystem",
    "AccountVerb",
    "ActionOutcome",
    "Attachment",
    "Capability",
    "ConnectionLine",
    "ContentReader",
    "ContentSystem",
    "DeadLetterLine",
    "DirectoryGroup",
    "Disposition",
    "EventsImported",
    "Fetched",
    "FileRef",
    "Folder",
    "Handover",
    "HashingSystem",
    "Heard",
    "ImportSummary",
    "InlineAnswer",
    "Located",
    "MailJudge",
    "MailState",
    "MailboxActions",
    "NewMail",
    "Observation",
    "ObservedKind",
    "Opinion",
    "OpinionSystem",
    "OutgoingMail",
    "OutgoingPost",
    "OwnedFile",
    "Refused",
    "ReleaseServer",
    "ReleasingSystem",
    "SecondOpinion",
    "Sender",
    "SendingSystem",
    "Setting",
    "Share",
    "System",
    "Target",
    "TestReport",
    "TooLarge",
]


class Capability(StrEnum):
    """What a connection may do; the value is shown to people."""

    READ_MAIL = "read mail"
    RECEIVE_MAIL = "receive copies of mail"
    JUDGE_INLINE = "judge mail before delivery"
    ACT_ON_MAIL = "move, delete and restore mail"
    GIVE_OPINION = "give a second opinion"
    READ_DIRECTORY = "read people and groups"
    READ_SIGN_INS = "read sign-ins"
    READ_ACTIVITY = "read what people and administrators do"
    READ_FILES = "read who owns and shares files"
    READ_DEVICES = "read what happens on devices"
    ACT_ON_ACCOUNTS = "lock, unlock, sign out and reset accounts"
    SEND_MAIL = "send mail"
    DELIVER_RELEASED = "deliver mail released from quarantine"
    POST_WEBHOOKS = "post alerts and incidents to another program"


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a connection's form. `kind` is text, secret, number, choice, switch, addresses (one per line) or lines (as written).

    `choices` are the stored words, `labels` what people read in their place, in the same order.

    `guards` marks where or how secrets are sent: whoever changes it enters the secrets again, or a stored one could be
    had by pointing the connection at a server of one's own.
    """

    name: str
    label: str
    kind: str = "text"
    help: str = ""
    default: str = ""
    required: bool = True
    choices: tuple[str, ...] = ()
    guards: bool = False
    labels: tuple[str, ...] = ()

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """Each choice with its label; words that speak for themselves, as yes and no, need none."""
        labels = self.labels or tuple(choice.capitalize() for choice in self.choices)
        return tuple(zip(self.choices, labels, strict=True))


@dataclass(frozen=True, slots=True)
class TestReport:
    """What "Test connection" found: each line is (ok, sentence), as "can sign in as ada@corp.example"."""

    ok: bool
    lines: tuple[tuple[bool, str], ...]


@dataclass(frozen=True, slots=True)
class AcceptedMail:
    """One durable mail waiting for, or through, inspection.

    `position` is the cursor; `source` the connection's name; `delivered_to` and `folder` are known where a mailbox was read;
    `sha256` finds the raw bytes with `connectors.selectors.raw_mail`; `raw` are they while they are not stored yet, as when a
    mail server asks before delivery.
    """

    position: int
    sha256: str
    source: str
    received_at: datetime
    mail_from: str = ""
    recipients: tuple[str, ...] = ()
    client_ip: str = ""
    helo: str = ""
    queue_id: str = ""
    folder: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    raw: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class NewMail:
    """One mail a source has read and not yet made durable; `place` is where it lay (a file, a mailbox and UID)."""

    raw: bytes
    source: str
    received_at: datetime
    mail_from: str = ""
    recipients: tuple[str, ...] = ()
    client_ip: str = ""
    helo: str = ""
    queue_id: str = ""
    folder: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    place: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that is not taken in: `place` says where it lies, `reason` why, in words for the dead-letter page."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What `import_paths` did: mails made durable, and what was refused and why."""

    accepted: int
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class EventsImported:
    """What `import_events` did: records read, rows made of them, records refused, and how many records of each source."""

    records: int
    rows: int
    refused: int
    sources: dict[str, int] = field(default_factory=dict)


class Disposition(StrEnum):
    """What the milter does with a mail in enforce mode."""

    ACCEPT = "accept"
    TAG = "add header"
    HOLD = "quarantine"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class InlineAnswer:
    """What is to be done with one mail, `words` saying why. With HOLD, `held` are the recipients whose copy is kept back (empty:
    everybody's); the others get theirs.

    `body` is what is delivered in place of the mail's own body (its links protected), under the same headers; we keep the
    original. `facts` join those of the accepted mail, for whoever reads it later.
    """

    disposition: Disposition
    words: str = ""
    held: tuple[str, ...] = ()
    body: bytes | None = field(default=None, repr=False)
    facts: Mapping[str, Any] = field(default_factory=dict)


class MailJudge(Protocol):
    """Given by the composition root, so that the milter can ask without knowing who answers."""

    def __call__(
        self, raw: bytes, *, mail_from: str, recipients: Sequence[str], client_ip: str, helo: str
    ) -> InlineAnswer: ...


# --- asking other filters ------------------------------------------------------------------------------------------


class SecondOpinion(Protocol):
    """One filter to ask about mails, from several threads at once. `who` is the connection's name.

    Each call ends within the connection's time limit. It gives one Opinion per thing found, none for a mail it finds nothing
    wrong with. Raises Unreachable (no answer in time), NotConfigured (refused), BadInput (it would not take this mail).
    """

    @property
    def who(self) -> str: ...

    def __call__(self, raw: bytes, *, mail: AcceptedMail) -> tuple[Opinion, ...]: ...

    def warning(self) -> str:
        """What is wrong although it answers, in words; "" when nothing is."""
        ...


# --- acting on live mailboxes -------------------------------------------------------------------------------------


class Folder(StrEnum):
    """Where a message can lie, in Defender's words (EmailEvents.LatestDeliveryLocation)."""

    INBOX = "Inbox/folder"
    JUNK = "Junk folder"
    DELETED = "Deleted items folder"
    RECOVERABLE = "Recoverable items folder"
    HARD_DELETED = "Hard deleted"
    QUARANTINE = "Quarantine"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Located:
    """One copy of a message in one mailbox: `path` is the server's folder name, `uid` valid under `uidvalidity` (0: unknown).

    `kept` is the hash under which our raw store holds its bytes, "" when it does not.
    With `why` set it is no copy but a mailbox that could not be asked; hand it on, and the action fails or finds it anew.
    """

    mailbox: str
    path: str
    uid: int
    uidvalidity: int
    message_id: str
    flags: tuple[str, ...] = ()
    internal_date: datetime | None = None
    folder: Folder = Folder.UNKNOWN
    why: str = ""
    kept: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The bytes of one copy, or with `why` the reason there are none."""

    copy: Located
    raw: bytes = field(default=b"", repr=False)
    why: str = ""


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """What happened to one copy, checked in the mailbox afterwards.

    `status` is one of moved, deleted, already (in destination), missing (no copy found), failed; `why` only for failed;
    `before` lets an undo put the copy back (path, flags, internal date).
    """

    mailbox: str
    status: str
    before: Located | None = None
    after: Located | None = None
    verified: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """One message in one mailbox; `message_id` with its angle brackets, as in the header."""

    mailbox: str
    message_id: str


class MailboxActions(Protocol):
    """A system whose mailboxes we may change. Every method takes many targets and yields as results come, in any order.

    `find` lists every copy; `move` and `restore` keep flags and internal date; `erase` expunges. `fetch` reads the bytes of copies
    and changes nothing; `put_back` stores a copy again that was erased (`read` gives its bytes), in its folder with flags and
    internal date, unless one lies in the mailbox: the outcome is then already.
    Raises Unreachable or NotConfigured when the system as a whole cannot be asked; a single mailbox's trouble is an outcome.
    `serves` says whether a mailbox is one of this system's.
    """

    # A property, so that frozen dataclasses with a callable field fit too.
    @property
    def serves(self) -> Callable[[str], bool]: ...

    def find(self, targets: Sequence[Target]) -> Iterator[tuple[Target, tuple[Located, ...]]]: ...

    def move(
        self, targets: Sequence[tuple[Target, tuple[Located, ...]]], *, to: Folder
    ) -> Iterator[tuple[Target, ActionOutcome]]: ...

    def erase(
        self, targets: Sequence[tuple[Target, tuple[Located, ...]]]
    ) -> Iterator[tuple[Target, ActionOutcome]]: ...

    def restore(self, targets: Sequence[tuple[Target, Located]]) -> Iterator[tuple[Target, ActionOutcome]]: ...

    def fetch(
        self, targets: Sequence[tuple[Target, tuple[Located, ...]]]
    ) -> Iterator[tuple[Target, tuple[Fetched, ...]]]: ...

    def put_back(
        self, targets: Sequence[tuple[Target, Located]], *, read: Callable[[Located], bytes]
    ) -> Iterator[tuple[Target, ActionOutcome]]: ...


class System(Protocol):
    """A folder of `connectors/systems/` exposes `SYSTEM`, an object of this shape.

    `run` is called in the worker with `stop()` telling when to end, for systems that listen or poll; it returns when stopped.
    """

    kind: str
    label: str
    description: str
    settings: tuple[Setting, ...]
    capabilities: frozenset[Capability]

    def test(self, settings: dict[str, str]) -> TestReport: ...

    def run(self, settings: dict[str, str], *, name: str, stop: Callable[[], bool]) -> None: ...

    def actions(self, settings: dict[str, str]) -> MailboxActions | None: ...


@runtime_checkable
class OpinionSystem(System, Protocol):
    """A system with GIVE_OPINION among its capabilities; asked anew for each batch of mails, so it keeps what is costly."""

    def opinion(self, settings: dict[str, str], *, name: str) -> SecondOpinion: ...


@dataclass(frozen=True, slots=True)
class FileRef:
    """Which file: `key`, `owner` and `path` as in the OwnedFile it was told by."""

    key: str
    owner: str = ""
    path: str = ""


@runtime_checkable
class ContentSystem(System, Protocol):
    """A system that can read its files where the connection's `content` setting allows it (see `content.CONTENT_SETTINGS`)."""

    def content_of(self, settings: dict[str, str], file: FileRef, *, most: int) -> bytes:
        """The file's bytes. Raises TooLarge beyond `most`, NotFound when it is gone, BadInput, NotConfigured or Unreachable."""
        ...


class TooLarge(BadInput):
    """A file has more bytes than may be read of it."""


class ContentReader(Protocol):
    """One connection whose files may be read: `most` bytes each, `budget` bytes a minute."""

    @property
    def most(self) -> int: ...

    @property
    def budget(self) -> int: ...

    def read(self, file: FileRef) -> bytes: ...


@runtime_checkable
class HashingSystem(System, Protocol):
    """A system that can read one of its files for its SHA-256; `key` is that of the OwnedFile it told of."""

    def sha256_of(self, settings: dict[str, str], key: str) -> str: ...


@runtime_checkable
class SendingSystem(System, Protocol):
    """A system with SEND_MAIL among its capabilities; its `run` empties the outbox of its connection."""

    def sender(self, settings: dict[str, str]) -> Sender: ...


class ReleaseServer(Protocol):
    """Where mail released from quarantine is handed in. `into_mailbox`: a yes means that it lies in the mailbox.

    `deliver` raises Unreachable or NotConfigured when the server has nothing of it.
    """

    # Properties, so that frozen dataclasses fit too.
    @property
    def name(self) -> str: ...

    @property
    def into_mailbox(self) -> bool: ...

    def deliver(self, raw: bytes, *, mail_from: str, to: str) -> Handover: ...


@runtime_checkable
class ReleasingSystem(System, Protocol):
    """A system with DELIVER_RELEASED among its capabilities."""

    def release_server(self, settings: dict[str, str], *, name: str) -> ReleaseServer: ...
