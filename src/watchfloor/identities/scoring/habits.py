"""What is usual in one circle: a person, a department, a title, a group, the organisation. Pure; kept as JSON.

Values are counted in person-days: a day on which somebody shows a value counts once, however often. Old counts fade with a
half-life (formulas.HALF_LIFE_DAYS).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from watchfloor.identities.scoring.formulas import aged, base_share, share

MOST_VALUES = 200
MOST_RATES = 60
FORGOTTEN = 0.05


class Habits:
    """`counts` feature -> value -> [person-days, day they are as of]; `totals` feature -> the same; `body` the rest."""

    __slots__ = ("body", "changed", "counts", "events", "since", "totals")

    def __init__(
        self, body: Mapping[str, Any] | None = None, *, since: datetime | None = None, events: int = 0
    ) -> None:
        kept = dict(body or {})
        self.counts: dict[str, dict[str, list[float]]] = kept.pop("counts", {})
        self.totals: dict[str, list[float]] = kept.pop("totals", {})
        self.body: dict[str, Any] = kept
        self.since = since
        self.events = events
        self.changed = False

    def as_json(self) -> dict[str, Any]:
        """What to keep; the rarest values go when there are too many."""
        counts = {feature: _most(values) for feature, values in self.counts.items()}
        return {**self.body, "counts": counts, "totals": self.totals}

    def seen(self, feature: str, value: str, *, day: int) -> float:
        """Person-days with this value, faded."""
        found = self.counts.get(feature, {}).get(value)
        return aged(found[0], days=day - found[1]) if found else 0.0

    def total(self, feature: str, *, day: int) -> float:
        found = self.totals.get(feature)
        return aged(found[0], days=day - found[1]) if found else 0.0

    def kinds(self, feature: str) -> int:
        return len(self.counts.get(feature, ()))

    def today(self, feature: str, value: str, *, day: int) -> bool:
        """Whether this day was counted already."""
        found = self.counts.get(feature, {}).get(value)
        return bool(found and found[1] >= day)

    def learn(self, feature: str, value: str, *, day: int, amount: float = 1.0) -> None:
        """Count one more person-day of this value."""
        _add(self.counts.setdefault(feature, {}), value, day, amount)
        _add(self.totals, feature, day, amount)
        self.changed = True

    def days(self, *, day: int) -> float:
        """Person-days with anything at all, faded."""
        return self.total("day", day=day)


def _add(into: dict[str, list[float]], key: str, day: int, amount: float) -> None:
    found = into.get(key)
    if found is None:
        into[key] = [amount, day]
    else:
        found[0] = round(aged(found[0], days=day - found[1]) + amount, 3)
        found[1] = max(day, found[1])


def _most(values: dict[str, list[float]]) -> dict[str, list[float]]:
    if len(values) <= MOST_VALUES:
        return values
    newest = sorted(values.items(), key=lambda item: (item[1][1], item[1][0]), reverse=True)
    return dict(newest[:MOST_VALUES])


def likely(
    feature: str, value: str, *, person: Habits | None, peers: list[Habits], organisation: Habits, day: int
) -> float:
    """How likely this value is: the organisation's share leans the peers', the most favourable peers' leans the person's."""
    prior = base_share(
        organisation.seen(feature, value, day=day),
        organisation.total(feature, day=day),
        kinds=organisation.kinds(feature),
    )
    among = [share(one.seen(feature, value, day=day), one.total(feature, day=day), prior=prior) for one in peers]
    prior = max(among, default=prior)
    if person is None:
        return prior
    return share(person.seen(feature, value, day=day), person.total(feature, day=day), prior=prior)
