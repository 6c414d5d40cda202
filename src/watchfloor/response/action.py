"""What every action on mail is: a class that says what it does, where it fits, and how a mail system does it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from watchfloor.access.contracts import Permission
from watchfloor.connectors.contracts import ActionOutcome, Folder, Located, MailboxActions, Target

if TYPE_CHECKING:
    from watchfloor.response.models import LedgerLine, Remediation

REACHABLE = frozenset({Folder.INBOX, Folder.JUNK, Folder.DELETED, Folder.RECOVERABLE, Folder.UNKNOWN})
"""Locations inside a mailbox (EA-61). Unknown is among them: unlike the peers we look into the mailbox itself (LM-07)."""

REACHABLE_NAMES = frozenset(folder.value for folder in REACHABLE)

NO_MAILBOX = {
    Folder.HARD_DELETED.value: "it was hard deleted: no copy is left in the mailbox",
    Folder.QUARANTINE.value: "it is held in quarantine, outside the mailbox: release or delete it there",
    "On-prem/external": "it went to a mailbox outside this organisation",
    "Failed": "it was never delivered",
    "Dropped": "it was dropped before delivery",
    "Forwarded": "it was forwarded to another address",
}


@dataclass(frozen=True, slots=True)
class Work:
    """One message to act on: the copies found now, and, for a restore, where they lay before we touched them."""

    target: Target
    found: tuple[Located, ...]
    origin: tuple[Located, ...] = ()


class Action:
    """What the actions on mail and those on accounts have in common: `key` stands in URLs and records."""

    key: ClassVar[str]
    label: ClassVar[str]
    description: ClassVar[str]
    icon: ClassVar[str]
    permission: ClassVar[Permission]
    propose_permission: ClassVar[Permission]
    undoable: ClassVar[bool] = True
    dangerous: ClassVar[bool] = False
    order: ClassVar[int] = 50


class MailAction(Action):
    """One action. Subclasses are one file each in `response/actions/`; adding a file is all it takes.

    `destination` is where the message lies afterwards (None: wherever it came from); `fits` are the latest locations it makes
    sense for; `event_action` is EmailPostDeliveryEvents.Action; `mailboxes` is False for what is said of mail, not done to it. An action that
    `keeps` mail has its bytes before it erases them; one `from_quarantine` works on what was kept. `undone_by` is the key of
    the action that undoes it.
    """

    destination: ClassVar[Folder | None]
    fits: ClassVar[frozenset[Folder]]
    event_action: ClassVar[str]
    permission: ClassVar[Permission] = Permission.EMAIL_ACTION_MANAGE
    propose_permission: ClassVar[Permission] = Permission.EMAIL_ACTION_PROPOSE
    needs_origin: ClassVar[bool] = False
    mailboxes: ClassVar[bool] = True
    erases: ClassVar[bool] = False
    keeps: ClassVar[bool] = False
    from_quarantine: ClassVar[bool] = False
    undone_by: ClassVar[str] = "restore"

    def find(
        self, mailboxes: MailboxActions, targets: Sequence[Target]
    ) -> Iterator[tuple[Target, tuple[Located, ...]]]:
        """Every copy; where the action `keeps` mail, with the hash of its bytes. Changes nothing in a mailbox."""
        return mailboxes.find(targets)

    def act(self, mailboxes: MailboxActions, works: Sequence[Work]) -> Iterator[tuple[Target, ActionOutcome]]:
        """Change the mailboxes; outcomes come in any order, checked in the mailbox by the connector."""
        assert self.destination is not None
        return mailboxes.move([(work.target, work.found) for work in works], to=self.destination)

    def settled(self, remediation: "Remediation", lines: Sequence["LedgerLine"]) -> None:
        """Write what else follows from these lines, in the transaction that stores them."""

    def unreachable(self, location: str) -> str:
        """Why a message at this latest location can never be acted on; empty when it lies in a mailbox we can ask."""
        if location in REACHABLE_NAMES or not location:
            return ""
        return NO_MAILBOX.get(location, f"its latest location is “{location}”, which is not a mailbox folder")

    def why_not(self, location: str) -> str:
        """Why the action is greyed out for a message at this latest location; empty when it fits."""
        if away := self.unreachable(location):
            return away
        if (location or Folder.UNKNOWN.value) in {folder.value for folder in self.fits}:
            return ""
        if self.destination is not None and location == self.destination.value:
            return f"it already lies in {self.destination.value}"
        return f"a message in {location} cannot be acted on this way"
