"""The timeline of one email (EE-10, EE-11): delivery, what happened since, alerts, and who looked at its content."""

from collections.abc import Iterable, Sequence

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.selectors import AuditFilter, audit_entries
from watchfloor.incidents.selectors import alerts_of_message
from watchfloor.kernel.text import csv_line, visible
from watchfloor.lake.selectors import values_of
from watchfloor.mail.contracts import EmailEntity, Row, Source, TimelineEvent
from watchfloor.mail.happenings import happenings
from watchfloor.mail.panels import panel_events

LOOKS = {
    "email.preview": "Email preview",
    "email.picture": "Picture of the email",
    "email.analyse": "Analysis of a file",
    "email.download": "Email download",
}
MOST_LOOKS = 200
HEADS = ("Time (UTC)", "Source", "Event types", "Result", "Threats", "Details")


def timeline(found: EmailEntity, *, actor: Actor, search: str = "") -> tuple[TimelineEvent, ...]:
    """Every event this person may see, oldest first; `search` keeps those that contain it anywhere, ignoring case."""
    told = panel_events(entity=found, actor=actor)
    better = {event.tells for event in told if event.tells}
    events = [
        delivery(found),
        *(after_delivery(event) for event in found.events if event["ReportId"] not in better),
        *looks(found),
        *alerts(found, actor=actor),
        *happenings(found),
        *told,
    ]
    wanted = search.strip().lower()
    kept = (event for event in events if wanted in " ".join(words_of(event)).lower())
    return tuple(sorted(kept, key=lambda event: event.at))


def delivery(found: EmailEntity) -> TimelineEvent:
    """Original delivery, as this recipient got it."""
    row = found.row
    return TimelineEvent(
        at=row["Timestamp"],
        source=Source.SYSTEM,
        event="Original delivery",
        result=f"{row['DeliveryLocation'] or 'Unknown'} - {row['DeliveryAction'] or 'Unknown'}",
        threats=values_of(row, "ThreatTypes"),
        details=", ".join(values_of(row, "DetectionMethods")),
    )


def after_delivery(event: Row) -> TimelineEvent:
    """One row of EmailPostDeliveryEvents."""
    trigger = str(event["ActionTrigger"] or "")
    moved = " to ".join(part for part in (event["SourceLocation"], event["DeliveryLocation"]) if part)
    return TimelineEvent(
        at=event["Timestamp"],
        source=_source(trigger),
        event=str(event["ActionType"] or event["Action"] or "Event"),
        result=": ".join(str(part) for part in (event["Action"], event["ActionResult"]) if part),
        threats=values_of(event, "ThreatTypes", of="EmailPostDeliveryEvents"),
        details=", ".join(part for part in (moved, trigger) if part),
    )


def _source(trigger: str) -> str:
    known = {"system": Source.SYSTEM, "zap": Source.SYSTEM, "automation": Source.SYSTEM, "user": Source.USER}
    return next((source for word, source in known.items() if word in trigger.lower()), Source.ADMIN)


def looks(found: EmailEntity) -> Iterable[TimelineEvent]:
    """Who previewed or downloaded it, from the audit log."""
    for verb, words in LOOKS.items():
        wanted = AuditFilter(verb=verb, outcome="success", target=found.id)
        for entry in audit_entries(wanted)[:MOST_LOOKS]:
            yield TimelineEvent(entry.at, Source.ADMIN, words, f"by {entry.actor_name}", details=entry.reason)


def alerts(found: EmailEntity, *, actor: Actor) -> Iterable[TimelineEvent]:
    """Alerts that name this email, for people who may read alerts."""
    if not actor.may(Permission.INCIDENT_READ):
        return
    for alert in alerts_of_message(found.id):
        where = f"incident {alert.incident_id}: {alert.incident_name}"
        yield TimelineEvent(
            at=alert.created_at,
            source=Source.SYSTEM,
            event="Alert",
            result=alert.title,
            details=", ".join(filter(None, (alert.source, alert.severity.capitalize(), where))),
            href=alert.href,
        )


def words_of(event: TimelineEvent) -> Sequence[str]:
    """The cells of an event as text, in the order of HEADS."""
    at = event.at.strftime("%Y-%m-%d %H:%M:%S")
    cells = (event.source, event.event, event.result, ", ".join(event.threats), event.details)
    return [at, *map(visible, cells)]


def timeline_csv(events: Iterable[TimelineEvent]) -> Iterable[str]:
    """The timeline as lines of CSV."""
    yield csv_line(HEADS)
    for event in events:
        yield csv_line(words_of(event))
