"""What the lake tells for the tree of an alert's story; each table is asked only of who may read it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from watchfloor.access.contracts import Actor
from watchfloor.incidents.alert_tree import Branch, Told, activity_tree, mail_tree, pane_of, process_tree
from watchfloor.incidents.contracts import AlertSummary, EvidenceItem
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query

MOST_MAILS = 200
MOST_ROWS = 500
MOST_DEVICES = 3
BEFORE, AFTER = timedelta(days=1), timedelta(days=30)
NEAR = timedelta(minutes=30)
COLUMNS = {
    "EmailEvents": (
        *("Timestamp", "NetworkMessageId", "SenderFromAddress", "SenderIP", "Subject", "ThreatTypes"),
        *("RecipientEmailAddress", "LatestDeliveryLocation"),
    ),
    "EmailUrlInfo": ("Timestamp", "NetworkMessageId", "Url"),
    "EmailAttachmentInfo": ("Timestamp", "NetworkMessageId", "FileName", "SHA256", "ThreatTypes", "ThreatNames"),
    "UrlClickEvents": ("Timestamp", "NetworkMessageId", "Url", "AccountUpn", "ActionType"),
    "EmailPostDeliveryEvents": (
        *("Timestamp", "NetworkMessageId", "RecipientEmailAddress", "Action", "ActionType", "ActionResult"),
    ),
    "DeviceProcessEvents": (
        *("Timestamp", "ProcessId", "FileName", "ProcessCommandLine", "SHA256", "AccountName"),
        *("InitiatingProcessId", "InitiatingProcessFileName"),
    ),
}


def story_tree(alert: AlertSummary, items: Sequence[EvidenceItem], *, actor: Actor) -> list[Branch]:
    """The tree; five questions for mail, one for each of at most three devices."""
    pane = pane_of(alert.incident_id, ((one.type, one.value) for one in items))
    found: list[Branch] = []
    if told := _mail(alert, items, actor):
        found += mail_tree(told, pane)
    for device in [one.value for one in items if one.type == "device"][:MOST_DEVICES]:
        found.append(process_tree(device, _processes(alert, device, actor), pane))
    return found or activity_tree(alert.activities, pane)


def _mail(alert: AlertSummary, items: Sequence[EvidenceItem], actor: Actor) -> Told | None:
    ids = tuple(one.value for one in items if one.type == "analyzedMessage")[:MOST_MAILS]
    if not ids:
        return None
    start, end = alert.first_activity - BEFORE, alert.last_activity + BEFORE

    def rows(table: str, *, later: bool = False) -> list[dict[str, Any]]:
        within = (Condition("NetworkMessageId", Operator.EQUAL_ANY, ids),)
        return _rows(Query(table, start, end + AFTER if later else end, within), actor)

    return Told(
        rows("EmailEvents"),
        rows("EmailUrlInfo"),
        rows("EmailAttachmentInfo"),
        rows("UrlClickEvents", later=True),
        rows("EmailPostDeliveryEvents", later=True),
    )


def _processes(alert: AlertSummary, device: str, actor: Actor) -> list[dict[str, Any]]:
    named = (Condition("DeviceName", Operator.EQUAL_ANY, (device,)),)
    return _rows(Query("DeviceProcessEvents", alert.first_activity - NEAR, alert.last_activity + NEAR, named), actor)


def _rows(query: Query, actor: Actor) -> list[dict[str, Any]]:
    if not actor.may(lake.table(query.table).permission):
        return []
    return list(lake.rows(query, columns=COLUMNS[query.table], descending=False, limit=MOST_ROWS))
