"""Reports and submissions as rows of the lake: CloudAppEvents, where Defender keeps them, and EmailPostDeliveryEvents. Pure."""

import json
from typing import Any

from watchfloor.response.submissions.contracts import Reason
from watchfloor.response.submissions.models import Submission, UserReport

APPLICATION = "Watchfloor"


def of_report(report: UserReport) -> dict[str, Any]:
    """The report as CloudAppEvents tell it (ActionType UserSubmission)."""
    said = {
        "SubmissionId": f"report-{report.pk}",
        "NetworkMessageId": report.network_message_id,
        "InternetMessageId": report.internet_message_id,
        "Subject": report.subject,
        "P2Sender": report.sender,
        "SenderIP": report.sender_ip,
        "ReportType": report.reason,
        "ReportedFrom": report.reported_from,
        "Via": report.via,
        "Comment": report.comment[:500],
    }
    return {
        "Timestamp": report.reported_at,
        "ActionType": "UserSubmission",
        "Application": APPLICATION,
        "AccountId": report.reporter,
        "AccountDisplayName": report.reporter_name or report.reporter,
        "IsAdminOperation": False,
        "ActivityType": "Submission",
        "ObjectName": report.subject,
        "ObjectType": "Email",
        "ObjectId": report.network_message_id,
        "ReportId": f"user-report-{report.pk}",
        "RawEventData": json.dumps(said, ensure_ascii=False),
        "AuditSource": report.via,
    }


def of_submission(row: Submission) -> dict[str, Any]:
    """An analyst's submission as CloudAppEvents tell it (ActionType AdminSubmission)."""
    said = {
        "SubmissionId": str(row.pk),
        "SubmissionType": row.kind,
        "NetworkMessageId": row.network_message_id,
        "Subject": row.name,
        "P2Sender": row.sender,
        "Value": row.value[:2000],
        "SubmissionState": row.said,
        "Result": row.result,
        "Origin": row.origin,
    }
    return {
        "Timestamp": row.at,
        "ActionType": "AdminSubmission",
        "Application": APPLICATION,
        "AccountId": row.by_id,
        "AccountDisplayName": row.by,
        "IsAdminOperation": True,
        "ActivityType": "Submission",
        "ObjectName": row.name or row.value[:1000],
        "ObjectType": {"mail": "Email", "url": "URL"}.get(row.kind, "File"),
        "ObjectId": row.network_message_id or row.sha256 or row.value[:1000],
        "ReportId": f"admin-submission-{row.pk}",
        "RawEventData": json.dumps(said, ensure_ascii=False),
        "AuditSource": row.origin,
    }


def post_delivery(report: UserReport) -> dict[str, Any]:
    """The report as something that happened to the mail: it feeds the alert policy, the timeline and Explorer."""
    return {
        "Timestamp": report.reported_at,
        "NetworkMessageId": report.network_message_id,
        "InternetMessageId": report.internet_message_id,
        "Action": Reason(report.reason).action,
        "ActionType": "User reported",
        "ActionTrigger": "User",
        "ActionResult": "Success",
        "RecipientEmailAddress": report.reporter,
        "ReportId": f"user-report-{report.pk}",
    }
