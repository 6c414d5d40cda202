"""How a remediation begins and ends (EA-62)."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchfloor.response.contracts import RUNNING, RemediationStatus
from watchfloor.response.late import run_again
from watchfloor.response.models import LateWatch, Remediation
from watchfloor.response.not_removed import tell_not_removed

S = RemediationStatus


def begin(remediation_id: UUID, *, now: datetime) -> Remediation:
    """Mark it in progress, unless somebody asked to stop it meanwhile."""
    waiting = Remediation.objects.filter(pk=remediation_id, status__in=[S.STARTED.value, S.QUEUED.value])
    waiting.update(status=S.IN_PROGRESS.value)
    Remediation.objects.filter(pk=remediation_id, started_at=None).update(started_at=now)
    return Remediation.objects.get(pk=remediation_id)


def finish(remediation_id: UUID, *, now: datetime, trouble: str = "") -> Remediation:
    """Completed, Stopped, or Failed with `trouble` saying why. Finishing twice changes nothing."""
    with transaction.atomic():
        remediation = Remediation.objects.select_for_update().get(pk=remediation_id)
        if remediation.status not in RUNNING:
            return remediation
        if not trouble and _came_late(remediation):
            run_again(remediation)
            return remediation
        remediation.status = _ending(remediation, trouble).value
        remediation.why = trouble or _nothing_worked(remediation)
        remediation.finished_at = now
        remediation.save(update_fields=["status", "why", "finished_at"])
        tell_not_removed(remediation, now=now)
        if (
            remediation.undo_of_id
            and remediation.status == S.COMPLETED
            and not remediation.failed
            and not remediation.rows
        ):
            Remediation.objects.filter(pk=remediation.undo_of_id).update(status=S.UNDONE.value)
    return remediation


def _came_late(remediation: Remediation) -> bool:
    """Lines were added after the last batch, and nobody asked to stop."""
    watched = LateWatch.objects.filter(remediation=remediation, caught__gt=0).exists()
    return watched and remediation.status != S.STOPPING and remediation.counts.pending > 0


def _ending(remediation: Remediation, trouble: str) -> RemediationStatus:
    if trouble or _nothing_worked(remediation):
        return S.FAILED
    return S.STOPPED if remediation.counts.pending or not remediation.frozen_at else S.COMPLETED


def _nothing_worked(remediation: Remediation) -> str:
    tried = remediation.total - remediation.skipped - remediation.counts.pending
    if tried and remediation.failed == tried:
        return f"every {'account' if remediation.on_accounts else 'message'} failed; the ledger says why for each"
    return ""
