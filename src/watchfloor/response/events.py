"""Ledger lines as rows of EmailPostDeliveryEvents, the lake's word on where a message lies now."""

from collections.abc import Iterable
from typing import Any

from watchfloor.connectors.contracts import Folder
from watchfloor.response.action import MailAction
from watchfloor.response.contracts import ActionSource, LineStatus
from watchfloor.response.models import LedgerLine, Remediation

RESULTS = {
    LineStatus.MOVED: "Success",
    LineStatus.DELETED: "Success",
    LineStatus.ALREADY: "Already in destination",
    LineStatus.MISSING: "Not found",
}


def events_of(remediation: Remediation, action: MailAction, lines: Iterable[LedgerLine]) -> list[dict[str, Any]]:
    """One row per line that tells the lake something new; failures and what was never touched tell nothing.

    A copy found already in its destination, or nowhere, is news only when the lake believed otherwise: so the latest
    location follows what people did in their mailboxes (LM-07).
    """
    if not action.mailboxes:
        return []
    automatic = remediation.source == ActionSource.AUTOMATED
    rows = []
    for line in lines:
        location = location_after(action, line)
        status = LineStatus(line.status)
        if status not in RESULTS or (status in {LineStatus.ALREADY, LineStatus.MISSING} and location == line.location):
            continue
        rows.append(
            {
                "Timestamp": line.at,
                "NetworkMessageId": line.network_message_id,
                "InternetMessageId": line.message_id,
                "Action": action.event_action,
                "ActionType": remediation.event_type
                or ("Automated Remediation" if automatic else "Manual Remediation"),
                "ActionTrigger": "ZAP" if remediation.event_type else "Automation" if automatic else "AdminAction",
                "ActionResult": RESULTS[status],
                "RecipientEmailAddress": line.recipient,
                "DeliveryLocation": location,
                "SourceLocation": line.location,
                # What a late verdict says is newer than what the mail was stored with.
                "ThreatTypes": remediation.event_type.removesuffix(" ZAP") or line.threats,
                "DetectionMethods": line.methods,
                "ReportId": report_id(line),
            }
        )
    return rows


def report_id(line: LedgerLine) -> str:
    """The ReportId of this line's row in the lake."""
    return f"{line.remediation_id}-{line.pk}"


def location_after(action: MailAction, line: LedgerLine) -> str:
    """Where the message lies after this line, in Defender's words."""
    if line.status == LineStatus.MISSING:
        return Folder.UNKNOWN.value
    if action.destination is not None:
        return action.destination.value
    return str(line.origin[0]["folder"]) if line.origin else Folder.UNKNOWN.value
