"""Submit for review, and block or allow values, without touching a mailbox (EA-20 to EA-22)."""

from typing import ClassVar

from watchfloor.access.contracts import Permission
from watchfloor.connectors.contracts import Folder
from watchfloor.response.action import MailAction


class Submit(MailAction):
    """A verdict on each message, said once, whatever its place; the ledger has a line per message and mailbox."""

    key = "submit"
    label = "Submit"
    description = "Says of each message that its verdict is wrong, and blocks or allows values. No mailbox is touched."
    icon = "send"
    destination = None
    fits: ClassVar[frozenset[Folder]] = frozenset(Folder)
    event_action = "Submitted"
    permission = Permission.EMAIL_ACTION_PROPOSE
    undoable = False
    mailboxes = False
    order = 70

    def unreachable(self, location: str) -> str:
        return ""

    def why_not(self, location: str) -> str:
        return ""
