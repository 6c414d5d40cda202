"""Reads of incidents and alerts; the number of queries does not grow with the rows."""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from watchfloor.access.contracts import Actor
from watchfloor.detection.contracts import EvidenceType
from watchfloor.incidents.clusters import cluster_lines
from watchfloor.incidents.contracts import (
    AlertStatus,
    AlertSummary,
    IncidentStatus,
    IncidentSummary,
    Listing,
    NamedIn,
    OpenCounts,
)
from watchfloor.incidents.correlation import entity_key
from watchfloor.incidents.filters import (
    ALERT_SORTS,
    INCIDENT_SORTS,
    Filter,
    alert_conditions,
    common_conditions,
    entity_keys,
    incident_conditions,
    named_evidence,
    read_filter,
)
from watchfloor.incidents.models import Alert, AlertEvidence, Incident, IncidentLink, Tag
from watchfloor.incidents.reading import alert_summary, evidence_items, history_of, incident_summary
from watchfloor.incidents.seeing import incidents_hidden_from, must_see, seen_by
from watchfloor.incidents.touched import last_touched, popularity_of, touched_after
from watchfloor.kernel.errors import NotFound

__all__ = [
    "alert",
    "alert_for",
    "alert_of_finding",
    "alert_queue",
    "alerts_by_rule",
    "alerts_export",
    "alerts_naming",
    "alerts_of_incident",
    "alerts_of_message",
    "alerts_of_person",
    "cluster_lines",
    "evidence_items",
    "finding_of_alert",
    "history_of",
    "incident",
    "incident_for",
    "incident_queue",
    "incidents_export",
    "incidents_hidden_from",
    "last_named_by",
    "last_touched",
    "named_in",
    "open_counts",
    "popularity_of",
    "read_filter",
    "search",
    "touched_after",
]

OPEN = (IncidentStatus.ACTIVE, IncidentStatus.IN_PROGRESS)
Me = str | Sequence[str]
"""The id of who asks, or all ids that are theirs: their own and their groups'."""
VALUE = re.compile(r"\S+@\S+\.\S+|https?://\S+|[0-9a-fA-F]{32,64}|\d{1,3}(?:\.\d{1,3}){3}")
ALERT_ID = re.compile(r"w[chfps][0-9a-f]{32}", re.IGNORECASE)
MOST_NAMED = 1000
PAGE = 50
PIECE = 1000
COUNTED = 10_000
"""Totals are counted up to here; beyond, the page says "more than"."""


def incident_queue(chosen: Filter, *, now: datetime, me: Me = "", page: int = 1, size: int = 0) -> Listing:
    """One page of the queue, latest activity first unless `chosen.sort` says otherwise; three queries."""
    found = _incidents(chosen, now=now, me=me)
    size = size or PAGE
    total, page, rows = _page(found, page, size)
    return Listing(_with_tags(rows), min(total, COUNTED), total > COUNTED, page, size)


