"""The queues' filters as they stand in an address, and as database conditions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from watchfloor.detection.contracts import EvidenceType
from watchfloor.incidents.contracts import SEVERITIES
from watchfloor.incidents.correlation import entity_key
from watchfloor.incidents.facets import OWN, facet
from watchfloor.incidents.investigated import alerts_in, incidents_in, read_states
from watchfloor.incidents.models import AlertEvidence, Tag
from watchfloor.incidents.seeing import seen_by

INCIDENT_STATUSES = ("active", "inProgress", "resolved", "redirected")
ALERT_STATUSES = ("new", "inProgress", "resolved")
RANGES = {
    "1d": ("1 day", 1),
    "3d": ("3 days", 3),
    "7d": ("1 week", 7),
    "30d": ("30 days", 30),
    "180d": ("6 months", 180),
}
ANY = "any"
INCIDENT_SORTS = {
    "activity": ("Last activity", ("-last_activity", "-id")),
    "updated": ("Last change", ("-updated_at", "-id")),
    "created": ("Newest", ("-created_at", "-id")),
    "severity": ("Severity", ("-severity_rank", "-last_activity", "-id")),
    "alerts": ("Most alerts", ("-alert_count", "-id")),
}
ALERT_SORTS = {
    "activity": ("Last activity", ("-last_activity", "-id")),
    "created": ("Newest", ("-created_at", "-id")),
}
SEVERAL = ("category", "source")
MOST_VALUES = 50


@dataclass(frozen=True, slots=True)
class Filter:
    """What a queue shows. Empty tuples filter nothing; `range` is a key of RANGES, or "custom" with `start` and `end`.

    `naming` keeps what names one of these as a user or mailbox: all names of one person. `has` are kinds of entity, `several`
    keeps incidents whose alerts are of more than one category or source. `investigations` are states that a slice above knows. `hidden` are categories whose alerts who asks may not
    see; None, when nobody in particular asks, hides all that not everybody sees.
    """

    statuses: tuple[str, ...]
    severities: tuple[str, ...]
    assigned: str = ""
    classification: str = ANY
    tags: tuple[str, ...] = ()
    search: str = ""
    range: str = "180d"
    start: datetime | None = None
    end: datetime | None = None
    categories: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    alert_severities: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    several: tuple[str, ...] = ()
    investigations: tuple[str, ...] = ()
    entity: str = ""
    sort: str = "activity"
    naming: tuple[str, ...] = ()
    hidden: tuple[str, ...] | None = None

    def since(self, now: datetime) -> tuple[datetime, datetime | None]:
        if self.range == "custom" and self.start:
            return self.start, self.end
        return now - timedelta(days=RANGES.get(self.range, RANGES["180d"])[1]), None


def read_filter(parameters: Any, *, statuses: tuple[str, ...], range: str) -> Filter:
    """From a query string; what is unknown falls back to the default (IN-01, AL-01)."""
    chosen = tuple(value for value in parameters.getlist("status") if value)
    severities = tuple(value for value in parameters.getlist("severity") if value in SEVERITIES)
    defaults = statuses if "status" not in parameters else ()
    return Filter(
        statuses=chosen if ANY not in chosen and chosen else defaults,
        severities=severities or (() if parameters.get("severity") == ANY else SEVERITIES[:3]),
        assigned=_text(parameters, "assigned"),
        classification=parameters.get("classification", ANY),
        tags=_several(parameters, "tag"),
        search=_text(parameters, "q"),
        range=parameters.get("range", range),
        start=read_moment(parameters.get("from")),
        end=read_moment(parameters.get("to")),
        categories=_several(parameters, "category"),
        sources=_several(parameters, "source"),
        rules=_several(parameters, "rule"),
        techniques=_several(parameters, "technique"),
        alert_severities=tuple(one for one in parameters.getlist("alert-severity") if one in SEVERITIES),
        has=tuple(one for one in parameters.getlist("has") if one in tuple(EvidenceType)),
        several=tuple(one for one in parameters.getlist("several") if one in SEVERAL),
        investigations=read_states(parameters.getlist("investigation")),
        entity=_text(parameters, "entity"),
        sort=parameters.get("sort", "activity"),
    )


def _text(parameters: Any, field: str) -> str:
    return str(parameters.get(field, "")).replace("\x00", "").strip()[:2000]


def _several(parameters: Any, field: str) -> tuple[str, ...]:
    """The different values of a field, which may stand in one separated by commas when it is a field of tags or techniques."""
    given = [one.replace("\x00", "") for one in parameters.getlist(field)]
    if field in ("tag", "technique"):
        given = [part for one in given for part in one.split(",")]
    return tuple(dict.fromkeys(one.strip()[:300] for one in given if one.strip()))[:MOST_VALUES]


def read_moment(text: str | None) -> datetime | None:
    """A date-time field's value in UTC, which it is when it names no zone; None for what no calendar or database holds."""
    try:
        moment = datetime.fromisoformat(text or "")
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def common_conditions(chosen: Filter, *, now: datetime, me: Sequence[str]) -> Q:
    """What incidents and alerts have in common. `me` are the ids of who asks and of their groups."""
    start, end = chosen.since(now)
    condition = Q(last_activity__gte=start)
    if end:
        condition &= Q(last_activity__lt=end)
    if chosen.statuses:
        condition &= Q(status__in=chosen.statuses)
    if chosen.severities and set(chosen.severities) != set(SEVERITIES):
        condition &= Q(severity__in=chosen.severities)
    if chosen.assigned:
        wanted = {"me": list(me), "nobody": [""]}.get(chosen.assigned, [chosen.assigned])
        condition &= Q(assigned_to__in=wanted)
    if chosen.classification != ANY:
        kind, _, determination = chosen.classification.partition("/")
        condition &= Q(classification=kind)
        if determination:
            condition &= Q(determination=determination)
    return condition


