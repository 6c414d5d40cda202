"""Rows turned into what pages are given; evidence with its links; the activity log of an incident and those merged into it."""

import json
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote, urlencode

from django.db.models import Count, Max, Min, Q

from watchfloor.detection.contracts import Activity
from watchfloor.incidents.contracts import AlertSummary, EvidenceItem, HistoryFilter, HistoryItem, IncidentSummary
from watchfloor.incidents.explorer import explorer_link
from watchfloor.incidents.models import Alert, AlertEvidence, Comment, HistoryEntry, Incident, IncidentLink


def incident_summary(row: Incident, *, tags: tuple[tuple[str, str], ...] = ()) -> IncidentSummary:
    """The row without a query."""
    return IncidentSummary(
        id=row.pk,
        name=row.name,
        severity=row.severity,
        status=row.status,
        categories=tuple(row.categories),
        alerts=row.alert_count,
        active_alerts=row.active_alert_count,
        users=row.user_count,
        mailboxes=row.mailbox_count,
        first_activity=row.first_activity,
        last_activity=row.last_activity,
        created_at=row.created_at,
        updated_at=row.updated_at,
        assigned_to=row.assigned_to,
        assigned_name=row.assigned_name,
        classification=row.classification,
        determination=row.determination,
        tags=tags,
        redirected_to=row.redirected_to_id,
        resolution_note=row.resolution_note,
        custom_name=row.custom_name,
        severity_by_hand=row.severity_by_hand,
        devices=row.device_count,
        sources=tuple(row.detection_sources),
    )


def alert_summary(row: Alert, *, link: IncidentLink | None) -> AlertSummary:
    """The row, its incident selected with it."""
    return AlertSummary(
        alert_id=row.alert_id,
        title=row.title,
        severity=row.severity,
        status=row.status,
        category=row.category,
        rule_id=row.rule_id,
        source=row.source,
        hits=row.hit_count,
        first_activity=row.first_activity,
        last_activity=row.last_activity,
        created_at=row.created_at,
        incident_id=row.incident_id,
        incident_name=row.incident.name,
        classification=row.classification,
        determination=row.determination,
        assigned_to=row.assigned_to,
        assigned_name=row.assigned_name,
        description=row.description,
        impacted=tuple(row.impacted),
        impacted_count=row.impacted_count,
        reason=link.reason if link else "",
        link_kind=link.kind if link else "",
        also=tuple((number, reason) for number, reason in link.also) if link else (),
        techniques=tuple(row.techniques),
        omitted=row.evidence_omitted,
        explanation=tuple(row.explanation),
        activities=tuple(Activity(datetime.fromisoformat(at), *rest) for at, *rest in row.activities),
        tuned=(row.tuned_by.pk, row.tuned_by.name) if row.tuned_by else None,
    )


def evidence_items(
    *, incident: int | None = None, alert: str = "", types: Sequence[str] = (), key: str = "", limit: int = 500
) -> tuple[EvidenceItem, ...]:
    """The entities of an incident or an alert, each once over its alerts, most often seen first; one query.

    Where alerts differ, the gravest stands: by the alphabet “compromised” is the first role, “malicious” the first verdict.
    """
    condition = Q(alert__incident=incident) if incident is not None else Q(alert__alert_id=alert)
    if types:
        condition &= Q(type__in=types)
    if key:
        condition &= Q(key=key)
    rows = (
        AlertEvidence.objects.filter(condition)
        .order_by()
        .values("type", "value")
        .annotate(
            alerts=Count("alert", distinct=True),
            label=Max("label"),
            role=Min("role"),
            verdict=Min("verdict"),
            first=Min("first_seen"),
            last=Max("last_seen"),
        )
        .order_by("-alerts", "type", "value")[:limit]
    )
    return tuple(
        EvidenceItem(
            type=row["type"],
            value=row["value"],
            label=row["label"],
            role=row["role"],
            verdict=row["verdict"],
            first_seen=row["first"],
            last_seen=row["last"],
            alerts=row["alerts"],
            href=entity_href(row["type"], row["value"], row["first"], row["last"]),
        )
        for row in rows
    )


