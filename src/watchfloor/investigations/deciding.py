"""People's decisions: approve or reject what is recommended, agree with what would be done, end an investigation."""

from datetime import datetime

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited, authorise
from watchfloor.intelligence.contracts import Effect
from watchfloor.intelligence.contracts import Kind as EntryKind
from watchfloor.intelligence.services import add_entry
from watchfloor.investigations.contracts import RecommendationStatus, Status, WishKind
from watchfloor.investigations.following import settled
from watchfloor.investigations.models import Investigation, Recommendation
from watchfloor.kernel.errors import Conflict, NotFound
from watchfloor.response import services as response

audit_verb("recommendation.approve", "{actor} approved the recommendation {target}")
audit_verb("recommendation.reject", "{actor} rejected the recommendation {target}")
audit_verb("recommendation.agree", "{actor} said whether they agree with {target}")

R = RecommendationStatus


def _pending(pk: int, *, status: RecommendationStatus = R.PENDING) -> Recommendation:
    found = Recommendation.objects.select_related("investigation").filter(pk=pk).first()
    if found is None:
        raise NotFound("there is no such recommendation", place=str(pk))
    if found.status != status:
        raise Conflict(f"“{found.title}” was decided already: it is {found.status.lower()}")
    return found


def approve(*, by: Actor, recommendation: int, reason: str = "", at: datetime) -> Recommendation:
    """Let it be done: the remediation's own right and rules hold. Raises Forbidden, Conflict, NotFound."""
    found = _pending(recommendation)
    if found.kind == WishKind.BLOCK:
        _block(found, by=by, reason=reason, at=at)
    else:
        # What others added to the proposal since stands on no page of investigations.
        remediation = response.approve(
            by=by, remediation_id=found.remediation_id, reason=reason, seen=found.created_at, at=at
        )
        _decided(found, by, reason, at, status=R.RUNNING)
        found.remediation_id = str(remediation.pk)
    found.save()
    settled(found.investigation_id, now=at)
    return found


def reject(*, by: Actor, recommendation: int, reason: str = "", at: datetime) -> Recommendation:
    """Turn it down; nothing is touched. The same errors."""
    found = _pending(recommendation)
    if found.kind == WishKind.BLOCK:
        with audited(
            by=by,
            permission=Permission.DETECTION_TUNE,
            verb="recommendation.reject",
            target_type="recommendation",
            target=found.title,
            reason=reason,
        ):
            _decided(found, by, reason, at, status=R.REJECTED)
    else:
        response.reject(by=by, remediation_id=found.remediation_id, reason=reason, at=at)
        _decided(found, by, reason, at, status=R.REJECTED)
    found.save()
    settled(found.investigation_id, now=at)
    return found


def _block(found: Recommendation, *, by: Actor, reason: str, at: datetime) -> None:
    with audited(
        by=by,
        permission=Permission.DETECTION_TUNE,
        verb="recommendation.approve",
        target_type="recommendation",
        target=found.title,
        reason=reason,
    ) as result:
        kind = EntryKind.SENDER if found.wished.action == "block-sender" else EntryKind.URL
        note = f"Investigation {found.investigation_id}: {reason or found.why}"
        try:
            name = add_entry(by=by, kind=kind, effect=Effect.BLOCK, value=found.wished.value, now=at, note=note)
        except Conflict as known:
            name = known.message
        _decided(found, by, reason, at, status=R.DONE)
        found.finished_at, found.result = at, name
        result["after"] = {"entry": name}


def _decided(found: Recommendation, by: Actor, reason: str, at: datetime, *, status: RecommendationStatus) -> None:
    found.status, found.decided_at, found.decided_by_name = status.value, at, by.name
    found.decision_reason = reason.strip()


def agree(*, by: Actor, recommendation: int, agreed: bool, reason: str = "", at: datetime) -> Recommendation:
    """Say whether what would be done is right: the scoreboard of the passive level counts these."""
    found = _pending(recommendation, status=R.WOULD)
    with audited(
        by=by,
        permission=Permission.EMAIL_ACTION_PROPOSE,
        verb="recommendation.agree",
        target_type="recommendation",
        target=found.title,
        reason=reason,
    ) as result:
        found.agreed = agreed
        _decided(found, by, reason, at, status=R.WOULD)
        found.save()
        result["after"] = {"agreed": agreed}
    return found


def stop(*, by: Actor, investigation: int, reason: str = "", at: datetime) -> Investigation:
    """End it now; what it recommended stays in the action center for whoever decides. Raises Conflict when it has ended."""
    authorise(by, Permission.EMAIL_ACTION_PROPOSE)
    found = Investigation.objects.filter(pk=investigation).first()
    if found is None:
        raise NotFound("there is no such investigation", place=str(investigation))
    with (
        audited(
            by=by,
            permission=Permission.EMAIL_ACTION_PROPOSE,
            verb="investigation.stop",
            target_type="investigation",
            target=found.name,
            reason=reason,
        ),
        transaction.atomic(),
    ):
        found = Investigation.objects.select_for_update().get(pk=investigation)
        if not found.open:
            raise Conflict(f"it has ended already: {found.status.lower()}")
        found.status, found.why = Status.STOPPED.value, reason.strip()
        found.ended_at = found.changed_at = at
        found.waiting_since = None
        found.save()
    return found
