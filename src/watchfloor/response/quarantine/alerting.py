"""Requests of recipients as rows of the lake: the rule “User asked for the release of a quarantined mail” makes alerts of them (QU-35)."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from watchfloor.lake.services import append
from watchfloor.response.quarantine.models import QuarantinedCopy

APPLICATION = "Watchfloor"
ACTION = "quarantine.request_release"


def tell_of_requests(copies: Sequence[QuarantinedCopy], *, at: datetime) -> None:
    """Write these requests down, in the caller's transaction."""
    append("CloudAppEvents", [_row(copy, at) for copy in copies])


def _row(copy: QuarantinedCopy, at: datetime) -> dict[str, Any]:
    mail = copy.mail
    said = {
        "NetworkMessageId": mail.network_message_id,
        "InternetMessageId": mail.internet_message_id,
        "Subject": mail.subject,
        "Sender": mail.sender or mail.mail_from,
        "QuarantineReason": mail.reason,
        "Comment": copy.requested_why[:500],
    }
    return {
        "Timestamp": at,
        "ActionType": ACTION,
        "Application": APPLICATION,
        "AccountId": copy.recipient,
        "AccountDisplayName": copy.recipient,
        "IsAdminOperation": False,
        "ActivityType": "Request",
        "ObjectName": mail.subject or "(no subject)",
        "ObjectType": "Email",
        "ObjectId": mail.network_message_id,
        "ReportId": f"quarantine-request-{copy.pk}-{at:%Y%m%d%H%M%S%f}",
        "RawEventData": json.dumps(said, ensure_ascii=False),
        "AuditSource": "Quarantine",
    }
