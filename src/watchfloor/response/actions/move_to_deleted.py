"""Move to Deleted items (EA-13)."""

from typing import ClassVar

from watchfloor.connectors.contracts import Folder
from watchfloor.response.action import MailAction


class MoveToDeleted(MailAction):
    """As if the person had deleted it."""

    key = "move-to-deleted"
    label = "Move to Deleted items"
    description = "Moves the message to the Deleted items of each mailbox. People can still read it and move it back."
    icon = "trash"
    destination = Folder.DELETED
    fits: ClassVar[frozenset[Folder]] = frozenset({Folder.INBOX, Folder.JUNK, Folder.RECOVERABLE, Folder.UNKNOWN})
    event_action = "Moved to deleted items"
    order = 30
