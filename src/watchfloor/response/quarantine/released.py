"""What a release makes of held copies, in the transaction that stores its lines."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from watchfloor.response.contracts import LineStatus, Row
from watchfloor.response.quarantine.contracts import HELD, CopyStatus
from watchfloor.response.quarantine.holding import follow_copies
from watchfloor.response.quarantine.locking import lock_copies
from watchfloor.response.quarantine.models import QuarantinedCopy, ReleaseHandover, ReleaseOrder

if TYPE_CHECKING:
    from watchfloor.response.models import LedgerLine, Remediation

GIVEN = frozenset({LineStatus.MOVED, LineStatus.ALREADY, LineStatus.CHANGED})


def note_released(remediation: "Remediation", lines: Sequence["LedgerLine"]) -> None:
    """Copies of lines that went well are released; with `only_copy` they stay held, and say who got one."""
    given = {line.row: line for line in lines if line.status in GIVEN}
    if not given:
        return
    order = ReleaseOrder.objects.filter(remediation=remediation).first()
    names = {row.network_message_id for row in given}
    wanted = QuarantinedCopy.objects.filter(release=remediation, mail__network_message_id__in=names)
    copies = [
        copy
        for copy in lock_copies(wanted.values_list("pk", flat=True))
        if copy.status in HELD and Row(copy.mail.network_message_id, copy.recipient) in given
    ]
    to = _handed(remediation, copies)
    for copy in copies:
        line = given[Row(copy.mail.network_message_id, copy.recipient)]
        addresses = to.get(copy.pk, [])
        if order is None or not order.only_copy:
            copy.status = CopyStatus.RELEASED.value
            addresses = [copy.recipient, *(one for one in addresses if one != copy.recipient)]
        copy.released_at = line.at
        copy.released_by = remediation.decided_by_name or remediation.created_by_name
        copy.released_to = [*copy.released_to, *(one for one in addresses if one not in copy.released_to)]
    QuarantinedCopy.objects.bulk_update(copies, ["status", "released_at", "released_by", "released_to"], batch_size=200)
    follow_copies({copy.mail_id for copy in copies})


def _handed(remediation: "Remediation", copies: Sequence[QuarantinedCopy]) -> dict[int, list[str]]:
    """Whom each copy was handed to, by copy."""
    found: dict[int, list[str]] = {}
    accepted = ReleaseHandover.objects.filter(
        remediation=remediation, copy__in=[copy.pk for copy in copies], state="accepted"
    )
    for copy, address in accepted.values_list("copy_id", "address"):
        found.setdefault(copy, []).append(address)
    return found