def incident_conditions(chosen: Filter) -> Q:
    """What only incidents are asked: what their alerts are of, their tags."""
    condition = seen_by(chosen.hidden)
    asked = {
        "category": chosen.categories,
        "source": chosen.sources,
        "rule": chosen.rules,
        "technique": chosen.techniques,
        "severity": chosen.alert_severities,
    }
    for kind, values in asked.items():
        condition &= _any(Q(facets__contains=f"|{facet(kind, value)}|") for value in values)
    for kind, values in {"has": chosen.has, "several": chosen.several}.items():
        for value in values:
            condition &= Q(facets__contains=f"|{facet(kind, value)}|")
    if chosen.tags:
        tagged = Tag.objects.filter(_any(Q(text__iexact=text) for text in chosen.tags))
        condition &= Q(pk__in=tagged.values("incident"))
    return condition & incidents_in(chosen.investigations)


def alert_conditions(chosen: Filter) -> Q:
    """The same of alerts, which hold it themselves; tags and kinds of entity are their incident's."""
    condition = seen_by(chosen.hidden, "incident__")
    if chosen.categories:
        condition &= Q(category__in=chosen.categories)
    if chosen.sources:
        condition &= Q(source__in=["" if one == OWN else one for one in chosen.sources])
    if chosen.rules:
        condition &= Q(rule_id__in=chosen.rules)
    for one in chosen.techniques[:10]:
        condition &= Q(techniques__icontains=f'"{one}"')
    if chosen.tags:
        tagged = Tag.objects.filter(_any(Q(text__iexact=text) for text in chosen.tags))
        condition &= Q(incident__in=tagged.values("incident"))
    return condition & alerts_in(chosen.investigations)


def _any(conditions: Iterable[Q]) -> Q:
    whole = Q()
    for one in conditions:
        whole |= one
    return whole


def named_evidence(values: Sequence[str]) -> QuerySet[AlertEvidence]:
    """Evidence that is one of these as a user or a mailbox, which share their keys."""
    keys = {entity_key(EvidenceType.USER, value) for value in values}
    return AlertEvidence.objects.filter(key__in=keys, type__in=(EvidenceType.USER, EvidenceType.MAILBOX))


def entity_keys(text: str) -> list[str]:
    """The keys an entity may have when one knows only its value."""
    return list({entity_key(kind, text) for kind in EvidenceType})
