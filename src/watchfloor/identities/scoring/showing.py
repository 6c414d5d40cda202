"""What the fragments of the score show of one person: the card, the list of points, one point with its evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from watchfloor.access.contracts import Actor, Permission
from watchfloor.identities.models import RiskPoint
from watchfloor.identities.scoring.contracts import PointLine
from watchfloor.identities.scoring.selectors import history_of, line, points_of, risk_of
from watchfloor.kernel.errors import NotFound
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query

MOST_POINTS = 200
CARD_DAYS = 30
HISTORY_DAYS = 180
MOMENT = timedelta(seconds=1)
MOST_CELLS = 40


@dataclass(frozen=True, slots=True)
class ShownPoint:
    """A point as of now."""

    point: PointLine
    worth: float

    @property
    def decay(self) -> str:
        """“worth 12 of 20 now, gone on 27 Nov”."""
        point = self.point
        if point.void:
            return f"{point.points:.0f} points, void: {point.void_by}"
        if self.worth <= 0:
            return f"was worth {point.points:.0f}, gone since {point.gone_at:%d %b}"
        return f"worth {self.worth:.0f} of {point.points:.0f} now, gone on {point.gone_at:%d %b}"


def shown(points: Sequence[PointLine], *, now: datetime) -> tuple[ShownPoint, ...]:
    """The points with what they are worth, those that count most first, then void and gone ones by age."""
    found = [ShownPoint(point, point.worth(now)) for point in points]
    return tuple(sorted(found, key=lambda one: (-one.worth, one.point.void, -one.point.at.timestamp())))


def card(pk: int, *, now: datetime) -> Mapping[str, Any]:
    """The card on the person's page: score, percentile, level, state, the last days."""
    risk = risk_of(pk)
    return {
        "risk": risk,
        "percent": f"{risk.percentile:.0f}" if risk else "",
        "history": chart_of(pk, now=now, days=CARD_DAYS),
        "pk": pk,
    }


def chart_of(pk: int, *, now: datetime, days: int) -> Mapping[str, Any]:
    """The highest score of each day, quiet days too; empty without any."""
    known = dict(history_of(pk, days))
    if not known:
        return {}
    first = max(min(known), now.date() - timedelta(days=days - 1))
    span = [first + timedelta(days=n) for n in range((now.date() - first).days + 1)]
    values = [round(known.get(day, 0.0), 1) for day in span]
    return {"categories": [f"{day:%d %b}" for day in span], "series": [{"name": "Score", "values": values}]}


def all_points(pk: int, *, actor: Actor, now: datetime) -> Mapping[str, Any]:
    """Every point of the last weeks, and the history."""
    points = shown(points_of(pk, MOST_POINTS), now=now)
    return {
        **card(pk, now=now),
        "history": chart_of(pk, now=now, days=HISTORY_DAYS),
        "points": points,
        "total": sum(one.worth for one in points),
        "may_void": actor.may(Permission.IDENTITY_RISK_MANAGE),
    }


def one_point(number: int, *, actor: Actor, now: datetime) -> Mapping[str, Any]:
    """One point and the event it rests on, as far as the actor may read it. Raises NotFound."""
    row = RiskPoint.objects.select_related("person").filter(pk=number).first()
    if row is None:
        raise NotFound(f"there is no point {number}")
    point = line(row)
    return {
        "one": ShownPoint(point, point.worth(now)),
        "person": row.person,
        "event": event_of(point, actor=actor),
        "may_void": actor.may(Permission.IDENTITY_RISK_MANAGE) and not point.void,
    }


def event_of(point: PointLine, *, actor: Actor) -> tuple[tuple[str, str], ...]:
    """The cells of the event a point rests on; none for alerts, and for tables that the actor may not read."""
    table, report = point.source
    if point.kind != "activity":
        return ()
    known = lake.table(table)
    column = "BehaviorId" if table == "BehaviorInfo" else "ReportId"
    if not actor.may(known.permission):
        return ()
    only = (Condition(column, Operator.EQUAL_ANY, (report,)),)
    rows = lake.all_rows(Query(table, point.at - MOMENT, point.at + MOMENT, only), limit=1)
    cells = [
        (column.label or column.name, lake.values_of(row, column.name, of=table))
        for row in rows
        for column in known.columns
    ]
    return tuple((label, ", ".join(values)[:500]) for label, values in cells if any(values))[:MOST_CELLS]
