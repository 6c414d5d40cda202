"""The verbs on incidents and alerts; each needs the right to manage incidents, is audited, and leaves a line in the history."""

from collections.abc import Sequence

from watchfloor.access.contracts import Actor
from watchfloor.incidents.assets import register_asset_knowledge
from watchfloor.incidents.attack_paths import register_attack_paths
from watchfloor.incidents.changing import changing_alert, changing_incident
from watchfloor.incidents.contracts import (
    COMMENT_LIMIT,
    DETERMINATIONS,
    SEVERITY_RANK,
    WORDS,
    AlertStatus,
    Classification,
    IncidentStatus,
)
from watchfloor.incidents.investigated import register_investigations
from watchfloor.incidents.joining import link_alert, merge, split_alert, unmerge, why_not
from watchfloor.incidents.models import Alert, Comment, Incident, Tag
from watchfloor.incidents.summing import refresh, words_of
from watchfloor.kernel.errors import BadInput

__all__ = [
    "assign",
    "assign_alert",
    "classification_words",
    "classify",
    "classify_alert",
    "comment",
    "comment_alert",
    "link_alert",
    "merge",
    "register_asset_knowledge",
    "register_attack_paths",
    "register_investigations",
    "rename",
    "set_alert_status",
    "set_severity",
    "set_status",
    "split_alert",
    "tag",
    "unmerge",
    "untag",
    "why_not",
]

OPEN_STATUSES = (IncidentStatus.ACTIVE, IncidentStatus.IN_PROGRESS)


def assign(*, incident: int, to: str, name: str, by: Actor) -> None:
    """Give the incident and its alerts to somebody (`to` is an actor id, `name` is shown); an empty `to` takes it back (IN-11)."""
    with changing_incident(incident=incident, by=by, verb="incident.assign") as (change, row):
        row.assigned_to, row.assigned_name = to, name if to else ""
        Alert.objects.filter(incident=row).update(
            assigned_to=to, assigned_name=row.assigned_name, updated_at=change.now
        )
        change.after = {"assigned_to": to}
        change.say(
            "assigned", f"Assigned to {name}, with its alerts" if to else "Assignment removed, from its alerts too"
        )


def set_status(*, incident: int, status: str, by: Actor, note: str = "") -> None:
    """Active, in progress, resolved; resolving resolves the alerts and keeps `note` (IN-14)."""
    if status not in (*OPEN_STATUSES, IncidentStatus.RESOLVED):
        raise BadInput(f"“{status}” is no status of an incident", place="status")
    with changing_incident(incident=incident, by=by, verb="incident.status", reason=note) as (change, row):
        before, row.status = row.status, status
        change.after = {"status": status}
        if status == IncidentStatus.RESOLVED:
            row.resolved_at, row.resolution_note = change.now, note
            _resolve_alerts(row, change.now)
        else:
            row.resolved_at = None
        text = f"Status changed from {WORDS[before].lower()} to {WORDS[status].lower()}"
        change.say("status", f"{text}: {note}" if note else text)


def _resolve_alerts(row: Incident, now: object) -> None:
    open_alerts = Alert.objects.filter(incident=row).exclude(status=AlertStatus.RESOLVED)
    open_alerts.update(status=AlertStatus.RESOLVED, resolved_at=now, updated_at=now)
    row.active_alert_count = 0


def classify(*, incident: int, classification: str, determination: str, by: Actor) -> None:
    """Say what it was (IN-15); the alerts that have no classification of their own take it over."""
    _check_classification(classification, determination)
    with changing_incident(incident=incident, by=by, verb="incident.classify") as (change, row):
        before = row.classification
        row.classification, row.determination = classification, determination
        own = Alert.objects.filter(incident=row, classification__in=("", before))
        own.update(classification=classification, determination=determination, updated_at=change.now)
        change.after = {"classification": classification, "determination": determination}
        change.say("classified", f"Classified as {classification_words(classification, determination)}")


def classification_words(classification: str, determination: str) -> str:
    """“True positive: phishing”."""
    return f"{WORDS[classification]}: {WORDS[determination].lower()}" if determination else WORDS[classification]


def _check_classification(classification: str, determination: str) -> None:
    if classification not in tuple(Classification):
        raise BadInput(f"“{classification}” is no classification", place="classification")
    allowed = DETERMINATIONS[Classification(classification)]
    if determination and determination not in allowed:
        raise BadInput(f"“{determination}” does not go with {WORDS[classification].lower()}", place="determination")
    if allowed and not determination:
        raise BadInput(f"choose what kind of {WORDS[classification].lower()} it is", place="determination")


