"""Alerts and their evidence as rows of AlertInfo and AlertEvidence, in Defender's values."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from watchfloor.detection.contracts import Evidence, EvidenceType
from watchfloor.incidents.models import Alert

SERVICE = "Watchfloor"
DETECTION = "Alert policies"
ENTITY_TYPES = {
    EvidenceType.ANALYZED_MESSAGE: "MailMessage",
    EvidenceType.MAIL_CLUSTER: "MailCluster",
    EvidenceType.MAILBOX: "Mailbox",
    EvidenceType.USER: "User",
    EvidenceType.SENDER: "MailSender",
    EvidenceType.URL: "Url",
    EvidenceType.FILE: "File",
    EvidenceType.IP: "Ip",
    EvidenceType.DEVICE: "Machine",
    EvidenceType.APPLICATION: "CloudApplication",
}


def alert_info(alert: Alert) -> dict[str, Any]:
    """The row of an alert; its Timestamp is when it was raised."""
    return {
        "Timestamp": alert.created_at,
        "AlertId": alert.alert_id,
        "Title": alert.title,
        "Category": alert.category,
        "Severity": alert.severity.capitalize(),
        "ServiceSource": SERVICE,
        "DetectionSource": alert.source or DETECTION,
        "AttackTechniques": alert.techniques,
        "Description": alert.description,
    }


def alert_evidence(alert: Alert, items: Sequence[Evidence], *, at: datetime) -> list[dict[str, Any]]:
    """One row per entity."""
    common = {
        "Timestamp": at,
        "AlertId": alert.alert_id,
        "Title": alert.title,
        "Categories": [alert.category],
        "AttackTechniques": alert.techniques,
        "ServiceSource": SERVICE,
        "DetectionSource": alert.source or DETECTION,
        "Severity": alert.severity.capitalize(),
    }
    return [common | _entity(item) for item in items]


def _entity(item: Evidence) -> dict[str, Any]:
    source = item.role == "source"
    row: dict[str, Any] = {
        "EntityType": ENTITY_TYPES[item.type],
        "EvidenceRole": "Related" if source or item.role == "contextual" else "Impacted",
        "EvidenceDirection": "Source" if source else "Destination",
        "AdditionalFields": json.dumps({"Verdict": item.verdict, "Role": item.role, "Label": item.label}),
    }
    if item.type in (EvidenceType.MAILBOX, EvidenceType.USER, EvidenceType.SENDER):
        name, _, domain = item.value.rpartition("@")
        return row | {"AccountUpn": item.value, "AccountName": name, "AccountDomain": domain}
    if item.type == EvidenceType.ANALYZED_MESSAGE:
        return row | {"NetworkMessageId": item.value, "EmailSubject": item.label}
    if item.type == EvidenceType.FILE:
        return row | {"SHA256": item.value, "FileName": item.label}
    columns = {
        EvidenceType.URL: "RemoteUrl",
        EvidenceType.IP: "RemoteIP",
        EvidenceType.DEVICE: "DeviceName",
        EvidenceType.APPLICATION: "Application",
    }
    column = columns.get(item.type, "EmailSubject")
    return row | {column: item.value if column != "EmailSubject" else item.label}
