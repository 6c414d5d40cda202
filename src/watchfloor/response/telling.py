"""The informational alert that an administrator acted on mail (EA-60), so that whoever watches incidents sees it there."""

from datetime import datetime

from watchfloor.detection.contracts import Evidence, EvidenceType, Finding
from watchfloor.detection.services import report_findings
from watchfloor.response.catalogue import any_action_of
from watchfloor.response.models import Remediation

RULE = "administrative-action"
TITLE = "Administrative action submitted by an Administrator"
PREFIX = "admin-action:"
MOST_EVIDENCE = 50


def key_of(remediation: Remediation) -> str:
    """The finding's key: one alert per remediation."""
    return f"{PREFIX}{remediation.pk}"


def tell_of_action(remediation: Remediation, *, now: datetime) -> None:
    """Raise it, in the caller's transaction; for what a person began by themselves on mail, once."""
    if remediation.on_accounts or remediation.undo_of_id or not remediation.decided_by.startswith("person:"):
        return
    report_findings([_finding(remediation, now)], now=now)


def _finding(remediation: Remediation, now: datetime) -> Finding:
    messages = sorted({row.network_message_id for row in remediation.targets.rows})
    mailboxes = sorted({row.recipient for row in remediation.targets.rows})
    evidence = [Evidence(EvidenceType.ANALYZED_MESSAGE, one, role="contextual") for one in messages[:MOST_EVIDENCE]]
    evidence += [Evidence(EvidenceType.MAILBOX, one, verdict="unknown") for one in mailboxes[:MOST_EVIDENCE]]
    label = any_action_of(remediation.action).label
    said = f"{remediation.decided_by_name}: {label}, {remediation.expected:,} messages: {remediation.sentence}"
    return Finding(
        position=0,
        key=key_of(remediation),
        rule_id=RULE,
        title=TITLE,
        severity="informational",
        category="SuspiciousActivity",
        description=f"{said}. Approval ID {remediation.approval_id}.",
        techniques=(),
        first_activity=now,
        last_activity=now,
        evidence=tuple(evidence),
        aggregation_key=str(remediation.pk),
        explanation=tuple(
            words
            for words in (f"Reason: {remediation.reason}" if remediation.reason else "", f"Action: {label}")
            if words
        ),
        omitted=max(0, len(messages) - MOST_EVIDENCE) + max(0, len(mailboxes) - MOST_EVIDENCE),
        incident=int(remediation.incident_id) if remediation.incident_id.isdecimal() else None,
    )
