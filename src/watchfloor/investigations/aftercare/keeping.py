"""Investigations are kept as long as the settings say, counted from their end; what is open stays (AI-86)."""

from datetime import datetime, timedelta

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.access.services import audit_verb, audited
from watchfloor.investigations.aftercare.policy import current
from watchfloor.investigations.contracts import OPEN
from watchfloor.investigations.models import Investigation

audit_verb("investigation.expire", "{actor} removed {target} whose time had passed")
MIND = system_actor("retention of investigations", Permission.CONNECTION_MANAGE)
AT_ONCE = 100


def forget(*, now: datetime) -> int:
    """Remove some of what is past its time, with its steps, clusters, evidence and recommendations; returns how many.

    Remediations, alerts, audit entries and the rows in the lake have retention of their own.
    """
    days = current().keep_days
    if not days:
        return 0
    past = Investigation.objects.filter(ended_at__lt=now - timedelta(days=days)).exclude(
        status__in=[one.value for one in OPEN]
    )
    numbers = list(past.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    if not numbers:
        return 0
    with audited(
        by=MIND,
        permission=Permission.CONNECTION_MANAGE,
        verb="investigation.expire",
        target_type="investigation",
        target=f"{len(numbers)} investigations",
    ) as result:
        Investigation.objects.filter(pk__in=numbers).delete()
        result["after"] = {"from": numbers[0], "to": numbers[-1], "days": days}
    return len(numbers)
