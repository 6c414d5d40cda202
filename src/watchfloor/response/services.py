"""The verbs of response: propose, start, approve, reject, stop, retry, undo. Each is permitted, audited and done in one place."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited, authorise
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from watchfloor.kernel.ids import uuid7
from watchfloor.response.adding import add_targets, permission_to_propose, refuse_unseen
from watchfloor.response.catalogue import action_of, any_action_of, rights_of
from watchfloor.response.clicks.protecting import with_protected_links as with_protected_links
from watchfloor.response.contracts import (
    RUNNING,
    ActionSource,
    Beside,
    LineStatus,
    People,
    RemediationStatus,
    Row,
    Targets,
)
from watchfloor.response.drafting import about, after, begun, drafted, new_remediation
from watchfloor.response.freezing import moved_lines, undone_rows
from watchfloor.response.late import begin_watch, end_watch
from watchfloor.response.models import Remediation, ResponsePolicy
from watchfloor.response.quarantine.policies import answer_at_border as answer_at_border
from watchfloor.response.queueing import queue_after_commit
from watchfloor.response.rescue import approve_at_server as approve_at_server
from watchfloor.response.rescue import permission_to_change as permission_to_change
from watchfloor.response.rescue import permission_to_undo as permission_to_undo
from watchfloor.response.selectors import policy, why_no_undo

audit_verb("remediation.start", "{actor} started the action {target}")
audit_verb("remediation.propose", "{actor} proposed the action {target}")
audit_verb("remediation.add", "{actor} added messages to the proposed action {target}")
audit_verb("remediation.approve", "{actor} approved the action {target}")
audit_verb("remediation.reject", "{actor} rejected the action {target}")
audit_verb("remediation.stop", "{actor} stopped the action {target}")
audit_verb("remediation.stop_late", "{actor} ended the catching of late copies for {target}")
audit_verb("remediation.retry", "{actor} retried the action {target}")
audit_verb("remediation.undo", "{actor} undid the action {target}")
audit_verb("remediation.finish", "{actor} finished the action {target}")
audit_verb("response.policy", "{actor} changed who approves actions")

S = RemediationStatus
NOTHING_ELSE = Beside()
MOST_NUMBER = 2_000_000_000
ENDED = frozenset({S.COMPLETED, S.FAILED, S.STOPPED})


def start(
    *,
    by: Actor,
    name: str,
    reason: str,
    action: str,
    targets: Targets | People,
    beside: Beside = NOTHING_ELSE,
    plan: UUID | None = None,
    source: ActionSource = ActionSource.EXPLORER,
    alert_id: str = "",
    incident_id: str = "",
    at: datetime | None = None,
) -> Remediation:
    """Do it: approved at once by who starts it, unless the policy asks for a second person; then it waits like a proposal.

    `beside` is what is done in the same step, `plan` shared by what one run of the wizard made. Raises Forbidden (no right),
    BadInput (no name, no reason where one is required, unknown action, no targets).
    """
    right = any_action_of(action).permission
    with audited(by=by, permission=right, verb="remediation.start", **about(name, reason)) as result:
        for further in (*rights_of(action, targets), *_rights_beside(bool(beside.entries))):
            authorise(by, further)
        remediation = drafted(by, name, reason, action, targets, at or utc_now(), beside, plan)
        return begun(remediation, by, result, source=source, alert_id=alert_id, incident_id=incident_id)


def propose(
    *,
    by: Actor,
    name: str,
    reason: str,
    action: str,
    targets: Targets | People,
    beside: Beside = NOTHING_ELSE,
    plan: UUID | None = None,
    source: ActionSource = ActionSource.EXPLORER,
    alert_id: str = "",
    incident_id: str = "",
    at: datetime | None = None,
) -> Remediation:
    """Ask somebody with Search and Purge to approve it (EA-40). Same errors as `start`."""
    right = any_action_of(action).propose_permission
    with audited(by=by, permission=right, verb="remediation.propose", **about(name, reason)) as result:
        remediation = drafted(by, name, reason, action, targets, at or utc_now(), beside, plan)
        remediation.status = S.PENDING.value
        return begun(remediation, by, result, source=source, alert_id=alert_id, incident_id=incident_id)


def start_plan(
    *,
    by: Actor,
    name: str,
    reason: str,
    action: str,
    targets: Targets,
    beside: Beside = NOTHING_ELSE,
    source: ActionSource = ActionSource.EXPLORER,
    alert_id: str = "",
    incident_id: str = "",
    proposed: bool = False,
    at: datetime | None = None,
) -> list[Remediation]:
    """One run of the wizard: the action, if any is chosen, and what is said and blocked beside it, for targets of any size.

    Each is a remediation with its own ledger, approval and retry; all are made or none. Raises what `start` and `propose` raise.
    """
    if not action and not beside.submits:
        raise BadInput("choose an action, or say something about the messages", place="action")
    now, verb = at or utc_now(), propose if proposed else start
    common: dict[str, Any] = {
        "by": by,
        "reason": reason,
        "source": source,
        "alert_id": alert_id,
        "incident_id": incident_id,
    }
    common |= {"at": now, "plan": uuid7(at=now)}
    made = []
    with transaction.atomic():
        if beside.submits:
            about = replace(targets, sender_copy=False)
            named = f"{name}: submission"[:200] if action and name.strip() else name
            made.append(verb(name=named, action="submit", targets=about, beside=replace(beside, late_days=0), **common))
        if action:
            only = Beside(late_days=beside.late_days)
            made.insert(0, verb(name=name, action=action, targets=targets, beside=only, **common))
    return made


def approve(
    *,
    by: Actor,
    remediation_id: UUID | str,
    reason: str = "",
    seen: datetime | None = None,
    at: datetime | None = None,
) -> Remediation:
    """Let a pending remediation run. `seen` is when the approver was shown what it aims at; None does not ask.

    Raises Conflict when it is no longer pending or has grown since it was seen, Forbidden when a second person must do it.
    """
    with _deciding(by, "remediation.approve", remediation_id, reason) as (remediation, result):
        refuse_unseen(remediation, seen)
        if remediation.second_person and by.id in remediation.proposers:
            raise Forbidden(
                f"“{remediation.name}” aims at {remediation.expected:,} {remediation.noun} and needs a second person: you "
                "proposed it yourself, or a part of it",
                permission=any_action_of(remediation.action).permission.value,
            )
        for further in _rights_beside(bool(remediation.entries)):
            authorise(by, further)
        _decided(remediation, by, reason, at or utc_now(), status=S.STARTED)
        result["after"] = after(remediation)
        begin_watch(remediation, now=at or utc_now())
        queue_after_commit(remediation)
    return remediation


def add_to_proposal(
    *, by: Actor, remediation_id: UUID | str, targets: Targets, reason: str = "", at: datetime | None = None
) -> Remediation:
    """Add messages to a proposal that still waits (EA-40), under its action; what it has already is not added twice.

    Raises Conflict when it was decided or aims at a whole query, BadInput when nothing new is chosen or too much.
    """
    with _deciding(by, "remediation.add", remediation_id, reason, right_of=permission_to_propose) as (one, result):
        add_targets(one, targets, by=by, now=at or utc_now())
        one.save()
        result["after"] = after(one)
    return one


def reject(*, by: Actor, remediation_id: UUID | str, reason: str = "", at: datetime | None = None) -> Remediation:
    """Turn a pending remediation down; nothing was touched. Raises Conflict when it is no longer pending."""
    with _deciding(by, "remediation.reject", remediation_id, reason) as (remediation, result):
        _decided(remediation, by, reason, at or utc_now(), status=S.REJECTED)
        result["after"] = after(remediation)
    return remediation


def stop(*, by: Actor, remediation_id: UUID | str, reason: str = "") -> Remediation:
    """Ask a running remediation to end after the batch in hand; what was done stays done and stays in the ledger."""
    with _changing(by, "remediation.stop", remediation_id, reason) as (remediation, result):
        if remediation.status not in RUNNING:
            raise Conflict(f"“{remediation.name}” is not running: it is {remediation.status}")
        remediation.status = S.STOPPING.value
        remediation.save(update_fields=["status"])
        result["after"] = after(remediation)
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
        result["after"] = after(remediation)
        queue_after_commit(remediation)
    return remediation


def undo(
    *,
    by: Actor,
    remediation_id: UUID | str,
    reason: str = "",
    name: str = "",
    rows: Sequence[Row] = (),
    at: datetime | None = None,
) -> Remediation:
    """Restore in place what a remediation moved (all of it, or these `rows`), from its ledger, as a remediation of its own.

    Raises Conflict when it runs, moved nothing (of these), cannot be undone (hard delete) or an undo of it is on its way.
    An undo of everything also ends the catching of late copies.
    """
    now = at or utc_now()
    with _changing(by, "remediation.undo", remediation_id, reason, right_of=permission_to_undo) as (original, result):
        _refuse_undo(original, rows)
        key = "undo-account-change" if original.on_accounts else action_of(original.action).undone_by
        remediation = new_remediation(by, name or f"Undo: {original.name}"[:200], reason, key, now)
        remediation.undo_of, remediation.target_kind = original, original.target_kind
        remediation.sentence = f"what “{original.name}” {'changed' if original.on_accounts else 'moved'}"
        remediation.expected = original.expected if original.on_accounts else original.moved
        if rows:
            remediation.rows, remediation.expected = [str(row) for row in rows], len(rows)
            remediation.sentence = f"{len(rows):,} of {remediation.sentence}"
        else:
            end_watch(original, by=by.name, now=now)
        origin = {"alert_id": original.alert_id, "incident_id": original.incident_id}
        source = ActionSource.IDENTITY if original.on_accounts else ActionSource.MANUAL
        return begun(remediation, by, result, source=source, **origin)


def stop_late(*, by: Actor, remediation_id: UUID | str, reason: str = "", at: datetime | None = None) -> Remediation:
    """Catch no more late copies; what was caught stays done. Raises Conflict when nothing was being caught."""
    with _changing(by, "remediation.stop_late", remediation_id, reason) as (remediation, result):
        if not end_watch(remediation, by=by.name, now=at or utc_now()):
            raise Conflict(f"“{remediation.name}” catches no late copies now")
        result["after"] = after(remediation)
    return remediation


def change_policy(
    *,
    by: Actor,
    second_person_over: int | None = None,
    second_person_over_people: int | None = None,
    second_person_by_action: Mapping[str, int] | None = None,
    reason_required: bool | None = None,
    asks_again_days: int | None = None,
) -> ResponsePolicy:
    """Set above how many messages, or people, a second person must approve; 0 asks for none, None leaves it as it is.

    `second_person_by_action` maps keys of actions on mail to numbers of their own; `asks_again_days` is how long a proposal waits before it is
    brought to mind again.
    """
    numbers = {
        "second_person_over": second_person_over,
        "second_person_over_people": second_person_over_people,
        "asks_again_days": asks_again_days,
    }
    for name, number in (
        *numbers.items(),
        *(("second_person_by_action", n) for n in (second_person_by_action or {}).values()),
    ):
        if number is not None and not 0 <= number <= MOST_NUMBER:
            raise BadInput("a number, 0 or more", place=name)
    for key in second_person_by_action or {}:
        action_of(key)
    asked: dict[str, Any] = {
        **numbers,
        "second_person_by_action": dict(second_person_by_action) if second_person_by_action is not None else None,
        "reason_required": reason_required,
    }
    changed = {name: value for name, value in asked.items() if value is not None}
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


def _rights_beside(entries: bool) -> tuple[Permission, ...]:
    return (Permission.DETECTION_TUNE,) if entries else ()


def _refuse_undo(original: Remediation, rows: Sequence[Row]) -> None:
    if why := why_no_undo(original, partly=bool(rows)):
        raise Conflict(f"“{original.name}” cannot be undone: {why}")
    if rows and (set(rows) & undone_rows(original) or moved_lines(original, rows).count() != len(set(rows))):
        raise Conflict("it moved no such message, or that was undone already")


@contextmanager
def _changing(
    by: Actor,
    verb: str,
    remediation_id: UUID | str,
    reason: str,
    *,
    right_of: Callable[[Remediation], Permission] = permission_to_change,
) -> Iterator[tuple[Remediation, dict[str, Any]]]:
    """Right, audit, and the row locked against two people at once."""
    try:
        known = Remediation.objects.filter(pk=UUID(str(remediation_id))).first()
    except ValueError:
        known = None
    if known is None:
        raise NotFound("there is no such remediation", place=str(remediation_id)[:100])
    right = right_of(known)
    before = {"status": known.status}
    with (
        audited(by=by, permission=right, verb=verb, **about(known.name, reason), before=before) as result,
        transaction.atomic(),
    ):
        for further in rights_of((known.undo_of or known).action, (known.undo_of or known).aimed_at):
            authorise(by, further)
        yield Remediation.objects.select_for_update().get(pk=known.pk), result


@contextmanager
def _deciding(
    by: Actor,
    verb: str,
    remediation_id: UUID | str,
    reason: str,
    *,
    right_of: Callable[[Remediation], Permission] = permission_to_change,
) -> Iterator[tuple[Remediation, dict[str, Any]]]:
    with _changing(by, verb, remediation_id, reason, right_of=right_of) as (remediation, result):
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
