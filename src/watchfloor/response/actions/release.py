"""Release from quarantine (QU-10): what lists and verbs of the quarantine start, never chosen in the wizard."""

from typing import ClassVar

from watchfloor.access.contracts import Permission
from watchfloor.connectors.contracts import Folder
from watchfloor.response.action import MailAction


class Release(MailAction):
    """Held copies go back: into the folder they were taken from, or through the mail server that delivers."""

    key = "release"
    label = "Release from quarantine"
    description = (
        "Gives the message to its recipients: back into its folder, or by the mail server that delivers released mail."
    )
    icon = "mail-forward"
    destination = Folder.INBOX
    fits: ClassVar[frozenset[Folder]] = frozenset({Folder.QUARANTINE})
    permission = Permission.QUARANTINE_MANAGE
    propose_permission = Permission.QUARANTINE_MANAGE
    event_action = "Quarantine release"
    undoable = False
    from_quarantine = True
    order = 90

    def unreachable(self, location: str) -> str:
        """What the lake says counts nothing here: the quarantine's own list says what it holds."""
        return ""
