"""Move to Junk (EA-10)."""

from typing import ClassVar

from watchfloor.connectors.contracts import Folder
from watchfloor.response.action import MailAction


class MoveToJunk(MailAction):
    """The person keeps the message, among the junk."""

    key = "move-to-junk"
    label = "Move to Junk folder"
    description = "Moves the message to the Junk folder of each mailbox. People can still read it there."
    icon = "ban"
    destination = Folder.JUNK
    fits: ClassVar[frozenset[Folder]] = frozenset({Folder.INBOX, Folder.DELETED, Folder.RECOVERABLE, Folder.UNKNOWN})
    event_action = "Moved to junk folder"
    order = 20
