"""Reads of investigations; the number of queries does not grow with the rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.http import QueryDict

from watchfloor.access.contracts import Actor
from watchfloor.incidents import selectors as incidents
from watchfloor.investigations.contracts import Kind, Level, RecommendationStatus, Status
from watchfloor.investigations.models import Cluster, Investigation, Recommendation
from watchfloor.investigations.playbook import playbooks
from watchfloor.kernel.errors import NotFound

PERIODS = {
    "2d": ("Yesterday and today", timedelta(days=2)),
    "7d": ("Last 7 days", timedelta(days=7)),
    "30d": ("Last 30 days", timedelta(days=30)),
    "72d": ("Last 72 days", timedelta(days=72)),
    "all": ("Any time", None),
}
SORTS = {"id": "id", "created": "created_at", "changed": "changed_at", "threats": "threats", "actions": "actions"}
SIZES = (25, 50, 100, 200)


@dataclass(frozen=True, slots=True)
class Listing:
    """The list's filters as they stand in its URL; empty means any."""

    kind: str = ""
    status: str = ""
    period: str = "2d"
    search: str = ""
    incident: str = ""
    sort: str = "-id"
    page: int = 1
    size: int = 50

    @property
    def filtered(self) -> bool:
        return bool(self.kind or self.status or self.search or self.incident)


def read_listing(parameters: QueryDict) -> Listing:
    """What cannot be understood falls back to the default (AI-60, AI-61)."""
    page, size, sort = (parameters.get(name, "") for name in ("page", "size", "sort"))
    period = parameters.get("period", "")
    incident = parameters.get("incident", "")
    return Listing(
        kind=parameters.get("kind", ""),
        status=parameters.get("status", ""),
        period=period if period in PERIODS else "2d",
        search=parameters.get("q", "").replace("\x00", "").strip()[:200],
        incident=incident if incident.isdecimal() else "",
        sort=sort if sort.lstrip("-") in SORTS else "-id",
        page=max(1, int(page)) if page.isdecimal() and len(page) < 7 else 1,
        size=int(size) if size in map(str, SIZES) else 50,
    )


def seen(by: Actor) -> "QuerySet[Investigation]":
    """Those whose incident this person may see (AP-05): an investigation tells all that its alerts do."""
    hidden = incidents.incidents_hidden_from(by)
    return Investigation.objects.exclude(incident_id__in=map(str, hidden)) if hidden else Investigation.objects.all()


def listed(listing: Listing, *, by: Actor, now: datetime) -> "QuerySet[Investigation]":
    """The investigations under these filters. What waits for people is never hidden by the period (LM-08)."""
    found = seen(by)
    span = PERIODS[listing.period][1]
    if span is not None and not listing.incident:
        found = found.filter(Q(created_at__gte=now - span) | Q(status=Status.PENDING.value))
    wanted = {"kind": listing.kind, "status": listing.status, "incident_id": listing.incident}
    found = found.filter(**{name: value for name, value in wanted.items() if value})
    if listing.search:
        wanted_number = int(listing.search) if listing.search.isdecimal() and len(listing.search) < 10 else None
        found = found.filter(Q(name__icontains=listing.search) | Q(pk=wanted_number))
    sign = "-" if listing.sort.startswith("-") else ""
    return found.order_by(f"{sign}{SORTS[listing.sort.lstrip('-')]}", "-id")


def choices() -> dict[str, list[tuple[str, str]]]:
    """What the filters of the list offer."""
    return {
        "kind": [(one.value, one.value) for one in Kind],
        "status": [(one.value, one.value) for one in Status],
        "period": [(key, label) for key, (label, _) in PERIODS.items()],
    }


def investigation(pk: int, *, by: Actor) -> Investigation:
    """One; raises NotFound, also for one that is not for this person."""
    found = seen(by).filter(pk=pk).first() if pk < 2**62 else None
    if found is None:
        raise NotFound(f"there is no investigation {pk}")
    return found


def of_message(network_message_id: str, *, by: Actor, limit: int = 20) -> tuple[Investigation, ...]:
    """The investigations that met a mail, newest first."""
    met = Q(evidence__type="analyzedMessage", evidence__value=network_message_id)
    return tuple(seen(by).filter(met).distinct()[:limit])


def of_incident(incident_id: int, *, by: Actor, limit: int = 50) -> tuple[Investigation, ...]:
    return tuple(seen(by).filter(incident_id=str(incident_id))[:limit])


def of_alert(alert_id: str, *, by: Actor, limit: int = 20) -> tuple[Investigation, ...]:
    return tuple(seen(by).filter(alerts__alert_id=alert_id)[:limit])


def of_remediation(remediation_id: str, *, by: Actor) -> tuple[Investigation, ...]:
    """The investigation that recommended a remediation."""
    return tuple(seen(by).filter(recommendations__remediation_id=remediation_id).distinct())


def clusters_of_incident(incident_id: int, *, by: Actor, limit: int) -> tuple[Cluster, ...]:
    """The clusters of an incident's investigations, the gravest of the newest first."""
    mine = seen(by).filter(incident_id=str(incident_id))
    found = Cluster.objects.filter(investigation__in=mine, verdict__in=("Malicious", "Suspicious"))
    return tuple(found.order_by("-investigation", "verdict", "id")[:limit])


def waiting_in_incident(incident_id: int, *, by: Actor, limit: int = 200) -> tuple[Recommendation, ...]:
    """What an incident's investigations recommend and nobody decided yet."""
    mine = seen(by).filter(incident_id=str(incident_id))
    found = Recommendation.objects.filter(investigation__in=mine, status=RecommendationStatus.PENDING.value)
    return tuple(found.select_related("investigation")[:limit])


def rule_of_alert(alert_id: str) -> str:
    """The policy an alert is of; "" when it has gone."""
    try:
        return incidents.alert(alert_id).rule_id
    except NotFound:
        return ""


def of_person(addresses: tuple[str, ...], *, by: Actor, limit: int = 20) -> tuple[Investigation, ...]:
    """Those that looked at a person's mailbox or account."""
    met = Q(evidence__type__in=("user", "mailbox"), evidence__value__in=addresses)
    return tuple(seen(by).filter(met).distinct()[:limit])


@dataclass(frozen=True, slots=True)
class Score:
    """How often people agreed with one playbook's recommendations: `decided` of them, `agreed` yes."""

    playbook: str
    title: str
    level: str
    recommended: int
    decided: int
    agreed: int

    @property
    def share(self) -> str:
        return f"{100 * self.agreed / self.decided:.0f} %" if self.decided else "–"


def scoreboard(levels: Mapping[str, Level]) -> tuple[Score, ...]:
    """By playbook: approving is agreeing, rejecting is not; of the passive level what people said. One query."""
    agreed = Q(agreed=True) | Q(
        agreed__isnull=True,
        automatic=False,
        status__in=(RecommendationStatus.RUNNING, RecommendationStatus.DONE, RecommendationStatus.FAILED),
    )
    refused = Q(agreed=False) | Q(status=RecommendationStatus.REJECTED)
    counted = Recommendation.objects.exclude(status=RecommendationStatus.ADVICE).order_by()
    rows = counted.values("investigation__playbook").annotate(
        all=Count("pk"), yes=Count("pk", filter=agreed), no=Count("pk", filter=refused)
    )
    by_key = {row["investigation__playbook"]: row for row in rows}
    empty = {"all": 0, "yes": 0, "no": 0}
    return tuple(
        Score(key, one.title, levels[key].label, row["all"], row["yes"] + row["no"], row["yes"])
        for key, one in playbooks().items()
        for row in [by_key.get(key, empty)]
    )
