"""Restore in place: what undo does, and what a person may choose for messages that Watchfloor moved (EA-72)."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from watchfloor.connectors.contracts import ActionOutcome, Folder, MailboxActions, Target
from watchfloor.response.action import MailAction, Work


class Restore(MailAction):
    """Back to the folder, flags and internal date of before; known only for messages we moved ourselves."""

    key = "restore"
    label = "Restore in place"
    description = "Puts the message back into the folder it was taken from by Watchfloor, with its flags and date."
    icon = "arrow-back-up"
    destination = None
    fits: ClassVar[frozenset[Folder]] = frozenset(
        {Folder.JUNK, Folder.DELETED, Folder.RECOVERABLE, Folder.INBOX, Folder.UNKNOWN}
    )
    event_action = "Restored"
    undoable = False
    needs_origin = True
    order = 60

    def act(self, mailboxes: MailboxActions, works: Sequence[Work]) -> Iterator[tuple[Target, ActionOutcome]]:
        return mailboxes.restore([(work.target, place) for work in works for place in work.origin])
