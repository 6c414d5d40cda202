"""Hard delete (EA-15)."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from watchfloor.connectors.contracts import ActionOutcome, Folder, MailboxActions, Target
from watchfloor.response.action import REACHABLE, MailAction, Work


class HardDelete(MailAction):
    """Every copy is expunged; nothing is left in the mailbox to undo it with."""

    key = "hard-delete"
    label = "Hard delete"
    description = (
        "Erases every copy of the message from each mailbox, soft deleted copies too. This cannot be undone. "
        "An entry that an invitation left in a calendar stays there: Watchfloor reaches mailboxes, no calendars."
    )
    icon = "flame"
    destination = Folder.HARD_DELETED
    fits: ClassVar[frozenset[Folder]] = REACHABLE
    event_action = "Hard deleted"
    undoable = False
    dangerous = True
    erases = True
    order = 40

    def act(self, mailboxes: MailboxActions, works: Sequence[Work]) -> Iterator[tuple[Target, ActionOutcome]]:
        return mailboxes.erase([(work.target, work.found) for work in works])
