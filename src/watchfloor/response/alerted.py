"""Alerts and remediations that belong together: the alert an action was begun from, and the one that says it was done (EA-60, EA-64)."""

from contextlib import suppress
from uuid import UUID

from django.db.models import Q

from watchfloor.incidents.contracts import AlertSummary
from watchfloor.incidents.selectors import alert_of_finding, finding_of_alert
from watchfloor.response.models import Remediation
from watchfloor.response.telling import PREFIX, key_of

MOST = 20


def raised_alert(one: Remediation) -> AlertSummary | None:
    """The informational alert that somebody acted; None where none was raised, as of what was done by itself."""
    return alert_of_finding(key_of(one))


def alerts_of(one: Remediation) -> tuple[str, ...]:
    """The ids of both alerts, where there are any."""
    raised = raised_alert(one)
    return tuple(filter(None, (one.alert_id, raised.alert_id if raised else "")))


def remediations_of_alert(alert_id: str) -> list[Remediation]:
    """What was done about an alert, and the action that it tells of; newest first."""
    told = finding_of_alert(alert_id).removeprefix(PREFIX)
    belongs = Q(alert_id=alert_id)
    with suppress(ValueError):  # it tells of something else
        belongs |= Q(pk=UUID(told))
    return list(Remediation.objects.filter(belongs).order_by("-created_at")[:MOST])
