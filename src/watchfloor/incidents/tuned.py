"""Tuning as alerts are raised: which rule fits a finding, and what it then does. All of it can be taken back."""

from datetime import datetime

from django.db.models import F, Q, QuerySet

from watchfloor.access.contracts import Actor
from watchfloor.access.selectors import system_actor
from watchfloor.detection.contracts import Finding
from watchfloor.incidents.contracts import AlertStatus, IncidentStatus
from watchfloor.incidents.facets import OWN
from watchfloor.incidents.history import note
from watchfloor.incidents.models import Alert, HiddenAlert, Incident, TuningRule
from watchfloor.incidents.seeing import rules_hidden_from
from watchfloor.incidents.summing import refresh
from watchfloor.incidents.tuning import Subject, holds, read
from watchfloor.kernel.errors import BadInput

HIDE, RESOLVE = "hide", "resolve"
ACTIONS = (HIDE, RESOLVE)
TUNING = system_actor("Alert tuning")
ENTITIES_SHOWN = 6


def tuning_of(finding: Finding, *, now: datetime) -> TuningRule | None:
    """The rule that fits, one that hides before one that resolves, then the oldest; None for most findings. One query."""
    rules = TuningRule.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), enabled=True).order_by("action", "id")
    subject = subject_of(finding)
    return next((one for one in rules if in_scope(one, finding.rule_id, finding.source) and _holds(one, subject)), None)


def _holds(rule: TuningRule, subject: Subject) -> bool:
    try:
        return holds(read(rule.conditions), subject)
    except BadInput:
        return False  # written by a newer version: it rests, as nobody can say what it means


def in_scope(rule: TuningRule, rule_id: str, source: str) -> bool:
    """Whether a rule is about alerts of this policy and source."""
    if rule.policies and rule_id not in rule.policies:
        return False
    return not rule.sources or (source or OWN) in rule.sources


def subject_of(finding: Finding) -> Subject:
    entities = tuple((str(item.type), item.value) for item in finding.evidence)
    return Subject(finding.title, entities, omitted=finding.omitted > 0)


def count_hit(rule: TuningRule, *, now: datetime) -> None:
    TuningRule.objects.filter(pk=rule.pk).update(hits=F("hits") + 1, last_hit=now)


def hide(finding: Finding, *, by: TuningRule, now: datetime) -> HiddenAlert:
    """Do not raise it; keep what is needed to list it, and to raise it after all."""
    hidden, _ = HiddenAlert.objects.get_or_create(
        finding_key=finding.key,
        defaults={
            "rule_id": finding.rule_id,
            "title": finding.title[:300],
            "severity": finding.severity,
            "description": finding.description,
            "entities": [item.label or item.value for item in finding.evidence[:ENTITIES_SHOWN]],
            "hits": finding.hits,
            "last_activity": finding.last_activity,
            "hidden_at": now,
            "tuned_by": by,
            "tuned_name": by.name,
        },
    )
    return hidden


def resolve_as_tuned(alert: Alert, *, by: TuningRule, now: datetime) -> None:
    """Resolve and classify an alert that was just raised; its incident too when nothing in it is open and it was opened for it."""
    alert.status, alert.resolved_at, alert.tuned_by = AlertStatus.RESOLVED, now, by
    alert.classification, alert.determination = by.classification, by.determination
    alert.save(update_fields=["status", "resolved_at", "tuned_by", "classification", "determination"])
    text = f"Resolved by the tuning rule “{by.name}”"
    note(by=TUNING, at=now, kind="tuned", text=text, alert=alert)
    incident = refresh(Incident.objects.select_for_update().get(pk=alert.incident_id), now=now)
    if incident.alert_count == 1:
        incident.status, incident.resolved_at, incident.resolution_note = IncidentStatus.RESOLVED, now, text
        incident.classification, incident.determination = by.classification, by.determination
        incident.save()
        note(by=TUNING, at=now, kind="tuned", text=text, incident=incident)


def hidden_alerts(*, by: Actor) -> "QuerySet[HiddenAlert]":
    """What tuning keeps from the list, without what this person would not see there either."""
    rules = HiddenAlert.objects.order_by().values_list("rule_id", flat=True).distinct()
    return HiddenAlert.objects.exclude(rule_id__in=rules_hidden_from(by, rules))
