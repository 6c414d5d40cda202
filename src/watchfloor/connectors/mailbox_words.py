"""Acting on live mailboxes: where a message lies, what was done to it, and what a system must be able to do."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Folder(StrEnum):
    """Where a message can lie, in Defender's words (EmailEvents.LatestDeliveryLocation)."""

    INBOX = "Inbox/folder"
    JUNK = "Junk folder"
    DELETED = "Deleted items folder"
    RECOVERABLE = "Recoverable items folder"
    HARD_DELETED = "Hard deleted"
    QUARANTINE = "Quarantine"
    UNKNOWN = "Unknown"


IN_MAILBOX = (Folder.INBOX.value, Folder.JUNK.value)
"""Where its reader still meets a message, and a soft delete makes sense."""


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
