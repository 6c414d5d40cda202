"""Writing the activity log: who (a person or the product) did what, in words."""

from datetime import datetime

from watchfloor.access.contracts import Actor
from watchfloor.access.selectors import system_actor
from watchfloor.incidents.models import Alert, HistoryEntry, Incident

CORRELATION = system_actor("Correlation")
POLICIES = system_actor("Alert policies")


def note(
    *, by: Actor, at: datetime, kind: str, text: str, incident: Incident | None = None, alert: Alert | None = None
) -> HistoryEntry:
    """One line, in the caller's transaction."""
    origin = "system" if by.id.startswith("system:") else "person"
    return HistoryEntry.objects.create(
        incident=incident, alert=alert, at=at, actor_name=by.name, origin=origin, kind=kind, text=text
    )