def _page(found: QuerySet[Any], page: int, size: int) -> tuple[int, int, list[Any]]:
    """(how many there are, the page that is shown, its rows). A first page that is not full needs no counting."""
    rows = list(found[:size]) if page <= 1 else []
    if page <= 1 and len(rows) < size:
        return len(rows), 1, rows
    total = found.order_by()[: COUNTED + 1].count()
    page = min(max(1, page), max(1, -(-min(total, COUNTED) // size)))
    return total, page, rows or list(found[(page - 1) * size : page * size])


def _mine(me: Me) -> tuple[str, ...]:
    return (me,) if isinstance(me, str) else tuple(me)


def _incidents(chosen: Filter, *, now: datetime, me: Me) -> QuerySet[Incident]:
    condition = common_conditions(chosen, now=now, me=_mine(me)) & incident_conditions(chosen)
    if chosen.naming:
        condition &= Q(pk__in=named_evidence(chosen.naming).values("alert__incident"))
    if chosen.entity:
        named = AlertEvidence.objects.filter(key__in=entity_keys(chosen.entity))
        condition &= Q(pk__in=named.values("alert__incident"))
    if chosen.search:
        condition &= _search_incidents(chosen.search)
    order = INCIDENT_SORTS.get(chosen.sort, INCIDENT_SORTS["activity"])[1]
    return Incident.objects.filter(condition).order_by(*order)


def _search_incidents(text: str) -> Q:
    """By number, by part of its name or of an alert's title, or by an entity of its evidence (IN-07).

    An address, a link or a hash is looked for as an entity alone; looking through names too would read every incident.
    """
    entities = AlertEvidence.objects.filter(key__in=entity_keys(text))
    if VALUE.fullmatch(text):
        return Q(pk__in=entities.values("alert__incident"))
    condition = Q(words__contains=text.lower().replace("|", "/"))
    if named := _few(entities.values_list("alert__incident", flat=True)):
        condition |= Q(pk__in=named)
    return condition | Q(pk=int(text)) if text.isdecimal() and len(text) < 10 else condition


def _with_tags(rows: Sequence[Incident]) -> tuple[IncidentSummary, ...]:
    tags: dict[int, list[tuple[str, str]]] = {}
    for tag in Tag.objects.filter(incident__in=[row.pk for row in rows]):
        tags.setdefault(tag.incident_id, []).append((tag.text, tag.kind))
    return tuple(incident_summary(row, tags=tuple(tags.get(row.pk, ()))) for row in rows)


def incidents_export(chosen: Filter, *, now: datetime, me: Me = "") -> Iterator[IncidentSummary]:
    """All the queue's rows, newest activity first, read in pieces: however many, memory stays the same."""
    rows = _incidents(chosen, now=now, me=me).order_by("-last_activity", "-id")
    for piece in _pieces(rows):
        yield from _with_tags(piece)


def alerts_export(chosen: Filter, *, now: datetime, me: Me = "") -> Iterator[AlertSummary]:
    """All alerts of the list in the same way."""
    for piece in _pieces(_alerts(_alert_conditions(chosen, now=now, me=me))):
        yield from _with_reasons(piece)


def _pieces(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """By where the last piece ended, so that the end of a long list is as quick to reach as its beginning."""
    piece = list(rows[:PIECE])
    while piece:
        yield piece
        last = piece[-1]
        after = Q(last_activity__lt=last.last_activity) | Q(last_activity=last.last_activity, pk__lt=last.pk)
        piece = list(rows.filter(Q(last_activity__lte=last.last_activity) & after)[:PIECE])


def incident(incident_id: int) -> IncidentSummary:
    """One incident. Raises NotFound."""
    row = Incident.objects.filter(pk=incident_id).first() if incident_id < 2**31 else None
    if row is None:
        raise NotFound(f"there is no incident {incident_id}")
    return _with_tags([row])[0]


def alert_queue(chosen: Filter, *, now: datetime, me: Me = "", page: int = 1, size: int = 0) -> Listing:
    """One page of alerts, latest activity first unless `chosen.sort` says otherwise (AL-01); three queries."""
    order = ALERT_SORTS.get(chosen.sort, ALERT_SORTS["activity"])[1]
    size = size or PAGE
    total, page, rows = _page(_alerts(_alert_conditions(chosen, now=now, me=me)).order_by(*order), page, size)
    return Listing(_with_reasons(rows), min(total, COUNTED), total > COUNTED, page, size)


def _alert_conditions(chosen: Filter, *, now: datetime, me: Me) -> Q:
    condition = common_conditions(chosen, now=now, me=_mine(me)) & alert_conditions(chosen)
    if chosen.naming:
        condition &= Q(pk__in=named_evidence(chosen.naming).values("alert"))
    if chosen.entity:
        condition &= Q(pk__in=AlertEvidence.objects.filter(key__in=entity_keys(chosen.entity)).values("alert"))
    if chosen.search:
        condition &= _search_alerts(chosen.search)
    return condition


def _search_alerts(text: str) -> Q:
    """By id, by an entity of its evidence, or by part of its title. One arm wherever one will do: with two, all alerts are read."""
    entities = AlertEvidence.objects.filter(key__in=entity_keys(text))
    if ALERT_ID.fullmatch(text):
        return Q(alert_id=text.lower())
    # An address, a link or a hash is no part of a title; looking there too would read every title there is.
    if VALUE.fullmatch(text):
        return Q(pk__in=entities.values("alert"))
    named = _few(entities.values_list("alert", flat=True))
    return Q(title__icontains=text) | Q(pk__in=named) if named else Q(title__icontains=text)


def _few(numbers: QuerySet[Any, Any]) -> list[int]:
    """The newest of them, each once: what words that are no address name, such as a device."""
    return list(dict.fromkeys(numbers.order_by("-alert")[:MOST_NAMED]))


def _alerts(condition: Q) -> QuerySet[Alert]:
    return Alert.objects.filter(condition).select_related("incident", "tuned_by").order_by("-last_activity", "-id")


def _with_reasons(rows: Sequence[Alert]) -> tuple[AlertSummary, ...]:
    """With why each is in its incident; one query."""
    links = {link.alert_id: link for link in IncidentLink.objects.filter(alert__in=rows, current=True)}
    return tuple(alert_summary(row, link=links.get(row.pk)) for row in rows)


def alert(alert_id: str) -> AlertSummary:
    """One alert with its reason for being in its incident. Raises NotFound."""
    return _with_reasons([_row_of(alert_id)])[0]


def alert_of_finding(key: str) -> AlertSummary | None:
    """The alert that was raised of a finding, for pages that do not tell who asks; None while there is none."""
    return next(iter(_with_reasons(list(_alerts(Q(finding_key=key) & _everybodys())[:1]))), None)


def finding_of_alert(alert_id: str) -> str:
    """The key of the finding an alert was raised of; empty for no alert."""
    return Alert.objects.filter(alert_id=alert_id).values_list("finding_key", flat=True).first() or ""


def _row_of(alert_id: str) -> Alert:
    row = _alerts(Q(alert_id=alert_id)).first()
    if row is None:
        raise NotFound(f"there is no alert {alert_id}")
    return row


def alert_for(alert_id: str, *, by: Actor) -> AlertSummary:
    """One alert, for somebody in particular. Raises NotFound, also where it is of a category that is not for them."""
    row = _row_of(alert_id)
    must_see(row.incident, by)
    return _with_reasons([row])[0]


def incident_for(incident_id: int, *, by: Actor) -> IncidentSummary:
    """The same of an incident."""
    found = incident(incident_id)
    must_see(Incident.objects.get(pk=incident_id), by)
    return found


def alerts_of_incident(incident_id: int, *, limit: int = 1000) -> tuple[AlertSummary, ...]:
    """In the order of the attack: first activity first (IN-24)."""
    rows = (
        Alert.objects.filter(incident=incident_id)
        .select_related("incident", "tuned_by")
        .order_by("first_activity", "id")
    )
    return _with_reasons(list(rows[:limit]))


def alerts_by_rule(rule_id: str, *, limit: int = 100) -> tuple[AlertSummary, ...]:
    """The newest alerts of one rule."""
    return _with_reasons(list(_alerts(Q(rule_id=rule_id) & _everybodys())[:limit]))


def alerts_of_message(network_message_id: str) -> tuple[AlertSummary, ...]:
    """The alerts a mail is evidence of, newest first: for the email page."""
    return _of_keys(entity_keys(network_message_id), "analyzedMessage")


def alerts_of_person(address: str) -> tuple[AlertSummary, ...]:
    """The alerts a mailbox or user is evidence of, newest first, at most 200."""
    return _of_keys(entity_keys(address), "mailbox", "user")


def alerts_naming(
    values: Sequence[str], *, start: datetime, end: datetime, limit: int = 500
) -> tuple[AlertSummary, ...]:
    """Alerts with activity in [start, end) that name one of these as a mailbox or user, newest first: one person's names."""
    within = Q(pk__in=named_evidence(values).values("alert"), last_activity__gte=start, last_activity__lt=end)
    return _with_reasons(list(_alerts(within & _everybodys())[:limit]))


def last_named_by(rule_id: str, values: Collection[str], *, start: datetime, end: datetime) -> dict[str, datetime]:
    """The last activity in [start, end) of a rule's alerts by each of these mailboxes or users they name; one query."""
    keys = {entity_key(EvidenceType.USER, value): value for value in values}
    named = named_evidence(list(values)).filter(
        alert__rule_id=rule_id, alert__last_activity__gte=start, alert__last_activity__lt=end
    )
    last = named.order_by().values("key").annotate(last=Max("alert__last_activity"))
    return {keys[row["key"]]: row["last"] for row in last}


def _everybodys() -> Q:
    """Alerts that all who read incidents see: for pages that do not tell who asks."""
    return seen_by(None, "incident__")


def named_in(values: Sequence[str], *, since: datetime) -> NamedIn:
    """How many alerts and incidents with activity since then name one person; two queries."""
    named = Q(pk__in=named_evidence(values).values("alert"), last_activity__gte=since)
    alerts = Alert.objects.filter(named & _everybodys())
    counted = alerts.order_by().values("severity", "status").annotate(n=Count("id"))
    active: dict[str, int] = {}
    total = 0
    for row in counted:
        total += row["n"]
        if row["status"] != AlertStatus.RESOLVED:
            active[row["severity"]] = active.get(row["severity"], 0) + row["n"]
    touched = Incident.objects.filter(pk__in=alerts.values("incident"))
    incidents = touched.aggregate(all=Count("id"), open=Count("id", filter=Q(status__in=OPEN)))
    return NamedIn(total, active, incidents["all"], incidents["open"])


def _of_keys(keys: Sequence[str], *types: str) -> tuple[AlertSummary, ...]:
    evidence = AlertEvidence.objects.filter(key__in=keys, type__in=types)
    return _with_reasons(list(_alerts(Q(pk__in=evidence.values("alert")) & _everybodys())[:200]))


def open_counts() -> OpenCounts:
    """How much is open, for the home page; three queries."""
    open_incidents = Incident.objects.filter(seen_by(None), status__in=OPEN)
    severities = open_incidents.order_by().values("severity").annotate(n=Count("id"))
    by_severity = {row["severity"]: row["n"] for row in severities}
    return OpenCounts(
        incidents=sum(by_severity.values()),
        by_severity=by_severity,
        alerts=Alert.objects.filter(_everybodys()).exclude(status=AlertStatus.RESOLVED).count(),
        unassigned=open_incidents.filter(assigned_to="").count(),
    )


def search(text: str, *, limit: int = 10) -> tuple[IncidentSummary, ...]:
    """Incidents by number, name or entity, for the global search."""
    found = Incident.objects.filter(_search_incidents(text) & seen_by(None)).order_by("-last_activity")
    return _with_tags(list(found[:limit]))
