"""What people do in Watchfloor itself as activities of an application, so that alert policies and hunts see them.

Rows of CloudAppEvents with Application “Watchfloor”, the verb of the audit log as ActionType. What is only read (a preview, a
page, a sign-in) stays in the audit log alone, which not everybody who hunts may read.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from watchfloor.access.selectors import AuditFilter, audit_entries
from watchfloor.detection.contracts import OwnActivity, Row
from watchfloor.lake.services import append
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor

READER = "own-activities"
APPLICATION = "Watchfloor"
TOLD = (
    *("alert_policy.", "alert_tuning.", "allow_block.", "click", "connection.", "custom_detection.", "detection."),
    *(
        "entry.",
        "exemption",
        "identity.",
        "list.",
        "person.",
        "quarantine",
        "reason.",
        "remediation.",
        "report_message.",
    ),
    *("response.", "role.", "rule.", "sigma.", "submission", "threshold.", "user_report", "verdict.", "zero"),
)
"""How the verbs begin that change something somebody may want to be told of."""
ONLY_READ = ("person.one_time_password", "quarantine.preview", "quarantine.headers", "quarantine.download")
OLDEST = timedelta(days=1)
AT_ONCE = 500


def tell_own_activities(*, now: datetime, limit: int = AT_ONCE) -> int:
    """Write down the next audit entries; returns how many were read. Those older than a day are passed over."""
    position = cursor_position(READER)
    found = list(audit_entries(AuditFilter()).filter(pk__gt=position).order_by("pk")[:limit])
    if not found:
        return 0
    rows = [row_of(one) for one in found if one.outcome != "attempt" and one.at > now - OLDEST and told(one.verb)]
    with transaction.atomic():
        if cursor_position(READER) != position:
            return 0
        append("CloudAppEvents", rows)
        move_cursor(READER, position=found[-1].pk)
    return len(found)


def tell_activities(found: Iterable[OwnActivity]) -> None:
    """Write down what the product saw of itself, in the caller's transaction."""
    rows = [_row(one) for one in found]
    if rows:
        append("CloudAppEvents", rows)


def _row(one: OwnActivity) -> Row:
    return {
        "Timestamp": one.at,
        "ActionType": one.verb,
        "Application": APPLICATION,
        "AccountId": one.account,
        "AccountDisplayName": one.account or APPLICATION,
        "AccountType": "System",
        "ActivityType": "Done",
        "ObjectName": one.object[:1000],
        "ObjectType": one.object_type,
        "ObjectId": one.object_id,
        "AuditSource": APPLICATION,
        "AdditionalFields": json.dumps(dict(one.more)) if one.more else "",
        "ReportId": one.id,
    }


def told(verb: str) -> bool:
    """Whether activities of this verb are shown beyond the audit log."""
    return verb.startswith(TOLD) and verb not in ONLY_READ


def row_of(entry: Any) -> Row:
    """An audit entry as a row; its before and after stay in the audit log."""
    return {
        "Timestamp": entry.at,
        "ActionType": entry.verb,
        "Application": APPLICATION,
        "AccountId": entry.actor_id,
        "AccountDisplayName": entry.actor_name,
        "AccountType": "System" if entry.actor_id.startswith("system") else "Admin",
        "IsAdminOperation": True,
        "IPAddress": entry.address,
        "ActivityType": "Failed" if entry.outcome != "success" else "Done",
        "ObjectName": entry.target[:1000],
        "ObjectType": entry.target_type,
        "AuditSource": "Watchfloor audit log",
        "ReportId": f"audit-{entry.pk}",
    }
