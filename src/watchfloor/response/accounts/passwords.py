"""Temporary passwords: shown once to whoever decided the action, sealed until then, gone after 24 hours."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.kernel.errors import Forbidden, NotFound
from watchfloor.response.models import AccountLine, Remediation
from watchfloor.runtime.services import unseal

audit_verb("account.show_passwords", "{actor} was shown the temporary passwords of {target}")


@dataclass(frozen=True, slots=True)
class Temporary:
    """One new password of one account."""

    owner: str
    name: str
    system: str
    password: str

    def __repr__(self) -> str:
        return f"Temporary({self.name!r}, {self.system!r})"


def waiting_passwords(remediation: Remediation, *, now: datetime) -> int:
    """How many there are to be shown."""
    return remediation.account_lines.exclude(secret="").filter(secret_until__gt=now).count()


def show_passwords(*, by: Actor, remediation_id: UUID | str, now: datetime) -> tuple[Temporary, ...]:
    """Open each of them once and forget it. Only for whoever decided the action.

    Raises Forbidden (somebody else decided), NotFound (nothing is left to show).
    """
    known = Remediation.objects.filter(pk=remediation_id).first()
    if known is None:
        raise NotFound("there is no such remediation", place=str(remediation_id))
    right = Permission.IDENTITY_ACTION_MANAGE
    with audited(
        by=by, permission=right, verb="account.show_passwords", target_type="remediation", target=known.name
    ) as result:
        if by.id != known.decided_by:
            raise Forbidden(
                f"only {known.decided_by_name}, who decided this action, is shown them", permission=right.value
            )
        shown = _taken(known, now)
        result["after"] = {"accounts": [one.name for one in shown]}
    return shown


def forget_passwords(*, now: datetime) -> int:
    """Wipe those nobody looked at in time; returns how many."""
    late = AccountLine.objects.exclude(secret="").filter(secret_until__lte=now)
    return late.update(secret="")


def _taken(known: Remediation, now: datetime) -> tuple[Temporary, ...]:
    with transaction.atomic():
        kept = known.account_lines.select_for_update().exclude(secret="").filter(secret_until__gt=now)
        lines = list(kept.order_by("pk"))
        shown = tuple(Temporary(line.owner_name, line.name, line.system, unseal(line.secret)) for line in lines)
        AccountLine.objects.filter(pk__in=[line.pk for line in lines]).update(secret="")
    if not shown:
        raise NotFound("the temporary passwords were shown already, or are older than 24 hours: reset again")
    return shown
