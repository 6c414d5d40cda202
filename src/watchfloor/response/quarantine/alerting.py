"""The alert “User requested release” (QU-35): one per mail, however many of its recipients ask."""

from collections.abc import Sequence
from datetime import datetime

from watchfloor.detection.contracts import Evidence, EvidenceType, Finding
from watchfloor.detection.services import report_findings
from watchfloor.response.quarantine.models import QuarantinedCopy

RULE = "quarantine-release-requested"


def tell_of_requests(copies: Sequence[QuarantinedCopy], *, at: datetime) -> int:
    """Report these requests, in the caller's transaction; returns how many are new."""
    return report_findings([_finding(copy, at) for copy in copies], now=at)


def _finding(copy: QuarantinedCopy, at: datetime) -> Finding:
    mail = copy.mail
    evidence = [Evidence(EvidenceType.MAILBOX, copy.recipient)]
    if mail.network_message_id:
        evidence.insert(0, Evidence(EvidenceType.ANALYZED_MESSAGE, mail.network_message_id, label=mail.subject[:200]))
    why = f"; they wrote: {copy.requested_why[:300]}" if copy.requested_why else ""
    return Finding(
        position=0,
        key=f"{RULE}-{copy.pk}-{at:%Y%m%d%H%M%S}",
        rule_id=RULE,
        title="User requested to release a quarantined message",
        severity="informational",
        category="SuspiciousActivity",
        description=(
            f"{copy.recipient} asks for the mail “{mail.subject[:200]}” from {mail.sender or mail.mail_from}, quarantined as "
            f"{mail.reason}{why}. Approve or deny it on the quarantine page."
        ),
        techniques=(),
        first_activity=at,
        last_activity=at,
        evidence=tuple(evidence),
        aggregation_key=f"{RULE}-{mail.pk}",
        explanation=(f"{copy.recipient} requested the release",),
    )
