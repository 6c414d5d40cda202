"""Judging one activity after another: every signal looks at it and the past, then the past learns it. Pure.

A point is given once a day for the same thing of the same person; when the thing grows, for what it grew by.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.contracts import Factor, Scale
from watchfloor.identities.scoring.formulas import activity_points
from watchfloor.identities.scoring.habits import Habits
from watchfloor.identities.scoring.learning import learn
from watchfloor.identities.scoring.past import Locate, Past, Who, nowhere
from watchfloor.identities.scoring.signal import Hit, Signal
from watchfloor.identities.scoring.signals import signals

ORGANISATION = "organisation"
GROWN = 0.25
LEAST_POINTS = 0.5
"""Less is noise; it is not told."""


@dataclass(frozen=True, slots=True)
class Given:
    """A point about to be stored; the fields of RiskPoint."""

    person: int
    key: str
    what: str
    at: datetime
    points: float
    words: str
    factors: tuple[Factor, ...]
    techniques: tuple[str, ...]
    table: str
    report: str


class Engine:
    """`habits` by scope (person:<pk>, department:<name> ..., organisation); missing ones begin with the activity."""

    def __init__(self, habits: dict[str, Habits], *, scale: Scale, locate: Locate = nowhere) -> None:
        self.habits = habits
        self.scale = scale
        self.locate = locate
        in_force = [signal for signal in signals().values() if signal.key not in scale.off]
        self._signals = {
            kind: [(one, scale.weights.get(one.key, one.weight)) for one in in_force if kind in one.on] for kind in Kind
        }

    def judge(self, activity: Activity, who: Who) -> list[Given]:
        """The points this activity gives to `who`; the circles have learned it afterwards."""
        past = Past(
            who=who,
            activity=activity,
            person=self._circle(f"person:{who.pk}", activity),
            peers=[self._circle(scope, activity) for scope in who.circles],
            organisation=self._circle(ORGANISATION, activity),
            scale=self.scale,
            locate=self.locate,
        )
        found = [point for signal, weight in self._signals[activity.kind] if (point := _point(signal, weight, past))]
        learn(past)
        return found

    def _circle(self, scope: str, activity: Activity) -> Habits:
        found = self.habits.get(scope)
        if found is None:
            found = self.habits[scope] = Habits(since=activity.at)
            found.changed = True
        elif found.since is None or activity.at < found.since:
            found.since = activity.at
        found.events += 1
        return found


def _point(signal: Signal, weight: float, past: Past) -> Given | None:
    if signal.learned and past.learning:
        return None
    hit = signal.look(past.activity, past)
    if hit is None or hit.share <= 0:
        return None
    subject = f"{signal.key}:{mark(hit.value)}"
    if subject in past.person.body.get("taught", ()):
        return None
    cold = signal.learned and past.cold
    whole = activity_points(weight=weight, surprise=hit.share, importance=past.who.factor, cold=cold)
    fresh = whole - _given_today(past, subject)
    if fresh < LEAST_POINTS or fresh < GROWN * whole:
        return None
    _note(past, subject, whole)
    return _given(signal, hit, past, subject, points=round(fresh, 2), weight=weight, cold=cold)


def mark(value: str) -> str:
    """A short mark of a value, for keys."""
    return hashlib.sha256(value.encode()).hexdigest()[:12]


def _given_today(past: Past, subject: str) -> float:
    day, points = past.person.body.get("given", {}).get(subject, (0, 0.0))
    return float(points) if day == past.day else 0.0


def _note(past: Past, subject: str, points: float) -> None:
    given: dict[str, Any] = past.person.body.setdefault("given", {})
    for old in [key for key, (day, _) in given.items() if day < past.day - 1]:
        del given[old]
    given[subject] = (past.day, points)
    past.person.changed = True


def _given(signal: Signal, hit: Hit, past: Past, subject: str, *, points: float, weight: float, cold: bool) -> Given:
    activity = past.activity
    key, value = subject.split(":")
    report = activity.report or mark(f"{activity.at.isoformat()} {activity.action} {activity.ip}")
    return Given(
        person=past.who.pk,
        key=f"event:{activity.table}:{report[:90]}:{key}:{past.who.pk}:{value}",
        what=signal.key,
        at=activity.at,
        points=points,
        words=signal.words.format_map(_Facts(hit.facts, past)),
        factors=_factors(signal, hit, past, weight=weight, cold=cold),
        techniques=signal.techniques,
        table=activity.table,
        report=report,
    )


def _factors(signal: Signal, hit: Hit, past: Past, *, weight: float, cold: bool) -> tuple[Factor, ...]:
    found = [Factor("Weight", f"{weight:g}", f"“{signal.title}” gives at most {weight:g} points"), *hit.factors]
    if hit.share < 1:
        found.append(Factor("Share", f"×{hit.share:.2f}", "how much of the weight it earns"))
    if cold:
        found.append(
            Factor(
                "New here", "at most ×0.5", "seen for less than 7 days or on less than 5, so compared with colleagues"
            )
        )
    if past.who.importance:
        found.append(Factor("Importance", f"×{past.who.factor:g}", past.who.why))
    return tuple(found)


class _Facts(dict[str, str]):
    """The facts of a sentence; those of every activity stand in when the hit names none."""

    def __init__(self, facts: Mapping[str, str], past: Past) -> None:
        activity = past.activity
        usual = {
            "who": past.who.name,
            "ip": activity.ip or "address unknown",
            "where": activity.where,
            "action": activity.action,
            "object": activity.object,
            "target": activity.target or activity.object,
            "application": activity.application or activity.table,
        }
        super().__init__({**usual, **facts})

    def __missing__(self, name: str) -> str:
        return name
