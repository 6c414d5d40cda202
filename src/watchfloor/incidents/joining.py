"""Moving alerts between incidents by hand: link, split off, merge and its undoing (IN-42..44, AL-07, LM-15)."""

from collections.abc import Sequence
from datetime import datetime

from watchfloor.access.contracts import Actor
from watchfloor.incidents.changing import Change, changing_alert, changing_incident, locked_incident
from watchfloor.incidents.contracts import IncidentStatus, LinkKind
from watchfloor.incidents.models import Alert, Incident, IncidentLink, Tag
from watchfloor.incidents.summing import refresh
from watchfloor.kernel.errors import BadInput, Conflict

REDIRECTED_TAG = "Redirected"


def _move(
    alerts: Sequence[Alert], *, to: Incident, kind: LinkKind, reason: str, by: Actor, at: datetime, merged: bool = False
) -> None:
    """Each alert's current link becomes past, a new one current; the alerts take the incident's assignment over."""
    IncidentLink.objects.filter(alert__in=alerts, current=True).update(current=False)
    IncidentLink.objects.bulk_create(
        [
            IncidentLink(
                alert=alert,
                incident=to,
                came_from_id=alert.incident_id if merged else None,
                kind=kind,
                reason=reason,
                by=by.name,
                at=at,
            )
            for alert in alerts
        ]
    )
    Alert.objects.filter(pk__in=[alert.pk for alert in alerts]).update(incident=to, updated_at=at)


def _after_leaving(incident: Incident, change: Change, text: str) -> None:
    """An incident whose last alert went is resolved: nothing is left to work on."""
    refresh(incident, now=change.now)
    change.say("unlinked", text, incident=incident)
    if not incident.alert_count and incident.status != IncidentStatus.RESOLVED:
        Incident.objects.filter(pk=incident.pk).update(status=IncidentStatus.RESOLVED, resolved_at=change.now)
        change.say("status", "Resolved: its last alert was moved to another incident", incident=incident)


def link_alert(*, alert: str, incident: int, by: Actor, comment: str = "") -> None:
    """Move an alert into another open incident (AL-07). Raises Conflict when that one is resolved, or is its own."""
    with changing_alert(alert=alert, by=by, verb="alert.link", reason=comment) as (change, row):
        target, source = locked_incident(incident), locked_incident(row.incident_id)
        if target.pk == source.pk:
            raise Conflict(f"the alert is in incident {incident} already")
        if target.status == IncidentStatus.RESOLVED:
            raise Conflict(f"incident {incident} is resolved; reopen it first")
        _check_readers(source, target)
        reason = f"linked by {by.name}{f': {comment}' if comment else ''}"
        _move([row], to=target, kind=LinkKind.MANUAL, reason=reason, by=by, at=change.now)
        row.incident = target
        refresh(target, now=change.now)
        change.say("linked", f"Alert “{row.title}” {reason}", incident=target, alert=row)
        _after_leaving(source, change, f"Alert “{row.title}” was moved to incident {target.pk} by {by.name}")
        change.after = {"incident": target.pk, "from": source.pk}


def split_alert(*, alert: str, by: Actor, comment: str = "") -> int:
    """Take an alert out of its incident into a new one; returns its number. Raises Conflict when it is alone already."""
    with changing_alert(alert=alert, by=by, verb="alert.split", reason=comment) as (change, row):
        source = locked_incident(row.incident_id)
        if source.alert_count < 2:
            raise Conflict("the alert is alone in its incident already")
        target = Incident.objects.create(
            name=row.title,
            restricted=source.restricted,
            severity=row.severity,
            severity_rank=row.severity_rank,
            first_activity=row.first_activity,
            last_activity=row.last_activity,
            created_at=change.now,
            updated_at=change.now,
        )
        reason = f"unlinked from incident {source.pk} by {by.name}{f': {comment}' if comment else ''}"
        _move([row], to=target, kind=LinkKind.MANUAL, reason=reason, by=by, at=change.now)
        row.incident = target
        refresh(target, now=change.now)
        change.say("created", f"Incident opened: alert “{row.title}” {reason}", incident=target, alert=row)
        _after_leaving(source, change, f"Alert “{row.title}” was unlinked into incident {target.pk} by {by.name}")
        change.after = {"incident": target.pk, "from": source.pk}
    return target.pk


