"""Verbs on tuning rules and on what they hid or resolved; each audited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.detection.selectors import finding
from watchfloor.incidents.contracts import DETERMINATIONS, AlertStatus, Classification, Correlation, IncidentStatus
from watchfloor.incidents.history import note
from watchfloor.incidents.models import Alert, HiddenAlert, Incident, TuningRule
from watchfloor.incidents.promotion import take
from watchfloor.incidents.summing import refresh
from watchfloor.incidents.tuned import ACTIONS, RESOLVE, hidden_alerts
from watchfloor.incidents.tuning import read, written
from watchfloor.kernel.errors import BadInput, NotFound

audit_verb("alert_tuning.save", "{actor} saved the alert tuning rule {target}")
audit_verb("alert_tuning.switch", "{actor} switched the alert tuning rule {target}")
audit_verb("alert_tuning.delete", "{actor} deleted the alert tuning rule {target}")
audit_verb("alert_tuning.reopen", "{actor} reopened the alerts that the tuning rule {target} resolved")
audit_verb("alert.unhide", "{actor} had hidden alerts raised after all")

TUNE = Permission.DETECTION_TUNE
MOST_RULES = 500
AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A tuning rule as a person fills it in; `classification` and `determination` are what resolved alerts get."""

    name: str
    action: str
    conditions: Mapping[str, Any]
    policies: Sequence[str] = ()
    sources: Sequence[str] = ()
    classification: str = Classification.EXPECTED
    determination: str = "confirmedActivity"
    comment: str = ""
    expires_at: datetime | None = None


def save_tuning(*, wanted: Wanted, by: Actor, now: datetime, number: int | None = None) -> TuningRule:
    """Keep a rule; it holds for alerts raised from now on. Raises BadInput naming the field, NotFound."""
    name = " ".join(wanted.name.replace("\x00", "").split())[:200]
    with audited(by=by, permission=TUNE, verb="alert_tuning.save", target_type="rule", target=name) as result:
        _check(wanted, name, now=now)
        if number is None and TuningRule.objects.count() >= MOST_RULES:
            raise BadInput(f"at most {MOST_RULES} rules; delete one first", place="name")
        row = TuningRule(created_by=by.name, created_at=now) if number is None else tuning_rule(number)
        row.name, row.action, row.conditions = name, wanted.action, written(read(wanted.conditions))
        row.policies, row.sources = list(dict.fromkeys(wanted.policies)), list(dict.fromkeys(wanted.sources))
        judged = wanted.action == RESOLVE
        row.classification = str(wanted.classification) if judged else ""
        row.determination = wanted.determination if judged else ""
        row.comment, row.expires_at = wanted.comment.replace("\x00", "").strip()[:4000], wanted.expires_at
        row.changed_by, row.changed_at = by.name, now
        row.save()
        result["after"] = {"action": row.action, "conditions": row.conditions, "policies": row.policies}
    return row


def _check(wanted: Wanted, name: str, *, now: datetime) -> None:
    if not name:
        raise BadInput("give the rule a name", place="name")
    if wanted.action not in ACTIONS:
        raise BadInput("choose whether alerts are hidden or resolved", place="action")
    if wanted.expires_at is not None and wanted.expires_at <= now:
        raise BadInput("the rule would have ended already", place="expires")
    if wanted.action == RESOLVE:
        known = tuple(Classification)
        if wanted.classification not in known or wanted.classification == Classification.NOT_SET:
            raise BadInput("choose what resolved alerts are classified as", place="classification")
        if wanted.determination not in DETERMINATIONS[Classification(wanted.classification)]:
            raise BadInput("that determination does not go with the classification", place="classification")


def tuning_rule(number: int) -> TuningRule:
    """Raises NotFound."""
    row = TuningRule.objects.filter(pk=number).first() if number < 2**63 else None
    if row is None:
        raise NotFound("there is no such tuning rule")
    return row


def switch_tuning(*, number: int, enabled: bool, by: Actor, now: datetime) -> None:
    row = tuning_rule(number)
    with audited(by=by, permission=TUNE, verb="alert_tuning.switch", target_type="rule", target=row.name) as result:
        row.enabled, row.changed_by, row.changed_at = enabled, by.name, now
        row.save()
        result["after"] = {"enabled": enabled}


def delete_tuning(*, number: int, by: Actor) -> str:
    """Forget a rule; what it hid stays listed, what it resolved stays resolved. Returns its name."""
    row = tuning_rule(number)
    with audited(by=by, permission=TUNE, verb="alert_tuning.delete", target_type="rule", target=row.name) as result:
        result["before"] = {"action": row.action, "conditions": row.conditions}
        row.delete()
    return row.name


def reopen_tuned(*, number: int, by: Actor, now: datetime) -> int:
    """Make the alerts new again that a rule resolved, and nobody since; returns how many."""
    row = tuning_rule(number)
    with audited(
        by=by, permission=Permission.INCIDENT_MANAGE, verb="alert_tuning.reopen", target_type="rule", target=row.name
    ) as result:
        with transaction.atomic():
            alerts = list(Alert.objects.filter(tuned_by=row, status=AlertStatus.RESOLVED)[:AT_ONCE])
            for one in alerts:
                one.status, one.resolved_at, one.tuned_by, one.updated_at = AlertStatus.NEW, None, None, now
                if (one.classification, one.determination) == (row.classification, row.determination):
                    one.classification = one.determination = ""
                one.save()
                note(
                    by=by,
                    at=now,
                    kind="tuned",
                    text=f"Reopened: the tuning rule “{row.name}” had resolved it",
                    alert=one,
                )
            _reopen_incidents({one.incident_id for one in alerts}, by=by, now=now)
        result["after"] = {"alerts": len(alerts)}
    return len(alerts)


def _reopen_incidents(numbers: set[int], *, by: Actor, now: datetime) -> None:
    for incident in Incident.objects.select_for_update().filter(pk__in=numbers):
        if incident.status == IncidentStatus.RESOLVED and incident.resolution_note.startswith(
            "Resolved by the tuning rule"
        ):
            incident.status, incident.resolved_at, incident.resolution_note = IncidentStatus.ACTIVE, None, ""
            incident.classification = incident.determination = ""
            note(by=by, at=now, kind="tuned", text="Reopened with its alert", incident=incident)
        refresh(incident, now=now)


def unhide(*, keys: Sequence[str], by: Actor, now: datetime) -> int:
    """Raise hidden alerts after all, each in its incident as if no rule had been; returns how many."""
    with audited(
        by=by,
        permission=Permission.INCIDENT_MANAGE,
        verb="alert.unhide",
        target_type="alert",
        target=f"{len(keys)} hidden",
    ) as result:
        seen = hidden_alerts(by=by).filter(finding_key__in=keys[:AT_ONCE]).values_list("finding_key", flat=True)
        raised = [_raise(key, by=by, now=now) for key in list(seen)]
        result["after"] = {"alerts": [one for one in raised if one]}
    return sum(1 for one in raised if one)


def _raise(key: str, *, by: Actor, now: datetime) -> str:
    with transaction.atomic():
        row = HiddenAlert.objects.select_for_update().filter(finding_key=key).first()
        found = finding(key) if row else None
        if row is None or found is None:
            return ""
        alert = take(found, now=now, rules=Correlation(), untuned=True)
        assert alert is not None
        text = f"Hidden by the tuning rule “{row.tuned_name}” until {by.name} had it raised"
        note(by=by, at=now, kind="tuned", text=text, alert=alert)
        row.delete()
    return alert.alert_id
