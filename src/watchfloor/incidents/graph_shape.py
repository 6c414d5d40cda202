"""Alerts and incidents in the JSON of Microsoft Graph security, as webhooks carry them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from watchfloor.detection.contracts import EvidenceType
from watchfloor.incidents.contracts import AlertSummary, EvidenceItem, IncidentSummary
from watchfloor.incidents.facets import OWN

MOST_EVIDENCE = 100
LONGEST = 2000
_KIND = "#microsoft.graph.security."


def alert_resource(alert: AlertSummary, evidence: Sequence[EvidenceItem], *, address: str) -> dict[str, Any]:
    """The `alert` resource; at most MOST_EVIDENCE entities. `address` is where this product is reached, without a closing slash."""
    return {
        "@odata.type": f"{_KIND}alert",
        "id": alert.alert_id,
        "incidentId": str(alert.incident_id),
        "title": alert.title,
        "description": alert.description[:LONGEST],
        "severity": alert.severity,
        "status": alert.status,
        "classification": alert.classification or None,
        "determination": alert.determination or None,
        "category": alert.category,
        "mitreTechniques": list(alert.techniques),
        "serviceSource": "watchfloor",
        "detectionSource": alert.source or OWN,
        "detectorId": alert.rule_id,
        "assignedTo": alert.assigned_name or None,
        "createdDateTime": _moment(alert.created_at),
        "firstActivityDateTime": _moment(alert.first_activity),
        "lastActivityDateTime": _moment(alert.last_activity),
        "alertWebUrl": f"{address}{alert.href}",
        "incidentWebUrl": f"{address}/incidents/{alert.incident_id}",
        "additionalData": {"hits": alert.hits, "impactedAccounts": alert.impacted_count},
        "evidence": [evidence_resource(one) for one in evidence[:MOST_EVIDENCE]],
    }


def incident_resource(incident: IncidentSummary, *, address: str) -> dict[str, Any]:
    """The `incident` resource."""
    return {
        "@odata.type": f"{_KIND}incident",
        "id": str(incident.id),
        "displayName": incident.name,
        "severity": incident.severity,
        "status": incident.status,
        "classification": incident.classification or None,
        "determination": incident.determination or None,
        "customTags": [text for text, kind in incident.tags if kind == "custom"],
        "systemTags": [text for text, kind in incident.tags if kind != "custom"],
        "assignedTo": incident.assigned_name or None,
        "createdDateTime": _moment(incident.created_at),
        "lastUpdateDateTime": _moment(incident.updated_at),
        "incidentWebUrl": f"{address}{incident.href}",
        "additionalData": {
            "alerts": incident.alerts,
            "users": incident.users,
            "mailboxes": incident.mailboxes,
            "categories": list(incident.categories),
        },
    }


def evidence_resource(item: EvidenceItem) -> dict[str, Any]:
    """One entity as Graph's evidence of its kind."""
    common = {"verdict": item.verdict, "roles": [item.role], "createdDateTime": _moment(item.first_seen)}
    value, label = item.value[:LONGEST], item.label
    shapes: dict[str, tuple[str, dict[str, Any]]] = {
        EvidenceType.ANALYZED_MESSAGE: ("analyzedMessage", {"networkMessageId": value, "subject": label}),
        EvidenceType.MAIL_CLUSTER: ("mailCluster", {"networkMessageIds": [], "clusterBy": value}),
        EvidenceType.MAILBOX: ("mailbox", {"primaryAddress": value}),
        EvidenceType.USER: ("user", {"userAccount": {"userPrincipalName": value, "displayName": label}}),
        EvidenceType.SENDER: ("analyzedMessage", {"p2Sender": {"emailAddress": value, "displayName": label}}),
        EvidenceType.URL: ("url", {"url": value}),
        EvidenceType.FILE: ("file", {"fileDetails": {"sha256": value, "fileName": label}}),
        EvidenceType.IP: ("ip", {"ipAddress": value}),
        EvidenceType.DEVICE: ("device", {"deviceDnsName": value}),
        EvidenceType.APPLICATION: ("cloudApplication", {"displayName": value}),
    }
    kind, fields = shapes[item.type]
    return {"@odata.type": f"{_KIND}{kind}Evidence", **fields, **common}


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
