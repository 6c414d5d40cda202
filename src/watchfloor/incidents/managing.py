"""One form of the manage panel as the verbs it asks for; only what changed is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.selectors import people, person_of
from watchfloor.incidents import services
from watchfloor.incidents.contracts import DETERMINATIONS, WORDS, AlertSummary, Classification, IncidentSummary
from watchfloor.kernel.errors import BadInput

KEEP = "keep"


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a select; `group` gathers determinations under their classification, people and roles apart."""

    value: str
    label: str
    group: str = ""


def text_of(data: Mapping[str, Any], field: str) -> str:
    """A field of a form as text; without NUL, which PostgreSQL stores not."""
    return str(data.get(field, "")).replace("\x00", "").strip()


def assignees() -> list[Choice]:
    """Active people who may manage incidents, then the roles that hold that right: a group is a role (IN-11). Two queries."""
    found: list[Choice] = []
    groups: dict[int, tuple[str, int]] = {}
    for person in people():
        roles = [role for role in person.roles.all() if Permission.INCIDENT_MANAGE.value in role.permissions]
        if not person.is_active or not roles:
            continue
        found.append(Choice(f"person:{person.pk}", f"{person.name} ({person.email})", "People"))
        for role in roles:
            groups[role.pk] = (role.name, groups.get(role.pk, ("", 0))[1] + 1)
    named = sorted((name, pk, number) for pk, (name, number) in groups.items())
    return found + [Choice(f"role:{pk}", f"{name} ({number:,})", "Groups") for name, pk, number in named]


def ids_of(actor: Actor) -> tuple[str, ...]:
    """Under which ids something may be assigned to them: their own and those of their roles."""
    person = person_of(actor)
    roles = [f"role:{pk}" for pk in person.roles.values_list("pk", flat=True)] if person else []
    return (actor.id, *roles)


def classifications() -> list[Choice]:
    """“True positive: phishing” and so on, as classification/determination."""
    return [
        Choice(f"{kind.value}/{determination}", WORDS[determination], WORDS[kind.value])
        for kind, allowed in DETERMINATIONS.items()
        for determination in allowed
    ]


def _assignee(value: str) -> tuple[str, str]:
    if not value:
        return "", ""
    chosen = next((choice for choice in assignees() if choice.value == value), None)
    if chosen is None:
        raise BadInput("that person or group may not manage incidents", place="assigned")
    return chosen.value, chosen.label.rpartition(" (")[0]


def _classification(value: str) -> tuple[str, str]:
    kind, _, determination = value.partition("/")
    return kind, determination


def manage_incident(*, current: IncidentSummary, data: Mapping[str, Any], by: Actor) -> list[str]:
    """Do what differs from `current`; a missing field or “keep” changes nothing. Returns what was done, in words."""
    done: list[str] = []

    def asked(field: str, now: str) -> str | None:
        value = data.get(field)
        return None if value is None or value in (KEEP, now) else text_of(data, field)

    if (name := asked("name", current.name)) is not None:
        services.rename(incident=current.id, name=name, by=by)
        done.append("renamed")
    if (severity := asked("severity", current.severity if current.severity_by_hand else "")) is not None:
        services.set_severity(incident=current.id, severity=severity, by=by)
        done.append("severity set")
    if (tags := asked("tags", "")) is not None:
        services.tag(incident=current.id, texts=tags.split(","), by=by)
        done.append("tagged")
    if (assigned := asked("assigned", current.assigned_to)) is not None:
        to, person = _assignee(assigned)
        services.assign(incident=current.id, to=to, name=person, by=by)
        done.append(f"assigned to {person}" if to else "unassigned")
    stands = f"{current.classification}/{current.determination}" if current.classification else ""
    if (classification := asked("classification", stands)) is not None:
        kind, determination = _classification(classification)
        services.classify(incident=current.id, classification=kind, determination=determination, by=by)
        done.append("classified")
    if (status := asked("status", current.status)) is not None:
        services.set_status(incident=current.id, status=status, note=text_of(data, "note"), by=by)
        done.append(WORDS[status].lower())
    if comment := text_of(data, "comment"):
        services.comment(incident=current.id, text=comment, by=by)
        done.append("commented")
    return done


def manage_alert(*, current: AlertSummary, data: Mapping[str, Any], by: Actor) -> list[str]:
    """The same for one alert (AL-06)."""
    done: list[str] = []
    status, classification = data.get("status"), data.get("classification")
    assigned, comment = data.get("assigned"), text_of(data, "comment")
    if assigned not in (None, KEEP, current.assigned_to):
        to, person = _assignee(str(assigned))
        services.assign_alert(alert=current.alert_id, to=to, name=person, by=by)
        done.append(f"assigned to {person}" if to else "unassigned")
    stands = f"{current.classification}/{current.determination}" if current.classification else ""
    if classification not in (None, KEEP, stands):
        kind, determination = _classification(str(classification))
        services.classify_alert(alert=current.alert_id, classification=kind, determination=determination, by=by)
        done.append("classified")
    if status and status not in (KEEP, current.status):
        services.set_alert_status(alert=current.alert_id, status=str(status), by=by)
        done.append(WORDS[str(status)].lower())
    if comment:
        services.comment_alert(alert=current.alert_id, text=comment, by=by)
        done.append("commented")
    return done


def options_for(*, statuses: tuple[str, ...]) -> dict[str, Any]:
    """What the selects of a manage panel offer."""
    return {
        "assignees": assignees(),
        "classifications": classifications(),
        "statuses": [Choice(value, WORDS[value]) for value in statuses],
        "kinds": [Choice(kind.value, WORDS[kind.value]) for kind in Classification],
    }
