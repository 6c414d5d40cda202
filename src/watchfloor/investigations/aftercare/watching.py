"""Alerts of sending limits keep from sending whom they name, where the settings say so (AI-19)."""

from datetime import datetime, timedelta

from django.db import transaction

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.incidents import selectors as incidents
from watchfloor.incidents.contracts import AlertStatus, TouchedAlert
from watchfloor.investigations.aftercare.models import Restriction
from watchfloor.investigations.aftercare.policy import current
from watchfloor.investigations.aftercare.restricting import restrict
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.runtime.selectors import cursor_positions
from watchfloor.runtime.services import move_cursor

SENDING_RULES = frozenset({"sending-limit"})
"""Alerts that, where the settings say so, keep whoever they name as compromised from sending."""
EVIDENCE, HISTORY = "investigations.restricting.evidence", "investigations.restricting.history"
RECENT = timedelta(days=2)
SETTLED = timedelta(seconds=2)
MIND = system_actor("sending limits", Permission.IDENTITY_ACTION_MANAGE)


def restrict_by_alert(*, now: datetime) -> int:
    """Restrict the senders of new alerts of sending limits; returns how many alerts were read. Reads on while it is switched off."""
    evidence, history = cursor_positions(EVIDENCE, HISTORY).values()
    touched = incidents.touched_after(evidence=evidence, history=history, before=now - SETTLED, limit=100)
    if not touched.alerts and touched.history == history:
        return 0
    acts = current().restrict
    with transaction.atomic():
        for one in touched.alerts if acts else ():
            if one.alert.rule_id in SENDING_RULES and one.alert.status != AlertStatus.RESOLVED:
                _restrict(one, now=now)
        move_cursor(EVIDENCE, position=touched.evidence)
        move_cursor(HISTORY, position=touched.history)
    return len(touched.alerts)


def _restrict(touched: TouchedAlert, *, now: datetime) -> None:
    """Once an alert: who was released since is not restricted again for the same one."""
    alert = touched.alert
    if alert.created_at < now - RECENT or Restriction.objects.filter(alert_id=alert.alert_id).exists():
        return
    for kind, value, role in touched.people:
        if kind == "user" and role == "compromised" and "@" in value:
            try:
                restrict(by=MIND, address=value, why=alert.title, alert_id=alert.alert_id, at=now)
            except WatchfloorError:
                continue  # an address that is none of ours: the audit log tells
