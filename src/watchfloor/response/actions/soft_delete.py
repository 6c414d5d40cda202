"""Soft delete (EA-14)."""

from typing import ClassVar

from watchfloor.connectors.contracts import Folder
from watchfloor.response.action import MailAction


class SoftDelete(MailAction):
    """The usual purge: gone for the person, kept for the team, restored in place when it was a mistake."""

    key = "soft-delete"
    label = "Soft delete"
    description = (
        "Moves the message to the Recoverable items of each mailbox, where people do not see it. "
        "Undo puts it back into the same folder, with its flags and date."
    )
    icon = "mail-x"
    destination = Folder.RECOVERABLE
    fits: ClassVar[frozenset[Folder]] = frozenset({Folder.INBOX, Folder.JUNK, Folder.DELETED, Folder.UNKNOWN})
    event_action = "Soft deleted"
    order = 10
