"""Freezing: who an action is aimed at becomes ledger lines, one per account and step, before anything changes."""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from watchfloor.connectors.contracts import AccountRef
from watchfloor.response.accounts.action import CANNOT_UNDO, PHASES, AccountAction
from watchfloor.response.accounts.places import Owner, Place, Systems, as_json, owners_of, places_of
from watchfloor.response.accounts.risk import OWN
from watchfloor.response.catalogue import account_action_of
from watchfloor.response.contracts import LineStatus
from watchfloor.response.freezing import COUNTED
from watchfloor.response.models import AccountLine, Remediation

NO_ACCOUNT = "no account of this person is known"


def freeze_accounts(remediation: Remediation, *, systems: Systems, now: datetime) -> None:
    """Write the ledger's lines in one transaction; does nothing when it was done."""
    if remediation.frozen_at:
        return
    lines = list(_undo_lines(remediation) if remediation.undo_of is not None else _lines(remediation, systems))
    with transaction.atomic():
        AccountLine.objects.bulk_create(lines, ignore_conflicts=True, batch_size=500)
        count(remediation)
        remediation.frozen_at = now
        remediation.save(update_fields=COUNTED)


def count(remediation: Remediation) -> None:
    """Set the counters from the lines."""
    tally = dict(remediation.account_lines.order_by().values_list("status").annotate(Count("id")))
    remediation.total = sum(tally.values())
    for status in LineStatus:
        if status != LineStatus.PENDING:
            setattr(remediation, status.value, tally.get(status.value, 0))


def lines_of(action: AccountAction, owner: Owner, systems: Systems, *, remediation: Remediation) -> list[AccountLine]:
    """What would be done to one owner, in order; also what the dry run shows (unsaved)."""
    aimed = remediation.aimed_at
    verbs = action.verbs(aimed.options)
    lines = []
    if action.on_risk and owner.person is not None:
        own = Place(OWN, AccountRef(source=OWN, key=str(owner.person), name=owner.name))
        lines.append(_line(remediation, owner, own, action.steps[0].value))
    for place in places_of(owner, systems, only=aimed.only):
        can = [verb for verb in verbs if place.system and verb in systems[place.system].can]
        lines += [_line(remediation, owner, place, verb.value) for verb in can]
        # A mail server that serves somebody else's account was not expected to.
        guest = place.system and place.ref.source and place.ref.source != place.system
        if not can and not guest and not (action.on_risk and len(verbs) == 1):
            why = place.why or f"“{place.system}” can do none of this"
            lines.append(_line(remediation, owner, place, verbs[0].value, why=why))
    if not lines:
        lines.append(_line(remediation, owner, Place("", AccountRef("", owner.key)), verbs[0].value, why=NO_ACCOUNT))
    return sorted(lines, key=lambda line: line.phase)


def _lines(remediation: Remediation, systems: Systems) -> Iterator[AccountLine]:
    action = account_action_of(remediation.action)
    for owner in owners_of(remediation.aimed_at):
        yield from lines_of(action, owner, systems, remediation=remediation)


def _line(remediation: Remediation, owner: Owner, place: Place, verb: str, *, why: str = "") -> AccountLine:
    return AccountLine(
        remediation=remediation,
        owner=owner.key,
        owner_name=owner.name[:320],
        system=place.system,
        account=as_json(place.ref),
        name=place.name[:400],
        verb=verb,
        phase=PHASES[verb],  # type: ignore[index]  # a verb is its own text
        status=(LineStatus.SKIPPED if why else LineStatus.PENDING).value,
        why=why,
    )


def _undo_lines(remediation: Remediation) -> Iterator[AccountLine]:
    """What the original changed, put back in the opposite order."""
    assert remediation.undo_of is not None
    changed = remediation.undo_of.account_lines.filter(status=LineStatus.CHANGED.value)
    for line in changed.order_by("owner", "-phase", "-id"):
        why = CANNOT_UNDO.get(line.verb, "")  # type: ignore[call-overload]
        kept = {name: getattr(line, name) for name in ("owner", "owner_name", "system", "account", "name", "verb")}
        status = (LineStatus.SKIPPED if why else LineStatus.PENDING).value
        yield AccountLine(
            remediation=remediation, undoing=True, phase=-line.phase, before=line.before, status=status, why=why, **kept
        )