def merge(*, source: int, into: int, by: Actor, comment: str = "") -> None:
    """Move every alert of `source` into `into`; the source is closed and links forward, its comments and history stay readable.

    Names, severities set by hand and the direction are as the person chose them. Raises Conflict as IN-43 says: one is
    resolved, they are assigned to different people, or classified differently.
    """
    if source == into:
        raise BadInput("an incident cannot be merged into itself", place="incident")
    with changing_incident(incident=into, by=by, verb="incident.merge", reason=comment) as (change, target):
        moved = locked_incident(source)
        _check_mergeable(moved, target)
        alerts = list(Alert.objects.filter(incident=moved))
        reason = f"incident {source} was merged into {into} by {by.name}{f': {comment}' if comment else ''}"
        _move(alerts, to=target, kind=LinkKind.MERGE, reason=reason, by=by, at=change.now, merged=True)
        moved.status_before_merge, moved.status = moved.status, IncidentStatus.REDIRECTED
        moved.redirected_to, moved.updated_at = target, change.now
        moved.active_alert_count = 0
        moved.save()
        Tag.objects.get_or_create(incident=moved, text=REDIRECTED_TAG, defaults={"kind": "system"})
        tags = Tag.objects.filter(incident=moved, kind="custom").values_list("text", flat=True)
        Tag.objects.bulk_create([Tag(incident=target, text=text) for text in tags], ignore_conflicts=True)
        change.say(
            "merged",
            f"Incident {source} “{moved.name}” with {len(alerts)} alerts was merged into this one by {by.name}",
        )
        change.say("merged", f"Merged into incident {into} “{target.name}” by {by.name}", incident=moved)
        refresh(target, now=change.now)
        change.after = {"alerts": len(alerts), "source": source}


def why_not(source: int, into: int) -> str:
    """What forbids merging, in words (IN-43); empty when nothing does."""
    rows = Incident.objects.in_bulk([source, into])
    if source not in rows or into not in rows:
        return f"there is no incident {source if source not in rows else into}"
    if source == into:
        return "it is the same incident"
    merged = next((row for row in rows.values() if row.status == IncidentStatus.REDIRECTED), None)
    if merged is not None:
        return f"incident {merged.pk} was merged into incident {merged.redirected_to_id} already"
    try:
        _check_mergeable(rows[source], rows[into])
    except Conflict as error:
        return str(error)
    return ""


def _check_readers(source: Incident, target: Incident) -> None:
    """What some roles alone see is not mixed with what all see, nor with what others alone see."""
    if source.restricted != target.restricted:
        raise Conflict("one of them is of a category that only some roles see; the other is not")


def _check_mergeable(source: Incident, target: Incident) -> None:
    _check_readers(source, target)
    for incident in (source, target):
        if incident.status == IncidentStatus.RESOLVED:
            raise Conflict(f"incident {incident.pk} is resolved; reopen it first")
    if source.assigned_to and target.assigned_to and source.assigned_to != target.assigned_to:
        raise Conflict(
            f"they are assigned to {source.assigned_name} and {target.assigned_name}; give both to one person first"
        )
    ours = (source.classification, source.determination)
    theirs = (target.classification, target.determination)
    if source.classification and target.classification and ours != theirs:
        raise Conflict("they are classified differently; make both alike first")


def unmerge(*, source: int, by: Actor, comment: str = "") -> int:
    """Take a merge back: the alerts that came with `source` and are still where the merge put them return. Returns how many."""
    into = Incident.objects.filter(pk=source).values_list("redirected_to", flat=True).first()
    if into is None:
        raise Conflict(f"incident {source} is not merged into another one")
    with changing_incident(incident=into, by=by, verb="incident.unmerge", reason=comment) as (change, target):
        back = locked_incident(source, merged_too=True)
        if back.redirected_to_id != target.pk:
            raise Conflict(f"incident {source} is no longer merged into incident {into}")
        links = IncidentLink.objects.filter(came_from=back, incident=target, current=True, kind=LinkKind.MERGE)
        alerts = list(Alert.objects.filter(links__in=links))
        reason = f"the merge into incident {into} was taken back by {by.name}{f': {comment}' if comment else ''}"
        _move(alerts, to=back, kind=LinkKind.MANUAL, reason=reason, by=by, at=change.now)
        back.status, back.redirected_to = back.status_before_merge or IncidentStatus.ACTIVE, None
        Tag.objects.filter(incident=back, text=REDIRECTED_TAG, kind="system").delete()
        refresh(back, now=change.now)
        refresh(target, now=change.now)
        change.say("unmerged", f"Incident {source} was taken out again with {len(alerts)} alerts by {by.name}")
        change.say("unmerged", f"Taken out of incident {into} again by {by.name}", incident=back)
        change.after = {"alerts": len(alerts), "source": source}
    return len(alerts)
