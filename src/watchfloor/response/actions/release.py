"""Release from quarantine (QU-10): what lists and verbs of the quarantine start, never chosen in the wizard."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from watchfloor.access.contracts import Permission
from watchfloor.connectors.contracts import Folder
from watchfloor.response.action import MailAction
from watchfloor.response.quarantine.released import note_released

if TYPE_CHECKING:
    from watchfloor.response.models import LedgerLine, Remediation


class Release(MailAction):
    """Held copies go back: into the folder they were taken from, or through the mail server that delivers."""

    key = "release"
    label = "Release from quarantine"
    description = (
        "Gives the message to its recipients: back into its folder, or by the mail server that delivers released mail."
    )
    icon = "mail-forward"
    destination = None
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

    def settled(self, remediation: "Remediation", lines: Sequence["LedgerLine"]) -> None:
        note_released(remediation, lines)
