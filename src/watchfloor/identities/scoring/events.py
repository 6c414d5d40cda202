"""Points from events: hot batches of the lake by cursor, names to people, each activity through the engine, all in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from watchfloor.identities.finding import people_of_names
from watchfloor.identities.models import RiskPoint, RiskProfile
from watchfloor.identities.scoring.activity import Activity
from watchfloor.identities.scoring.contracts import Scale
from watchfloor.identities.scoring.engine import ORGANISATION, Engine, Given
from watchfloor.identities.scoring.evidence import event_href
from watchfloor.identities.scoring.habits import Habits
from watchfloor.identities.scoring.past import Who
from watchfloor.identities.scoring.reading import READERS, read
from watchfloor.identities.scoring.rise import tell_rises
from watchfloor.identities.scoring.scale import scale
from watchfloor.identities.scoring.standing import LOCK, refresh
from watchfloor.identities.scoring.whom import whom
from watchfloor.lake import selectors as lake
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import keep_order, move_cursor

READER = "risk-score"
TABLES = tuple(READERS)


def score_events(*, now: datetime, limit: int = 5) -> int:
    """Judge the next batches; returns how many. A kill between repeats the reading: points, profiles and cursor are one.

    Judging runs outside the transaction, so that nobody waits for it; another worker that was faster makes it void.
    """
    position = cursor_position(READER)
    batches = lake.since(position, tables=TABLES, limit=limit)
    if not batches:
        return 0
    chosen = scale()
    judged = judge(read_all((batch.table, row) for batch in batches for row in batch.rows), chosen=chosen)
    with transaction.atomic():
        keep_order(LOCK)
        if cursor_position(READER) != position:
            return 0
        keep(judged, now=now)
        people = {point.person for point in judged.points}
        refresh(people, now=now, chosen=chosen)
        tell_rises(people, now=now, chosen=chosen)
        move_cursor(READER, position=batches[-1].position)
    return len(batches)


def read_all(rows: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Activity]:
    """The activities of these rows of tables, oldest first."""
    found = [activity for table, row in rows if (activity := read(table, row)) is not None]
    return sorted(found, key=lambda activity: activity.at)


@dataclass(frozen=True, slots=True)
class Judged:
    """What some activities gave: points, and every circle as it is afterwards."""

    points: list[Given]
    habits: dict[str, Habits]


def judge(activities: Sequence[Activity], *, chosen: Scale) -> Judged:
    """The points these activities give, and what is learned from them. Few queries, and none is a write."""
    named = people_of_names(name for activity in activities for name in activity.names)
    mine = [(located(activity), pk) for activity in activities if (pk := person_of(activity, named))]
    known = whom({pk for _, pk in mine})
    engine = Engine(profiles(known.values()) if known else {}, scale=chosen, locate=place)
    points = [point for activity, pk in mine if pk in known for point in engine.judge(activity, known[pk])]
    return Judged(points, engine.habits)


def keep(judged: Judged, *, now: datetime) -> None:
    """Store points and profiles; what people taught meanwhile stays. Call it in a transaction."""
    RiskPoint.objects.bulk_create(map(_row, judged.points), ignore_conflicts=True, batch_size=500)
    scopes = [scope for scope, habits in judged.habits.items() if habits.changed and scope.startswith("person:")]
    for at in range(0, len(scopes), 500):
        rows = RiskProfile.objects.filter(scope__in=scopes[at : at + 500], body__has_key="taught")
        for scope, taught in rows.values_list("scope", "body__taught"):
            judged.habits[scope].body["taught"] = taught
    keep_profiles(judged.habits, now=now)


def person_of(activity: Activity, named: Mapping[str, int]) -> int:
    """Whose activity it is, by the best of its names that somebody bears; 0 for nobody."""
    return next((named[name] for name in activity.names if name in named), 0)


def located(activity: Activity) -> Activity:
    """With the country and network of its address, in the same words whichever source told of it.

    Sources write networks as numbers, names or not at all, and countries by code or name: one of them for one address keeps the
    second source from looking like a new place.
    """
    if not activity.ip:
        return activity
    known = lake.place_of(activity.ip)
    country, network = activity.country or known.country_code, known.asn or activity.network
    if (country, network) == (activity.country, activity.network):
        return activity
    return replace(activity, country=country, network=network)


def place(activity: Activity) -> tuple[float, float] | None:
    """Where it happened: the row's coordinates, else the middle of the address's country."""
    if activity.place is not None or not activity.ip:
        return activity.place
    found = lake.place_of(activity.ip)
    if found.latitude is None or found.longitude is None:
        return None
    return found.latitude, found.longitude


def profiles(people: Iterable[Who]) -> dict[str, Habits]:
    """What is usual for these people and their circles. One query for every five hundred scopes."""
    scopes = {ORGANISATION}
    for who in people:
        scopes |= {f"person:{who.pk}", *who.circles}
    wanted = sorted(scopes)
    found: dict[str, Habits] = {}
    for at in range(0, len(wanted), 500):
        for row in RiskProfile.objects.filter(scope__in=wanted[at : at + 500]):
            found[row.scope] = Habits(row.body, since=row.since, events=row.events)
    return found


def keep_profiles(habits: Mapping[str, Habits], *, now: datetime) -> None:
    """Write what changed."""
    rows = [
        RiskProfile(scope=scope, body=one.as_json(), events=one.events, since=one.since or now, changed_at=now)
        for scope, one in sorted(habits.items())
        if one.changed
    ]
    RiskProfile.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["scope"],
        update_fields=["body", "events", "since", "changed_at"],
        batch_size=200,
    )


def _row(point: Given) -> RiskPoint:
    return RiskPoint(
        person_id=point.person,
        key=point.key[:200],
        kind="activity",
        what=point.what,
        at=point.at,
        points=point.points,
        words=point.words,
        factors=[[factor.name, factor.value, factor.words] for factor in point.factors],
        evidence=event_href(point.person, table=point.table, report=point.report, at=point.at),
        techniques=list(point.techniques),
    )
