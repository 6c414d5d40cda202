"""Move to Inbox (EA-11)."""

from typing import ClassVar

from watchfloor.connectors.contracts import Folder
from watchfloor.response.action import MailAction


class MoveToInbox(MailAction):
    """For mail that proved to be clean, wherever it lies."""

    key = "move-to-inbox"
    label = "Move to Inbox"
    description = "Puts the message into the Inbox of each mailbox, from Junk, Deleted items or after a soft delete."
    icon = "inbox"
    destination = Folder.INBOX
    fits: ClassVar[frozenset[Folder]] = frozenset({Folder.JUNK, Folder.DELETED, Folder.RECOVERABLE, Folder.UNKNOWN})
    event_action = "Moved to inbox"
    order = 50
