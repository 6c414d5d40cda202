"""From what somebody chose to a remediation: written down, decided or waiting, stored, queued."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from watchfloor.access.contracts import Actor
from watchfloor.intelligence.contracts import Effect, Kind
from watchfloor.intelligence.services import read_lasting, refuse_end
from watchfloor.kernel.errors import BadInput
from watchfloor.kernel.ids import uuid7
from watchfloor.response.accounts.targets import aim
from watchfloor.response.accounts.two_people import why_two
from watchfloor.response.catalogue import any_action_of
from watchfloor.response.contracts import Beside, EntryWish, People, Targets
from watchfloor.response.contracts import RemediationStatus as S
from watchfloor.response.dry_run import expected_count
from watchfloor.response.late import MOST_DAYS, begin_watch
from watchfloor.response.models import Remediation, ResponsePolicy
from watchfloor.response.queueing import queue_after_commit
from watchfloor.response.selectors import needs_second_person, policy
from watchfloor.response.targets import sentence_of
from watchfloor.response.telling import tell_of_action


def about(name: str, reason: str) -> dict[str, str]:
    return {"target_type": "remediation", "target": name, "reason": reason}


def after(remediation: Remediation) -> dict[str, Any]:
    return {
        "id": str(remediation.id),
        "action": remediation.action,
        "status": remediation.status,
        "targets": remediation.sentence,
        remediation.noun: remediation.expected,
    }


def new_remediation(by: Actor, name: str, reason: str, action: str, now: datetime) -> Remediation:
    if not name.strip():
        raise BadInput("give the remediation a name, so that others find it", place="name")
    identity = uuid7(at=now)
    return Remediation(
        id=identity,
        approval_id=identity.hex[-8:].upper(),
        name=name.strip()[:200],
        reason=reason.strip(),
        action=any_action_of(action).key,
        created_at=now,
        created_by=by.id,
        created_by_name=by.name,
    )


def drafted(
    by: Actor,
    name: str,
    reason: str,
    action: str,
    targets: Targets | People,
    now: datetime,
    beside: Beside,
    plan: UUID | None,
) -> Remediation:
    if policy().reason_required and by.id.startswith("person:") and not reason.strip():
        raise BadInput("give a reason; the organisation asks for one", place="reason")
    if isinstance(targets, People):
        return aim(new_remediation(by, name, reason, action, now), targets)
    if not targets.rows and not targets.query:
        raise BadInput("choose at least one message", place="row")
    remediation = new_remediation(by, name, reason, action, now)
    remediation.rows = [str(row) for row in targets.rows]
    remediation.query = targets.query
    remediation.excepted = [str(row) for row in targets.excepted]
    remediation.also = [str(row) for row in targets.also]
    remediation.sender_copy, remediation.plan = targets.sender_copy, plan
    remediation.judgement, remediation.note = beside.judgement or "", beside.note.strip()
    for entry in beside.entries:
        refuse_wish(entry, now=now)
    remediation.entries = [asdict(entry) for entry in beside.entries]
    if not 0 <= beside.late_days <= MOST_DAYS:
        raise BadInput(f"late copies are caught for at most {MOST_DAYS} days", place="late_days")
    remediation.late_days = beside.late_days
    remediation.sentence = sentence_of(targets, now=now)
    remediation.expected = expected_count(targets, now=now)
    return remediation


def refuse_wish(entry: EntryWish, *, now: datetime) -> None:
    """Raise BadInput for an end that such an entry may not have."""
    if entry.life:
        refuse_end(Kind(entry.kind), Effect(entry.effect), read_lasting(entry.life), now=now)


def begun(remediation: Remediation, by: Actor, result: dict[str, Any], **origin: str) -> Remediation:
    """Say where it came from, decide or wait, store, and tell the audit."""
    for name, value in origin.items():
        setattr(remediation, name, str(value))
    with transaction.atomic():
        # Two starts at one moment must each see the other.
        ResponsePolicy.objects.select_for_update().filter(pk=1).first()
        _decide_or_wait(remediation, by)
        remediation.save(force_insert=True)
        if remediation.status == S.STARTED:
            begin_watch(remediation, now=remediation.created_at)
            tell_of_action(remediation, now=remediation.created_at)
            queue_after_commit(remediation)
    result["after"] = after(remediation)
    return remediation


def _decide_or_wait(remediation: Remediation, by: Actor) -> None:
    """Approve by who starts it; a proposal, and what the policy wants a second person for, stays pending."""
    # Undoing adds nothing to what one did alone; its own size still counts.
    counted = by.id if remediation.undo_of_id is None else ""
    remediation.second_person = needs_second_person(
        counted,
        remediation.expected,
        kind=remediation.target_kind,
        action=(remediation.undo_of or remediation).action,
        now=remediation.created_at,
    ) or bool(_about_rights(remediation, by))
    if remediation.second_person or remediation.status == S.PENDING:
        remediation.status = S.PENDING.value
        return
    remediation.status = S.STARTED.value
    remediation.decided_at, remediation.decided_by, remediation.decided_by_name = remediation.created_at, by.id, by.name


def _about_rights(remediation: Remediation, by: Actor) -> str:
    if not remediation.on_accounts:
        return ""
    meant = remediation.undo_of or remediation
    return why_two(by, action=meant.action, aimed=meant.aimed_at, undoes=remediation.undo_of is not None)
