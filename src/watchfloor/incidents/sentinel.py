"""Incidents as rows of SecurityIncident, in Sentinel's words: one row per incident, as it stands when it is asked for.

Where Sentinel adds a row at each change, we keep one; `TimeGenerated` is the last change. Six queries, whatever their number.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.conf import settings

from watchfloor.access.selectors import people
from watchfloor.incidents.contracts import Classification, IncidentStatus
from watchfloor.incidents.models import Alert, Comment, HistoryEntry, Incident, Tag
from watchfloor.lake.services import give_rows

PROVIDER = "Watchfloor"
CREATED = "Incident created from alert"
"""Sentinel's word for who changed an incident nobody touched since."""
STATUS = {
    IncidentStatus.ACTIVE: "New",
    IncidentStatus.IN_PROGRESS: "Active",
    IncidentStatus.RESOLVED: "Closed",
    IncidentStatus.REDIRECTED: "Closed",
}
CLASSIFICATION = {
    Classification.TRUE_POSITIVE: ("TruePositive", "SuspiciousActivity"),
    Classification.EXPECTED: ("BenignPositive", "SuspiciousButExpected"),
    Classification.FALSE_POSITIVE: ("FalsePositive", "IncorrectAlertLogic"),
}
REASON = {"notEnoughDataToValidate": "InaccurateData"}
"""Where a determination says more than the classification."""


def incident_rows() -> Iterator[dict[str, Any]]:
    """Every incident, oldest first."""
    alerts = _by_incident(
        Alert.objects.order_by("id").values("incident", "alert_id", "rule_id", "category", "techniques")
    )
    tags = _by_incident(Tag.objects.order_by("text").values("incident", "text", "kind"))
    comments = _by_incident(
        Comment.objects.exclude(incident=None).order_by("at", "id").values("incident", "text", "author_name", "at")
    )
    said = HistoryEntry.objects.exclude(incident=None).order_by("at", "id")
    last = {row["incident"]: row for row in said.values("incident", "kind", "actor_name")}
    addresses = dict(people().order_by("pk").values_list("pk", "email"))
    for row in Incident.objects.filter(restricted="").order_by("pk"):
        entry: Mapping[str, Any] = last.get(row.pk) or {}
        yield {
            **_words(row),
            **_contents(alerts.get(row.pk, []), tags.get(row.pk, []), comments.get(row.pk, [])),
            "Owner": _owner(row, addresses),
            "ModifiedBy": CREATED if entry.get("kind") == "created" else entry.get("actor_name", ""),
        }


def _by_incident(rows: Iterable[Mapping[str, Any]]) -> dict[int, list[Mapping[str, Any]]]:
    found: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["incident"], []).append(row)
    return found


def _words(row: Incident) -> dict[str, Any]:
    """What the incident's own row says."""
    status = STATUS[IncidentStatus(row.status)]
    classification, reason = _classified(row, closed=status == "Closed")
    return {
        "TimeGenerated": row.updated_at,
        "IncidentName": str(row.pk),
        "IncidentNumber": str(row.pk),
        "ProviderIncidentId": str(row.pk),
        "ProviderName": PROVIDER,
        "Title": row.name,
        "Severity": row.severity.capitalize(),
        "Status": status,
        "Classification": classification,
        "ClassificationReason": reason,
        "ClassificationComment": row.resolution_note,
        "CreatedTime": row.created_at,
        "FirstActivityTime": row.first_activity,
        "LastActivityTime": row.last_activity,
        "FirstModifiedTime": row.created_at,
        "LastModifiedTime": row.updated_at,
        "ClosedTime": row.resolved_at,
        "IncidentUrl": f"{settings.WATCHFLOOR.address}/incidents/{row.pk}",
    }


def _classified(row: Incident, *, closed: bool) -> tuple[str, str]:
    """Sentinel's classification and reason; one that was closed without any is “Undetermined” there."""
    if not row.classification:
        return ("Undetermined", "") if closed else ("", "")
    classification, reason = CLASSIFICATION[Classification(row.classification)]
    return classification, REASON.get(row.determination, reason)


def _contents(
    alerts: list[Mapping[str, Any]], tags: list[Mapping[str, Any]], comments: list[Mapping[str, Any]]
) -> dict[str, Any]:
    """The lists: ids of alerts and rules, tags, comments, and the counts Sentinel keeps beside them."""
    return {
        "AlertIds": [alert["alert_id"] for alert in alerts],
        "RelatedAnalyticRuleIds": list(dict.fromkeys(alert["rule_id"] for alert in alerts)),
        "Labels": [
            {"labelName": tag["text"], "labelType": "User" if tag["kind"] == "custom" else "AutoAssigned"}
            for tag in tags
        ],
        "Comments": [
            {"message": one["text"], "author": {"name": one["author_name"]}, "createdTimeUtc": one["at"].isoformat()}
            for one in comments
        ],
        "AdditionalData": {
            "alertsCount": len(alerts),
            "bookmarksCount": 0,
            "commentsCount": len(comments),
            "alertProductNames": [PROVIDER] if alerts else [],
            "tactics": list(dict.fromkeys(alert["category"] for alert in alerts)),
            "techniques": list(dict.fromkeys(one for alert in alerts for one in alert["techniques"])),
        },
    }


def _owner(row: Incident, addresses: Mapping[int, str]) -> dict[str, Any]:
    """Sentinel's owner; all fields null for an incident nobody has."""
    kind, _, key = row.assigned_to.partition(":")
    address = addresses.get(int(key)) if kind == "person" and key.isdecimal() else None
    return {
        "objectId": row.assigned_to or None,
        "email": address,
        "assignedTo": row.assigned_name or None,
        "userPrincipalName": address,
    }


give_rows("SecurityIncident", incident_rows)
