"""Keeping an incident's own columns (name, severity, counts, times) true to its alerts. A fixed number of queries."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q

from watchfloor.incidents.contracts import SEVERITY_RANK, AlertStatus
from watchfloor.incidents.correlation import ACTED
from watchfloor.incidents.facets import OWN, facets_of
from watchfloor.incidents.models import Alert, AlertEvidence, Incident
from watchfloor.incidents.naming import Content, incident_name

MOST_READ = 1000
MOST_SOURCES = 20
MOST_WORDS = 4000
RANK_SEVERITY = {rank: name for name, rank in SEVERITY_RANK.items()}


def words_of(name: str, titles: Iterable[str]) -> str:
    """What the search looks through, the name first; small letters, for a database compares those several times as fast."""
    return "|".join(dict.fromkeys(one.replace("|", "/").lower() for one in (name, *titles)))[:MOST_WORDS]


def refresh(incident: Incident, *, now: datetime) -> Incident:
    """Recompute from the alerts; a custom name and a severity set by hand are kept. Saves; an empty incident keeps its past."""
    alerts = list(
        Alert.objects.filter(incident=incident)
        .order_by("first_activity", "id")
        .values("title", "techniques", "category", "rule_id", "source", "severity")[:MOST_READ]
    )
    sums = Alert.objects.filter(incident=incident).aggregate(
        number=Count("id"),
        active=Count("id", filter=~Q(status=AlertStatus.RESOLVED)),
        first=Min("first_activity"),
        last=Max("last_activity"),
        rank=Max("severity_rank"),
    )
    incident.alert_count, incident.active_alert_count = sums["number"], sums["active"]
    incident.updated_at = now
    if alerts:
        incident.first_activity, incident.last_activity = sums["first"], sums["last"]
        incident.detection_sources = list(dict.fromkeys(alert["source"] or OWN for alert in alerts))[:MOST_SOURCES]
        incident.categories = list(dict.fromkeys(alert["category"] for alert in alerts))
        if not incident.severity_by_hand:
            incident.severity_rank, incident.severity = sums["rank"], RANK_SEVERITY[sums["rank"]]
        content = _content(incident, alerts)
        if not incident.custom_name:
            incident.name = incident_name(content)
        incident.words = words_of(incident.name, (alert["title"] for alert in alerts))
    incident.save()
    return incident


def _content(incident: Incident, alerts: Sequence[Mapping[str, Any]]) -> Content:
    evidence = AlertEvidence.objects.filter(alert__incident=incident)
    accounts = evidence.filter(type__in=("mailbox", "user"))
    counts = evidence.order_by().values("type").annotate(n=Count("key", distinct=True))
    by_type = {row["type"]: row["n"] for row in counts}
    incident.mailbox_count, incident.user_count = by_type.get("mailbox", 0), by_type.get("user", 0)
    incident.device_count = by_type.get("device", 0)
    incident.facets = facets_of(alerts, sorted(by_type))
    actors = list(accounts.filter(role=ACTED).order_by("value").values_list("value", flat=True).distinct()[:50])
    subject = evidence.filter(type="analyzedMessage").exclude(label="").order_by("first_seen", "id")
    senders = list(evidence.filter(type="sender", value__in=actors).values_list("value", flat=True).distinct())
    received = accounts.filter(type="mailbox").exclude(value__in=senders)
    return Content(
        titles=list(dict.fromkeys(str(alert["title"]) for alert in alerts)),
        techniques=frozenset(str(t) for alert in alerts for t in alert["techniques"]),
        subject=subject.values_list("label", flat=True).first() or "",
        people=received.aggregate(n=Count("key", distinct=True))["n"],
        actors=actors,
        senders=senders,
    )
