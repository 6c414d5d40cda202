"""What a connected system can do, in words and in types."""

from collections.abc import Callable, Mapping, Sequence
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
from watchfloor.connectors.mailbox_words import (
    IN_MAILBOX,
    ActionOutcome,
    Fetched,
    Folder,
    Located,
    MailboxActions,
    Target,
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
    "IN_MAILBOX",
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
    """Given by the composition root, so that the milter can ask without knowing who answers.

    `signed_in` is the login name under which the client handed the mail in, "" when it did not sign in.
    """

    def __call__(
        self,
        raw: bytes,
        *,
        mail_from: str,
        recipients: Sequence[str],
        client_ip: str,
        helo: str,
        signed_in: str = "",
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

    `deliver` raises Unreachable or NotConfigured when the server has nothing of it. Many may follow one another through one
    conversation, until `close` ends it.
    """

    # Properties, so that frozen dataclasses fit too.
    @property
    def name(self) -> str: ...

    @property
    def into_mailbox(self) -> bool: ...

    def deliver(self, raw: bytes, *, mail_from: str, to: str) -> Handover: ...

    def close(self) -> None: ...


@runtime_checkable
class ReleasingSystem(System, Protocol):
    """A system with DELIVER_RELEASED among its capabilities."""

    def release_server(self, settings: dict[str, str], *, name: str) -> ReleaseServer: ...
