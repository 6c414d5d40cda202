"""The columns of the two queues: which there are, how each shows a row, and which of them a person wants in what order (IN-03, AL-04)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.html import format_html
from django.utils.safestring import SafeString

from watchfloor.access.contracts import Actor
from watchfloor.access.selectors import person_of
from watchfloor.incidents import cells
from watchfloor.incidents.facets import OWN


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `show` draws its cell; `plain` is what an export writes; `off` ones are hidden until chosen."""

    key: str
    label: str
    show: Callable[[Any], SafeString]
    plain: Callable[[Any], object]
    off: bool = False
    number: bool = False


def _word(field: str) -> Callable[[Any], SafeString]:
    return lambda row: cells.words(getattr(row, field))


def _moment(key: str, label: str, field: str, *, off: bool = False) -> Column:
    return Column(
        key, label, lambda row: cells.when(value=getattr(row, field)), lambda row: getattr(row, field).isoformat(), off
    )


def _state(key: str, label: str, field: str) -> Column:
    return Column(
        key, label, lambda row: cells.state(value=getattr(row, field)), lambda row: cells.word(getattr(row, field))
    )


def _count(key: str, label: str, field: str, *, off: bool = True) -> Column:
    return Column(
        key,
        label,
        lambda row: format_html("{}", intcomma(getattr(row, field))),
        lambda row: getattr(row, field),
        off,
        number=True,
    )


SEVERITY = Column(
    "severity", "Severity", lambda row: cells.severity(value=row.severity), lambda row: row.severity.capitalize()
)
CLASSIFICATION = Column(
    "classification", "Classification", cells.judged, lambda row: cells.word(row.classification), off=True
)
DETERMINATION = Column(
    "determination",
    "Determination",
    lambda row: cells.words(cells.word(row.determination) if row.determination else ""),
    lambda row: cells.word(row.determination) if row.determination else "",
    off=True,
)
ASSIGNED = Column("assigned", "Assigned to", _word("assigned_name"), lambda row: row.assigned_name)

INCIDENT_COLUMNS = (
    Column("name", "Incident name", cells.incident_name, lambda row: row.name),
    Column("number", "No.", lambda row: format_html("{}", row.id), lambda row: row.id, number=True),
    Column("tags", "Tags", cells.incident_tags, lambda row: ", ".join(text for text, _ in row.tags)),
    SEVERITY,
    _state("status", "Status", "status"),
    Column(
        "alerts",
        "Alerts",
        cells.incident_alerts,
        lambda row: row.alerts,
        number=True,
    ),
    Column("impacted", "Impacted", cells.impacted, lambda row: f"{row.mailboxes} mailboxes, {row.users} users"),
    Column(
        "categories",
        "Categories",
        lambda row: cells.several(map(cells.spaced, row.categories)),
        lambda row: ", ".join(row.categories),
        off=True,
    ),
    Column(
        "sources",
        "Detection sources",
        lambda row: cells.several(row.sources),
        lambda row: ", ".join(row.sources),
        off=True,
    ),
    _moment("first", "First activity", "first_activity", off=True),
    _moment("activity", "Last activity", "last_activity"),
    _moment("created", "Created", "created_at", off=True),
    _moment("updated", "Last change", "updated_at", off=True),
    ASSIGNED,
    CLASSIFICATION,
    DETERMINATION,
    _count("users", "Users", "users"),
    _count("mailboxes", "Mailboxes", "mailboxes"),
    _count("devices", "Devices", "devices"),
)
ALERT_COLUMNS = (
    Column("name", "Alert name", cells.alert_name, lambda row: row.title),
    SEVERITY,
    _state("status", "Status", "status"),
    _moment("activity", "Last activity", "last_activity"),
    _count("hits", "Hits", "hits", off=False),
    Column("impacted", "Impacted assets", cells.alert_impacted, lambda row: ", ".join(row.impacted)),
    Column("incident", "Incident", cells.alert_incident, lambda row: row.incident_name),
    ASSIGNED,
    Column(
        "category", "Category", lambda row: cells.words(cells.spaced(row.category)), lambda row: row.category, off=True
    ),
    Column(
        "source",
        "Detection source",
        lambda row: cells.words(row.source or OWN),
        lambda row: row.source or OWN,
        off=True,
    ),
    Column(
        "rule",
        "Alert policy",
        lambda row: format_html("<code>{}</code>", row.rule_id),
        lambda row: row.rule_id,
        off=True,
    ),
    CLASSIFICATION,
    DETERMINATION,
    Column("techniques", "Techniques", cells.techniques, lambda row: ", ".join(row.techniques), off=True),
    _moment("first", "First activity", "first_activity", off=True),
    _moment("created", "Raised", "created_at", off=True),
    Column(
        "incident_id",
        "Incident no.",
        lambda row: format_html("{}", row.incident_id),
        lambda row: row.incident_id,
        off=True,
        number=True,
    ),
    Column("reason", "Why in its incident", lambda row: cells.several([row.reason]), lambda row: row.reason, off=True),
    Column(
        "id", "Alert ID", lambda row: format_html("<code>{}</code>", row.alert_id), lambda row: row.alert_id, off=True
    ),
)
COLUMNS = {"incidents": INCIDENT_COLUMNS, "alerts": ALERT_COLUMNS}
FIRST = "name"
"""Stands first and is always there: it holds the link."""


def preference_of(queue: str) -> str:
    return f"{queue}_columns"


def chosen_columns(queue: str, by: Actor) -> tuple[Column, ...]:
    """The columns this person chose in their order, or the usual ones."""
    person = person_of(by)
    keys = person.preferences.get(preference_of(queue)) if person else None
    return columns_of(queue, keys)


def columns_of(queue: str, keys: Sequence[str] | None) -> tuple[Column, ...]:
    """Those of `keys` that exist, the name first; without any, the usual ones."""
    known = {column.key: column for column in COLUMNS[queue]}
    if not keys:
        return tuple(column for column in COLUMNS[queue] if not column.off)
    wanted = dict.fromkeys((FIRST, *(key for key in keys if key in known)))
    return tuple(known[key] for key in wanted)


def in_order(queue: str, chosen: Sequence[Column]) -> tuple[tuple[Column, bool], ...]:
    """Every column and whether it is shown: the chosen ones in their order, then the others."""
    rest = [column for column in COLUMNS[queue] if column not in chosen]
    return (*((column, True) for column in chosen), *((column, False) for column in rest))
