"""Who asks the lake what, and what it costs (SI-07): every run kept, counted by day, person, table and cost."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from watchfloor.access.contracts import Actor, Permission
from watchfloor.hunting.models import QueryRun

PAGE = 50
SLOWEST = 10
RANGES: Mapping[str, tuple[str, int]] = {
    "1d": ("24 hours", 1),
    "7d": ("7 days", 7),
    "30d": ("30 days", 30),
    "90d": ("90 days", 90),
}
INTERFACES: Mapping[str, str] = {
    "portal": "Hunting page",
    "export": "Export",
    "detection": "Detection",
    "sigma": "Sigma rules",
    "command": "Command line",
}
STATES: Mapping[str, str] = {"completed": "Completed", "failed": "Failed"}
MEDIUM_SECONDS, HIGH_SECONDS = 1.0, 10.0
MEDIUM_ROWS, HIGH_ROWS = 10_000_000, 100_000_000
HIGH = Q(seconds__gte=HIGH_SECONDS) | Q(rows_read__gte=HIGH_ROWS)
MEDIUM = ~HIGH & (Q(seconds__gte=MEDIUM_SECONDS) | Q(rows_read__gte=MEDIUM_ROWS))
LEVELS: Mapping[str, Q] = {"high": HIGH, "medium": MEDIUM, "low": ~HIGH & ~MEDIUM}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the report shows; empty is any. `person` is an actor's id. Without `all_people` it is one's own runs alone."""

    range: str = "30d"
    person: str = ""
    interface: str = ""
    level: str = ""
    state: str = ""
    all_people: bool = False


def read_wanted(parameters: Mapping[str, str], *, by: Actor) -> Wanted:
    """From an address; what is unknown is any. All people's runs are for those who may read the audit log (RB-27)."""

    def known(name: str, choices: Mapping[str, Any], default: str = "") -> str:
        return parameters.get(name, "") if parameters.get(name, "") in choices else default

    may = by.may(Permission.AUDIT_READ)
    return Wanted(
        range=known("range", RANGES, "30d"),
        person=parameters.get("person", "")[:200] if may else "",
        interface=known("interface", INTERFACES),
        level=known("level", LEVELS),
        state=known("state", STATES),
        all_people=may,
    )


def runs(wanted: Wanted, *, by: Actor, now: datetime) -> "QuerySet[QueryRun]":
    """The runs asked for, newest first."""
    found = QueryRun.objects.filter(at__gte=now - timedelta(days=RANGES[wanted.range][1]))
    if not wanted.all_people:
        found = found.filter(person_id=by.id)
    elif wanted.person:
        found = found.filter(person_id=wanted.person)
    if wanted.interface:
        found = found.filter(interface=wanted.interface)
    if wanted.level:
        found = found.filter(LEVELS[wanted.level])
    if wanted.state:
        found = found.filter(error="") if wanted.state == "completed" else found.exclude(error="")
    return found.order_by("-id")


def level(run: QueryRun) -> str:
    """Low, medium or high: by the seconds a run took and the rows it had to look at."""
    if run.seconds >= HIGH_SECONDS or run.rows_read >= HIGH_ROWS:
        return "high"
    return "medium" if run.seconds >= MEDIUM_SECONDS or run.rows_read >= MEDIUM_ROWS else "low"


@dataclass(frozen=True, slots=True)
class Report:
    """`totals` over all; `chart` by day and interface; `people` and `tables` by what they cost; `slowest` runs first."""

    totals: Mapping[str, Any]
    chart: Mapping[str, Any]
    people: list[dict[str, Any]]
    tables: list[tuple[str, int]]
    slowest: list[QueryRun]


def report(wanted: Wanted, *, by: Actor, now: datetime) -> Report:
    """The numbers of the report; a fixed number of questions."""
    found = runs(wanted, by=by, now=now)
    totals = found.order_by().aggregate(
        runs=Count("id"),
        failed=Count("id", filter=~Q(error="")),
        took=Sum("seconds"),
        looked_at=Sum("rows_read"),
        high=Count("id", filter=HIGH),
    )
    people = (
        found.order_by()
        .values("person_id", "person_name", "interface")
        .annotate(runs=Count("id"), took=Sum("seconds"))
        .order_by("-took")[:20]
    )
    tables = Counter(name for names in found.values_list("tables", flat=True).iterator() for name in names)
    return Report(
        totals=totals,
        chart=_chart(found, wanted, now=now),
        people=[dict(one) for one in people],
        tables=tables.most_common(15),
        slowest=list(found.order_by("-seconds", "-id")[:SLOWEST]),
    )


def _chart(found: "QuerySet[QueryRun]", wanted: Wanted, *, now: datetime) -> dict[str, Any]:
    """Runs by day, one series for each interface."""
    counted: dict[tuple[str, str], int] = {}
    by_day = found.order_by().annotate(day=TruncDate("at")).values("day", "interface").annotate(number=Count("id"))
    for row in by_day:
        counted[row["interface"], f"{row['day']:%Y-%m-%d}"] = row["number"]
    length = RANGES[wanted.range][1]
    days = [f"{now - timedelta(days=back):%Y-%m-%d}" for back in range(length, -1, -1)]
    series = [
        {"name": label, "values": [counted.get((key, day), 0) for day in days]}
        for key, label in INTERFACES.items()
        if any(interface == key for interface, _ in counted)
    ]
    return {"categories": days, "series": series}


def people_known(*, by: Actor) -> list[tuple[str, str]]:
    """Everybody who asked anything, for the filter: (id, name)."""
    if not by.may(Permission.AUDIT_READ):
        return []
    found = QueryRun.objects.order_by().values_list("person_id", "person_name").distinct()[:500]
    return sorted(dict(found).items(), key=lambda one: one[1].lower())


HEADS = (
    "Time",
    "Interface",
    "User or detection",
    "Usage",
    "State",
    "Seconds",
    "Time range",
    "Rows",
    "Rows read",
    "Bytes read",
    "Tables",
    "Error",
    "Query",
)


def lines(wanted: Wanted, *, by: Actor, now: datetime) -> Iterator[list[Any]]:
    """The report's runs for a file, without a cap."""
    yield list(HEADS)
    for run in runs(wanted, by=by, now=now).iterator(chunk_size=1000):
        yield [
            run.at.isoformat(),
            INTERFACES.get(run.interface, run.interface),
            run.person_name,
            level(run).capitalize(),
            "Failed" if run.error else "Completed",
            f"{run.seconds:.3f}",
            run.span,
            run.rows,
            run.rows_read,
            run.bytes_read,
            " ".join(run.tables),
            run.error,
            run.text,
        ]
