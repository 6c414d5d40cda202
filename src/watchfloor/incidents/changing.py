"""What every verb shares: permission and audit, the row locked, redirected incidents refused, the effect in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.incidents.contracts import IncidentStatus
from watchfloor.incidents.history import note
from watchfloor.incidents.models import Alert, Incident
from watchfloor.incidents.seeing import must_see
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import Conflict, NotFound

audit_verb("incident.assign", "{actor} assigned the incident {target}")
audit_verb("incident.status", "{actor} changed the status of the incident {target}")
audit_verb("incident.classify", "{actor} classified the incident {target}")
audit_verb("incident.severity", "{actor} changed the severity of the incident {target}")
audit_verb("incident.rename", "{actor} renamed the incident {target}")
audit_verb("incident.tag", "{actor} tagged the incident {target}")
audit_verb("incident.untag", "{actor} took a tag off the incident {target}")
audit_verb("incident.comment", "{actor} commented on the incident {target}")
audit_verb("incident.merge", "{actor} merged incidents into {target}")
audit_verb("incident.unmerge", "{actor} took a merge into {target} apart")
audit_verb("alert.link", "{actor} moved the alert {target} to another incident")
audit_verb("alert.split", "{actor} split the alert {target} off its incident")
audit_verb("alert.assign", "{actor} assigned the alert {target}")
audit_verb("alert.status", "{actor} changed the status of the alert {target}")
audit_verb("alert.classify", "{actor} classified the alert {target}")
audit_verb("alert.comment", "{actor} commented on the alert {target}")


@dataclass(slots=True)
class Change:
    """A verb at work: `before` and `after` go to the audit log, `say` to the activity log."""

    by: Actor
    now: datetime
    incident: Incident | None = None
    alert: Alert | None = None
    after: dict[str, Any] = field(default_factory=dict)

    def say(self, kind: str, text: str, *, alert: Alert | None = None, incident: Incident | None = None) -> None:
        if alert is None and incident is None:
            incident, alert = self.incident, self.alert
        note(by=self.by, at=self.now, kind=kind, text=text, incident=incident, alert=alert)


@contextmanager
def changing_incident(*, incident: int, by: Actor, verb: str, reason: str = "") -> Iterator[tuple[Change, Incident]]:
    """Raises Forbidden, NotFound, or Conflict when the incident was merged into another one."""
    with audited(
        by=by,
        permission=Permission.INCIDENT_MANAGE,
        verb=verb,
        target_type="incident",
        target=str(incident),
        reason=reason,
    ) as result:
        with transaction.atomic():
            row = locked_incident(incident)
            must_see(row, by)
            change = Change(by, utc_now(), incident=row)
            yield change, row
            row.updated_at = change.now
            row.save()
        result["after"] = change.after


@contextmanager
def changing_alert(*, alert: str, by: Actor, verb: str, reason: str = "") -> Iterator[tuple[Change, Alert]]:
    """Raises Forbidden or NotFound."""
    with audited(
        by=by, permission=Permission.INCIDENT_MANAGE, verb=verb, target_type="alert", target=alert, reason=reason
    ) as result:
        with transaction.atomic():
            row = locked_alert(alert)
            must_see(row.incident, by)
            change = Change(by, utc_now(), alert=row)
            yield change, row
            row.updated_at = change.now
            row.save()
        result["after"] = change.after


def locked_incident(incident: int, *, merged_too: bool = False) -> Incident:
    row = Incident.objects.select_for_update().filter(pk=incident).first()
    if row is None:
        raise NotFound(f"there is no incident {incident}")
    if row.status == IncidentStatus.REDIRECTED and not merged_too:
        raise Conflict(f"incident {incident} was merged into incident {row.redirected_to_id}; work on that one")
    return row


def locked_alert(alert: str) -> Alert:
    row = Alert.objects.select_for_update().filter(alert_id=alert).first()
    if row is None:
        raise NotFound(f"there is no alert {alert}")
    return row
