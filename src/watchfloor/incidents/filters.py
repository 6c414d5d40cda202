"""The queues' filters as they stand in an address, and as database conditions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from watchfloor.detection.contracts import EvidenceType
from watchfloor.incidents.contracts import SEVERITIES
from watchfloor.incidents.correlation import entity_key
from watchfloor.incidents.models import AlertEvidence

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


@dataclass(frozen=True, slots=True)
class Filter:
    """What a queue shows. Empty tuples filter nothing; `range` is a key of RANGES, or "custom" with `start` and `end`.

    `naming` keeps what names one of these as a user or mailbox: all names of one person.
    """

    statuses: tuple[str, ...]
    severities: tuple[str, ...]
    assigned: str = ""
    classification: str = ANY
    tag: str = ""
    search: str = ""
    range: str = "180d"
    start: datetime | None = None
    end: datetime | None = None
    category: str = ""
    naming: tuple[str, ...] = ()

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
        assigned=parameters.get("assigned", ""),
        classification=parameters.get("classification", ANY),
        tag=parameters.get("tag", "").replace("\x00", "").strip(),
        search=parameters.get("q", "").replace("\x00", "").strip()[:2000],
        range=parameters.get("range", range),
        start=_moment(parameters.get("from")),
        end=_moment(parameters.get("to")),
        category=parameters.get("category", ""),
    )


def _moment(text: str | None) -> datetime | None:
    """A date-time field's value in UTC, which it is when it names no zone; None for what no calendar or database holds."""
    try:
        moment = datetime.fromisoformat(text or "")
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def common_conditions(chosen: Filter, *, now: datetime, me: str) -> Q:
    """What incidents and alerts have in common."""
    start, end = chosen.since(now)
    condition = Q(last_activity__gte=start)
    if end:
        condition &= Q(last_activity__lt=end)
    if chosen.statuses:
        condition &= Q(status__in=chosen.statuses)
    if chosen.severities and set(chosen.severities) != set(SEVERITIES):
        condition &= Q(severity__in=chosen.severities)
    if chosen.assigned:
        wanted: Mapping[str, str] = {"me": me, "nobody": ""}
        condition &= Q(assigned_to=wanted.get(chosen.assigned, chosen.assigned))
    if chosen.classification != ANY:
        condition &= Q(classification=chosen.classification)
    return condition


def named_evidence(values: Sequence[str]) -> QuerySet[AlertEvidence]:
    """Evidence that is one of these as a user or a mailbox, which share their keys."""
    keys = {entity_key(EvidenceType.USER, value) for value in values}
    return AlertEvidence.objects.filter(key__in=keys, type__in=(EvidenceType.USER, EvidenceType.MAILBOX))


def entity_keys(text: str) -> list[str]:
    """The keys an entity may have when one knows only its value."""
    return list({entity_key(kind, text) for kind in EvidenceType})
