"""Proposals nobody decided are brought to mind again, never dropped (AC-11, LM-08): written down, told by mail and by an alert."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import rights_by_email, system_actor
from watchfloor.access.services import audit_verb, record
from watchfloor.connectors.services import can_send, send_mail
from watchfloor.detection.contracts import Finding
from watchfloor.detection.services import report_findings
from watchfloor.kernel.errors import BadInput, NotConfigured
from watchfloor.kernel.text import visible
from watchfloor.response.catalogue import any_action_of
from watchfloor.response.contracts import RemediationStatus
from watchfloor.response.models import Remediation
from watchfloor.response.rescue import permission_to_change
from watchfloor.response.selectors import policy

audit_verb("remediation.remind", "{actor} brought the proposal {target} to mind again")

log = logging.getLogger(__name__)
MIND = system_actor("reminders", Permission.EMAIL_ACTION_PROPOSE)
AT_ONCE = 100
MOST_TOLD = 20
RULE = "proposal-waits"


def ask_again(*, now: datetime) -> int:
    """Bring to mind what has waited as many days as the policy says, since it was made or last asked; returns how many."""
    days = policy().asks_again_days
    if not days:
        return 0
    before = now - timedelta(days=days)
    waiting = Remediation.objects.filter(status=RemediationStatus.PENDING.value).filter(
        Q(asked_at=None, created_at__lte=before) | Q(asked_at__lte=before)
    )
    return sum(_ask(one, now=now) for one in waiting.order_by("created_at")[:AT_ONCE])


def _ask(one: Remediation, *, now: datetime) -> bool:
    """Re-date it once, and tell in the same transaction: cut off, it is asked again; twice, it is told once."""
    with transaction.atomic():
        mine = Remediation.objects.filter(pk=one.pk, status=RemediationStatus.PENDING.value, asks=one.asks)
        if not mine.update(asked_at=now, asks=F("asks") + 1):
            return False
        one.refresh_from_db()
        report_findings([_finding(one, now)], now=now)
        told = _mail(one, now=now)
        record(
            by=MIND,
            verb="remediation.remind",
            outcome="success",
            target_type="remediation",
            target=one.name,
            after={"id": str(one.pk), "asked": one.asks, "told": told},
        )
    return True


def _finding(one: Remediation, now: datetime) -> Finding:
    days = (now - one.created_at).days
    return Finding(
        position=0,
        key=f"proposal-waits:{one.pk}:{one.asks}"[:64],
        rule_id=RULE,
        title="A proposed action waits for a decision",
        severity="informational",
        category="SuspiciousActivity",
        description=f"“{one.name}” ({any_action_of(one.action).label}, {one.expected:,} {one.noun}) by {one.created_by_name} "
        f"has waited {days} days in the action center. Approval ID {one.approval_id}.",
        techniques=(),
        first_activity=now,
        last_activity=now,
        evidence=(),
        aggregation_key=str(one.pk),
        aggregation_seconds=30 * 86400,
        incident=int(one.incident_id) if one.incident_id.isdecimal() else None,
    )


def _mail(one: Remediation, *, now: datetime) -> list[str]:
    """One mail to those who may decide it; nobody when nothing sends mail."""
    right = permission_to_change(one)
    deciders = sorted(email for email, rights in rights_by_email().items() if right in rights)[:MOST_TOLD]
    if not deciders or not can_send():
        return []
    text = (
        f"{visible(one.name)}\n\n{any_action_of(one.action).label}: {one.expected:,} {one.noun}, {visible(one.sentence)}\n"
        f"Proposed by {visible(one.created_by_name)} on {one.created_at:%Y-%m-%d}. Reason: {visible(one.reason) or 'none given'}\n\n"
        f"It waits in the action center, under Pending, approval ID {one.approval_id}. It does not expire.\n"
    )
    try:
        send_mail(
            to=deciders,
            subject=f"Waits for a decision: {visible(one.name)}"[:200],
            text=text,
            dedup_key=f"proposal-{one.pk}-{one.asks}",
            now=now,
        )
    except (BadInput, NotConfigured) as error:
        log.warning("nobody could be told of %s: %s", one.pk, error)
        return []
    return deciders
