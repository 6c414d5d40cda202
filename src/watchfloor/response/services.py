"""The verbs of response: propose, start, approve, reject, stop, retry, undo. Each is permitted, audited and done in one place."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited, authorise
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from watchfloor.kernel.ids import uuid7
from watchfloor.response.accounts.targets import aim
from watchfloor.response.accounts.two_people import why_two
from watchfloor.response.catalogue import any_action_of, rights_of
from watchfloor.response.contracts import RUNNING, ActionSource, LineStatus, People, RemediationStatus, Targets
from watchfloor.response.dry_run import expected_count
from watchfloor.response.models import Remediation, ResponsePolicy
from watchfloor.response.queueing import queue_after_commit
from watchfloor.response.rescue import approve_at_server as approve_at_server
from watchfloor.response.rescue import permission_to_change as permission_to_change
from watchfloor.response.selectors import needs_second_person, policy, why_no_undo
from watchfloor.response.targets import sentence_of

audit_verb("remediation.start", "{actor} started the action {target}")
audit_verb("remediation.propose", "{actor} proposed the action {target}")
audit_verb("remediation.approve", "{actor} approved the action {target}")
audit_verb("remediation.reject", "{actor} rejected the action {target}")
audit_verb("remediation.stop", "{actor} stopped the action {target}")
audit_verb("remediation.retry", "{actor} retried the action {target}")
audit_verb("remediation.undo", "{actor} undid the action {target}")
audit_verb("remediation.finish", "{actor} finished the action {target}")
audit_verb("response.policy", "{actor} changed who approves actions")

S = RemediationStatus
ENDED = frozenset({S.COMPLETED, S.FAILED, S.STOPPED})


def start(
    *,
    by: Actor,
    name: str,
    reason: str,
    action: str,
    targets: Targets | People,
    source: ActionSource = ActionSource.EXPLORER,
    alert_id: str = "",
    incident_id: str = "",
    at: datetime | None = None,
) -> Remediation:
    """Do it: approved at once by who starts it, unless the policy asks for a second person; then it waits like a proposal.

    Raises Forbidden (no right), BadInput (no name, unknown action, no targets).
    """
    right = any_action_of(action).permission
    with audited(by=by, permission=right, verb="remediation.start", **_about(name, reason)) as result:
        for further in rights_of(action, targets):
            authorise(by, further)
        remediation = _draft(by, name, reason, action, targets, at or utc_now())
        return _begun(remediation, by, result, source=source, alert_id=alert_id, incident_id=incident_id)


def propose(
    *,
    by: Actor,
    name: str,
    reason: str,
    action: str,
    targets: Targets | People,
    source: ActionSource = ActionSource.EXPLORER,
    alert_id: str = "",
    incident_id: str = "",
    at: datetime | None = None,
) -> Remediation:
    """Ask somebody with Search and Purge to approve it (EA-40). Same errors as `start`."""
    right = any_action_of(action).propose_permission
    with audited(by=by, permission=right, verb="remediation.propose", **_about(name, reason)) as result:
        remediation = _draft(by, name, reason, action, targets, at or utc_now())
        remediation.status = S.PENDING.value
        return _begun(remediation, by, result, source=source, alert_id=alert_id, incident_id=incident_id)


def approve(*, by: Actor, remediation_id: UUID | str, reason: str = "", at: datetime | None = None) -> Remediation:
    """Let a pending remediation run. Raises Conflict when it is no longer pending, Forbidden when a second person must do it."""
    with _deciding(by, "remediation.approve", remediation_id, reason) as (remediation, result):
        if remediation.second_person and remediation.created_by == by.id:
            raise Forbidden(
                f"“{remediation.name}” aims at {remediation.expected:,} {remediation.noun} and needs a second person: you "
                "proposed it yourself",
                permission=any_action_of(remediation.action).permission.value,
            )
        _decided(remediation, by, reason, at or utc_now(), status=S.STARTED)
        result["after"] = _after(remediation)
        queue_after_commit(remediation)
    return remediation


def reject(*, by: Actor, remediation_id: UUID | str, reason: str = "", at: datetime | None = None) -> Remediation:
    """Turn a pending remediation down; nothing was touched. Raises Conflict when it is no longer pending."""
    with _deciding(by, "remediation.reject", remediation_id, reason) as (remediation, result):
        _decided(remediation, by, reason, at or utc_now(), status=S.REJECTED)
        result["after"] = _after(remediation)
    return remediation


def stop(*, by: Actor, remediation_id: UUID | str, reason: str = "") -> Remediation:
    """Ask a running remediation to end after the batch in hand; what was done stays done and stays in the ledger."""
    with _changing(by, "remediation.stop", remediation_id, reason) as (remediation, result):
        if remediation.status not in RUNNING:
            raise Conflict(f"“{remediation.name}” is not running: it is {remediation.status}")
        remediation.status = S.STOPPING.value
        remediation.save(update_fields=["status"])
        result["after"] = _after(remediation)
    return remediation


def retry(*, by: Actor, remediation_id: UUID | str) -> Remediation:
    """Try the failed lines again, and those a stop or a failure left undone. Raises Conflict when there are none."""
    with _changing(by, "remediation.retry", remediation_id, "") as (remediation, result):
        left = remediation.counts.failed + remediation.counts.pending
        if remediation.status not in ENDED or (remediation.frozen_at and not left):
            raise Conflict(f"“{remediation.name}” has nothing left to try again")
        remediation.ledger.filter(status=LineStatus.FAILED.value).update(status=LineStatus.PENDING.value, why="")
        remediation.failed = 0
        remediation.run += 1
        remediation.status, remediation.why, remediation.finished_at = S.STARTED.value, "", None
        remediation.save()
        result["after"] = _after(remediation)
        queue_after_commit(remediation)
    return remediation


def undo(
    *, by: Actor, remediation_id: UUID | str, reason: str = "", name: str = "", at: datetime | None = None
) -> Remediation:
    """Restore in place what a remediation moved, from its ledger, as a remediation of its own.

    Raises Conflict when it runs, moved nothing, cannot be undone (hard delete) or an undo of it is on its way.
    """
    now = at or utc_now()
    with _changing(by, "remediation.undo", remediation_id, reason) as (original, result):
        _refuse_undo(original)
        key = "undo-account-change" if original.on_accounts else "restore"
        remediation = _new(by, name or f"Undo: {original.name}"[:200], reason, key, now)
        remediation.undo_of, remediation.target_kind = original, original.target_kind
        remediation.sentence = f"what “{original.name}” {'changed' if original.on_accounts else 'moved'}"
        remediation.expected = original.expected if original.on_accounts else original.moved
        origin = {"alert_id": original.alert_id, "incident_id": original.incident_id}
        source = ActionSource.IDENTITY if original.on_accounts else ActionSource.MANUAL
        return _begun(remediation, by, result, source=source, **origin)


def change_policy(
    *, by: Actor, second_person_over: int | None = None, second_person_over_people: int | None = None
) -> ResponsePolicy:
    """Set above how many messages, or people, a second person must approve; 0 asks for none, None leaves it as it is."""
    asked = {"second_person_over": second_person_over, "second_person_over_people": second_person_over_people}
    changed = {name: number for name, number in asked.items() if number is not None}
    for name, number in changed.items():
        if number < 0:
            raise BadInput("a number, 0 or more", place=name)
    before = {name: getattr(policy(), name) for name in changed}
    with audited(
        by=by,
        permission=Permission.CONNECTION_MANAGE,
        verb="response.policy",
        target_type="setting",
        target="second person over",
        before=before,
    ) as result:
        kept, _ = ResponsePolicy.objects.update_or_create(pk=1, defaults=changed)
        result["after"] = changed
    return kept


# --- how it is done -----------------------------------------------------------------------------------------------


def _about(name: str, reason: str) -> dict[str, str]:
    return {"target_type": "remediation", "target": name, "reason": reason}


def _after(remediation: Remediation) -> dict[str, Any]:
    return {
        "id": str(remediation.id),
        "action": remediation.action,
        "status": remediation.status,
        "targets": remediation.sentence,
        remediation.noun: remediation.expected,
    }


def _new(by: Actor, name: str, reason: str, action: str, now: datetime) -> Remediation:
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


def _draft(by: Actor, name: str, reason: str, action: str, targets: Targets | People, now: datetime) -> Remediation:
    if isinstance(targets, People):
        return aim(_new(by, name, reason, action, now), targets)
    if not targets.rows and not targets.query:
        raise BadInput("choose at least one message", place="row")
    remediation = _new(by, name, reason, action, now)
    remediation.rows = [str(row) for row in targets.rows]
    remediation.query = targets.query
    remediation.excepted = [str(row) for row in targets.excepted]
    remediation.sentence = sentence_of(targets, now=now)
    remediation.expected = expected_count(targets, now=now)
    return remediation


def _begun(remediation: Remediation, by: Actor, result: dict[str, Any], **origin: str) -> Remediation:
    """Say where it came from, decide or wait, store, and tell the audit."""
    for name, value in origin.items():
        setattr(remediation, name, str(value))
    with transaction.atomic():
        # Two starts at one moment must each see the other.
        ResponsePolicy.objects.select_for_update().filter(pk=1).first()
        _decide_or_wait(remediation, by)
        remediation.save(force_insert=True)
        if remediation.status == S.STARTED:
            queue_after_commit(remediation)
    result["after"] = _after(remediation)
    return remediation


def _decide_or_wait(remediation: Remediation, by: Actor) -> None:
    """Approve by who starts it; a proposal, and what the policy wants a second person for, stays pending."""
    # Undoing adds nothing to what one did alone; its own size still counts.
    counted = by.id if remediation.undo_of_id is None else ""
    remediation.second_person = needs_second_person(
        counted, remediation.expected, kind=remediation.target_kind, now=remediation.created_at
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


def _refuse_undo(original: Remediation) -> None:
    if why := why_no_undo(original):
        raise Conflict(f"“{original.name}” cannot be undone: {why}")


@contextmanager
def _changing(
    by: Actor, verb: str, remediation_id: UUID | str, reason: str
) -> Iterator[tuple[Remediation, dict[str, Any]]]:
    """Right, audit, and the row locked against two people at once."""
    try:
        known = Remediation.objects.filter(pk=UUID(str(remediation_id))).first()
    except ValueError:
        known = None
    if known is None:
        raise NotFound("there is no such remediation", place=str(remediation_id)[:100])
    right = permission_to_change(known)
    before = {"status": known.status}
    with (
        audited(by=by, permission=right, verb=verb, **_about(known.name, reason), before=before) as result,
        transaction.atomic(),
    ):
        for further in rights_of((known.undo_of or known).action, (known.undo_of or known).aimed_at):
            authorise(by, further)
        yield Remediation.objects.select_for_update().get(pk=known.pk), result


@contextmanager
def _deciding(
    by: Actor, verb: str, remediation_id: UUID | str, reason: str
) -> Iterator[tuple[Remediation, dict[str, Any]]]:
    with _changing(by, verb, remediation_id, reason) as (remediation, result):
        if remediation.status != S.PENDING:
            decider = f" by {remediation.decided_by_name}" if remediation.decided_by_name else ""
            raise Conflict(f"“{remediation.name}” was decided already{decider}: it is {remediation.status}")
        yield remediation, result


def _decided(remediation: Remediation, by: Actor, reason: str, now: datetime, *, status: RemediationStatus) -> None:
    remediation.status = status.value
    remediation.decided_at, remediation.decided_by, remediation.decided_by_name = now, by.id, by.name
    remediation.decision_reason = reason.strip()
    if status == S.REJECTED:
        remediation.finished_at = now
    remediation.save()
