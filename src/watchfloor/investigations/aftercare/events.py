"""Investigations and restrictions as rows of the lake, where hunting, custom detections and every export to a SIEM read (AI-86)."""

import json
from datetime import datetime
from typing import Any

from watchfloor.access.contracts import Actor
from watchfloor.investigations.aftercare.models import Restriction
from watchfloor.investigations.models import Investigation
from watchfloor.lake import services as lake

APPLICATION = "Watchfloor"
RECORD_TYPE = 64
"""AirInvestigation in the schema of Microsoft 365's audit log, so that what reads those reads ours."""


def tell_investigation(one: Investigation, *, at: datetime) -> None:
    """One row for each status an investigation reaches."""
    said = {
        "RecordType": RECORD_TYPE,
        "Operation": "AirInvestigationData",
        "InvestigationId": one.pk,
        "InvestigationName": one.name,
        "InvestigationType": one.kind,
        "Playbook": one.playbook,
        "Status": one.status,
        "Verdict": one.verdict,
        "ThreatCount": one.threats,
        "ActionCount": one.actions,
        "Users": one.users[:20],
        "IncidentId": one.incident_id,
        "StartTimeUtc": _iso(one.started_at or one.created_at),
        "EndTimeUtc": _iso(one.ended_at),
        "LastUpdateTimeUtc": _iso(one.changed_at),
        "DeepLinkUrl": one.href,
    }
    row = _row("AirInvestigationData", "Investigation", said, at=at)
    row |= {
        "AccountId": one.created_by,
        "AccountDisplayName": one.created_by_name,
        "ObjectName": one.name,
        "ObjectType": "Investigation",
        "ObjectId": str(one.pk),
        "ReportId": f"investigation-{one.pk}-{one.run}-{one.status}-{at.isoformat()}",
    }
    lake.append("CloudAppEvents", [row])


def tell_restriction(one: Restriction, *, by: Actor, restricted: bool, at: datetime) -> None:
    """One row when somebody is kept from sending, one when they are let again."""
    said = {"Address": one.address, "Why": one.why, "Reason": one.release_reason, "AlertId": one.alert_id}
    verb = "RestrictSending" if restricted else "ReleaseSending"
    row = _row(verb, "Sending restriction", said, at=at)
    row |= {
        "AccountId": by.id,
        "AccountDisplayName": by.name,
        "ObjectName": one.address,
        "ObjectType": "Mailbox",
        "ObjectId": one.address,
        "ReportId": f"restriction-{one.pk}-{verb}",
    }
    lake.append("CloudAppEvents", [row])


def _row(action: str, activity: str, said: dict[str, Any], *, at: datetime) -> dict[str, Any]:
    return {
        "Timestamp": at,
        "ActionType": action,
        "ActivityType": activity,
        "Application": APPLICATION,
        "IsAdminOperation": True,
        "RawEventData": json.dumps(said, ensure_ascii=False),
        "AuditSource": APPLICATION,
    }


def _iso(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