def entity_href(kind: str, value: str, first: datetime, last: datetime) -> str:
    """The page of an entity: a mail and a user have their own, a device is looked for by hunting, all others are mails in Explorer."""
    if kind == "analyzedMessage":
        return f"/email/{quote(value, safe='')}"
    if kind == "user":
        return f"/identities/of/{quote(value, safe='@')}"
    if kind == "device":
        query = f"DeviceProcessEvents | where DeviceName =~ {json.dumps(value)} | sort by Timestamp desc"
        return f"/hunting?{urlencode({'query': query, 'run': 1})}"
    if kind == "cloudApplication":
        query = f"CloudAppEvents | where Application =~ {json.dumps(value)} | sort by Timestamp desc"
        return f"/hunting?{urlencode({'query': query, 'run': 1})}"
    return explorer_link(kind, value, first, last)


def family(incident: int) -> list[int]:
    """The incident and those merged into it, however deep; their comments and history are read with it (LM-15)."""
    found, layer = [incident], [incident]
    while layer and len(found) < 1000:
        layer = list(
            Incident.objects.filter(redirected_to__in=layer).exclude(pk__in=found).values_list("pk", flat=True)
        )
        found += layer
    return found


def history_of(
    *, incident: int | None = None, alert: str = "", asked: HistoryFilter | None = None, limit: int = 500
) -> tuple[HistoryItem, ...]:
    """Changes and comments, newest first; those of the alerts and of merged incidents too."""
    asked = asked or HistoryFilter()
    if incident is not None:
        members = family(incident)
        about = Q(incident__in=members) | Q(alert__incident=incident)
    else:
        about = Q(alert__alert_id=alert)
    narrowed = about & _when(asked) & _target_is(asked.target)
    changes = HistoryEntry.objects.filter(narrowed).select_related("alert")
    comments = Comment.objects.filter(narrowed).select_related("alert")
    if asked.origin:
        changes = changes.filter(origin=asked.origin)
        comments = comments if asked.origin == "person" else comments.none()
    if asked.kind:
        changes = changes.filter(kind=asked.kind)
        comments = comments if asked.kind == "comment" else comments.none()
    if asked.by:
        changes, comments = changes.filter(actor_name=asked.by), comments.filter(author_name=asked.by)
    if asked.words:
        changes = changes.filter(Q(text__icontains=asked.words) | Q(alert__title__icontains=asked.words))
        comments = comments.filter(Q(text__icontains=asked.words) | Q(alert__title__icontains=asked.words))
    items = [_change(entry, incident) for entry in changes.order_by("-at", "-id")[:limit]]
    items += [_comment(entry, incident) for entry in comments.order_by("-at", "-id")[:limit]]
    return tuple(sorted(items, key=lambda item: item.at, reverse=True)[:limit])


def _when(asked: HistoryFilter) -> Q:
    condition = Q()
    if asked.start:
        condition &= Q(at__gte=asked.start)
    if asked.end:
        condition &= Q(at__lt=asked.end)
    return condition


def _target_is(target: str) -> Q:
    return {"alert": Q(alert__isnull=False), "incident": Q(alert__isnull=True)}.get(target, Q())


def history_people(incident: int) -> tuple[str, ...]:
    """Who stands in the activity log of an incident, for its filter; two queries."""
    about = Q(incident__in=family(incident)) | Q(alert__incident=incident)
    names = set(HistoryEntry.objects.filter(about).order_by().values_list("actor_name", flat=True).distinct()[:200])
    names |= set(Comment.objects.filter(about).order_by().values_list("author_name", flat=True).distinct()[:200])
    return tuple(sorted(names))


def _target(entry: HistoryEntry | Comment, incident: int | None) -> tuple[str, str]:
    if entry.alert is not None and incident is not None:
        return entry.alert.title, f"/alerts/{entry.alert.alert_id}"
    if entry.incident_id and entry.incident_id != incident:
        return f"incident {entry.incident_id}", f"/incidents/{entry.incident_id}"
    return "", ""


def _change(entry: HistoryEntry, incident: int | None) -> HistoryItem:
    target, href = _target(entry, incident)
    return HistoryItem(entry.at, entry.actor_name, entry.origin, entry.kind, entry.text, target, href)


def _comment(entry: Comment, incident: int | None) -> HistoryItem:
    target, href = _target(entry, incident)
    return HistoryItem(entry.at, entry.author_name, "person", "comment", "Commented", target, href, entry.text)
