"""What follows investigations, as somebody set it: reading and changing the one row."""

from datetime import datetime
from typing import Any

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors.services import checked_addresses
from watchfloor.investigations.aftercare.models import AftercarePolicy
from watchfloor.kernel.errors import BadInput

audit_verb("investigation.aftercare", "{actor} changed what follows investigations")
ONLY = 1
MOST_ADDRESSES = 50
MOST_HOURS = 24 * 365
LISTS = ("remind", "escalate")


def current() -> AftercarePolicy:
    """The settings in force; the defaults while nobody changed any."""
    return AftercarePolicy.objects.filter(pk=ONLY).first() or AftercarePolicy(pk=ONLY)


def change(*, by: Actor, at: datetime, **changed: Any) -> AftercarePolicy:
    """Change some of it. Raises Forbidden, or BadInput (`place` names the field)."""
    before = current()
    with audited(
        by=by,
        permission=Permission.CONNECTION_MANAGE,
        verb="investigation.aftercare",
        target_type="setting",
        target="what follows investigations",
        before={name: getattr(before, name) for name in changed},
    ) as result:
        wanted = {name: _addresses(name, value) if name in LISTS else value for name, value in changed.items()}
        _check(before, wanted)
        kept, _ = AftercarePolicy.objects.update_or_create(
            pk=ONLY, defaults={**wanted, "changed_at": at, "changed_by": by.name}
        )
        result["after"] = wanted
    return kept


def _addresses(name: str, lines: list[str]) -> list[str]:
    wanted = list(dict.fromkeys(one.strip().lower() for one in lines if one.strip()))
    if len(wanted) > MOST_ADDRESSES:
        raise BadInput(f"{MOST_ADDRESSES} addresses at most", place=name)
    try:
        return list(checked_addresses(wanted)) if wanted else []
    except BadInput as error:
        raise BadInput(error.message, place=name) from error


def _check(before: AftercarePolicy, wanted: dict[str, Any]) -> None:
    remind = int(wanted.get("remind_hours", before.remind_hours))
    escalate = int(wanted.get("escalate_hours", before.escalate_hours))
    if not 1 <= remind <= MOST_HOURS:
        raise BadInput(f"1 to {MOST_HOURS:,} hours", place="remind_hours")
    if not remind <= escalate <= MOST_HOURS:
        raise BadInput("escalation comes with or after the first reminder", place="escalate_hours")
    if not 0 <= int(wanted.get("keep_days", before.keep_days)) <= 10_000:
        raise BadInput("0 (for good) to 10,000 days", place="keep_days")
