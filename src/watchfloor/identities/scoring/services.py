"""Verbs on a person's risk: confirm, dismiss, call one point wrong; and how the score is set."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.identities.models import DirectoryPerson, PersonRisk, RiskPoint
from watchfloor.identities.scoring.contracts import RiskLevel, RiskState
from watchfloor.identities.scoring.setting import change_scale
from watchfloor.identities.scoring.standing import refresh
from watchfloor.identities.scoring.teaching import teach
from watchfloor.kernel.errors import BadInput, Conflict, NotFound

audit_verb("risk.confirm", "{actor} confirmed {target} as compromised")
audit_verb("risk.dismiss", "{actor} dismissed the risk of {target}")
audit_verb("risk.void", "{actor} called a point of {target} wrong")

__all__ = ["change_scale", "confirm_compromised", "dismiss_risk", "void_point"]

LONGEST_REASON = 2000


def confirm_compromised(*, person: int, by: Actor, reason: str, now: datetime) -> None:
    """Pin the person's level to high until somebody dismisses it (US-60). Raises NotFound, BadInput without a reason."""
    row = _person(person)
    with audited(
        by=by,
        permission=Permission.IDENTITY_RISK_MANAGE,
        verb="risk.confirm",
        target_type="person",
        target=row.address,
        before=_before(row),
    ) as result:
        _reasoned(reason)
        with transaction.atomic():
            refresh([person], now=now)
            _set(row, RiskState.CONFIRMED, by=by, reason=reason, now=now, level=RiskLevel.HIGH)
        result["after"] = {"state": RiskState.CONFIRMED.value, "level": RiskLevel.HIGH.value, "reason": reason}


def dismiss_risk(*, person: int, by: Actor, reason: str, now: datetime) -> None:
    """Void every point up to now and unpin the person; what comes later counts again. Raises NotFound, BadInput."""
    row = _person(person)
    with audited(
        by=by,
        permission=Permission.IDENTITY_RISK_MANAGE,
        verb="risk.dismiss",
        target_type="person",
        target=row.address,
        before=_before(row),
    ) as result:
        _reasoned(reason)
        with transaction.atomic():
            points = RiskPoint.objects.filter(person=row, at__lte=now, void=False)
            voided = points.update(void=True, void_by=by.name)
            PersonRisk.objects.filter(person=row).update(state=RiskState.NONE)
            refresh([person], now=now)
            _set(row, RiskState.DISMISSED, by=by, reason=reason, now=now)
        result["after"] = {"state": RiskState.DISMISSED.value, "points voided": voided, "reason": reason}


def void_point(*, point: int, by: Actor, reason: str, now: datetime) -> None:
    """Say that one point is wrong (US-41): it no longer counts, and the same thing of this person is taken for usual.

    Raises NotFound, Conflict when it is void already, BadInput without a reason.
    """
    row = RiskPoint.objects.filter(pk=point).select_related("person").first()
    if row is None:
        raise NotFound(f"there is no point {point}")
    with audited(
        by=by,
        permission=Permission.IDENTITY_RISK_MANAGE,
        verb="risk.void",
        target_type="person",
        target=row.person.address,
        before={"point": row.words, "points": row.points},
    ) as result:
        _reasoned(reason)
        with transaction.atomic():
            if not RiskPoint.objects.filter(pk=point, void=False).update(void=True, void_by=by.name):
                raise Conflict("the point is void already")
            teach(row, now=now)
            refresh([row.person_id], now=now)
        result["after"] = {"void": True, "reason": reason}


def _person(pk: int) -> DirectoryPerson:
    row = DirectoryPerson.objects.filter(pk=pk).first()
    if row is None:
        raise NotFound(f"there is no person {pk}")
    return row


def _before(row: DirectoryPerson) -> Mapping[str, Any]:
    risk = PersonRisk.objects.filter(person=row).first()
    return {"state": risk.state, "level": risk.level} if risk else {}


def _reasoned(reason: str) -> None:
    if not reason.strip():
        raise BadInput("say why", place="reason")
    if len(reason) > LONGEST_REASON:
        raise BadInput(f"at most {LONGEST_REASON:,} characters", place="reason")


def _set(
    row: DirectoryPerson, state: RiskState, *, by: Actor, reason: str, now: datetime, level: RiskLevel | None = None
) -> None:
    values = {"state": state, "state_at": now, "state_by": by.name, "state_reason": reason}
    PersonRisk.objects.filter(person=row).update(**values, **({"level": level} if level else {}))