def set_severity(*, incident: int, severity: str, by: Actor) -> None:
    """Set by hand, it stays; an empty severity goes back to the highest of the alerts (IN-12)."""
    if severity and severity not in SEVERITY_RANK:
        raise BadInput(f"“{severity}” is no severity", place="severity")
    with changing_incident(incident=incident, by=by, verb="incident.severity") as (change, row):
        row.severity_by_hand = bool(severity)
        if severity:
            row.severity, row.severity_rank = severity, SEVERITY_RANK[severity]
        else:
            refresh(row, now=change.now)
        change.after = {"severity": row.severity, "by_hand": row.severity_by_hand}
        change.say(
            "severity", f"Severity set to {row.severity}{'' if severity else ' again, the highest of its alerts'}"
        )


def rename(*, incident: int, name: str, by: Actor) -> None:
    """Give it a name that later alerts and merges keep; an empty one goes back to the made name (IN-17, LM-15)."""
    with changing_incident(incident=incident, by=by, verb="incident.rename") as (change, row):
        before = row.name
        row.custom_name = bool(name.strip())
        if row.custom_name:
            row.name = " ".join(name.split())[:300]
            row.words = words_of(row.name, row.words.split("|")[1:])
        else:
            refresh(row, now=change.now)
        change.after = {"name": row.name}
        change.say("renamed", f"Renamed from “{before}” to “{row.name}”")


def tag(*, incident: int, texts: Sequence[str], by: Actor) -> None:
    """Add tags; those it has already stay (IN-13)."""
    wanted = [" ".join(text.split())[:100] for text in texts if text.strip()]
    if not wanted:
        raise BadInput("write a tag", place="tag")
    with changing_incident(incident=incident, by=by, verb="incident.tag") as (change, row):
        Tag.objects.bulk_create([Tag(incident=row, text=text) for text in dict.fromkeys(wanted)], ignore_conflicts=True)
        change.after = {"tags": wanted}
        change.say("tagged", f"Tagged {', '.join(wanted)}")


def untag(*, incident: int, text: str, by: Actor) -> None:
    """Take a custom tag away."""
    with changing_incident(incident=incident, by=by, verb="incident.untag") as (change, row):
        removed, _ = Tag.objects.filter(incident=row, text=text, kind="custom").delete()
        change.after = {"removed": removed}
        if removed:
            change.say("untagged", f"Tag {text} removed")


def comment(*, incident: int, text: str, by: Actor) -> None:
    """Write a comment, at most 30,000 characters (IN-16)."""
    text = _checked_comment(text)
    with changing_incident(incident=incident, by=by, verb="incident.comment") as (change, row):
        Comment.objects.create(incident=row, text=text, author_id=by.id, author_name=by.name, at=change.now)
        change.after = {"characters": len(text)}


def _checked_comment(text: str) -> str:
    text = text.strip().replace("\r\n", "\n")
    if not text:
        raise BadInput("write a comment", place="comment")
    if len(text) > COMMENT_LIMIT:
        raise BadInput(f"a comment has at most {COMMENT_LIMIT:,} characters, this one {len(text):,}", place="comment")
    return text


def assign_alert(*, alert: str, to: str, name: str, by: Actor) -> None:
    """Give one alert to somebody; its incident stays with whoever has it (AL-06)."""
    with changing_alert(alert=alert, by=by, verb="alert.assign") as (change, row):
        row.assigned_to, row.assigned_name = to, name if to else ""
        change.after = {"assigned_to": to}
        change.say("assigned", f"Assigned to {name}" if to else "Assignment removed")


def set_alert_status(*, alert: str, status: str, by: Actor) -> None:
    """New, in progress, resolved (AL-06). The incident's own status is not touched."""
    if status not in tuple(AlertStatus):
        raise BadInput(f"“{status}” is no status of an alert", place="status")
    with changing_alert(alert=alert, by=by, verb="alert.status") as (change, row):
        before, row.status = row.status, status
        row.resolved_at = change.now if status == AlertStatus.RESOLVED else None
        row.save(update_fields=["status", "resolved_at"])
        refresh(Incident.objects.select_for_update().get(pk=row.incident_id), now=change.now)
        change.after = {"status": status}
        change.say("status", f"Status changed from {WORDS[before].lower()} to {WORDS[status].lower()}")


def classify_alert(*, alert: str, classification: str, determination: str, by: Actor) -> None:
    """Say what one alert was."""
    _check_classification(classification, determination)
    with changing_alert(alert=alert, by=by, verb="alert.classify") as (change, row):
        row.classification, row.determination = classification, determination
        change.after = {"classification": classification, "determination": determination}
        change.say("classified", f"Classified as {classification_words(classification, determination)}")


def comment_alert(*, alert: str, text: str, by: Actor) -> None:
    """Write a comment on one alert."""
    text = _checked_comment(text)
    with changing_alert(alert=alert, by=by, verb="alert.comment") as (change, row):
        Comment.objects.create(alert=row, text=text, author_id=by.id, author_name=by.name, at=change.now)
        change.after = {"characters": len(text)}
