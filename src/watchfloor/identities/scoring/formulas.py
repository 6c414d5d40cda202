"""The published formulas of the risk score. Pure; docs/concepts/risk-score.md says the same in prose and gives examples."""

import math
from collections.abc import Iterable, Sequence
from datetime import timedelta
from statistics import median

LIFETIME = timedelta(days=7)
"""A point loses the same part of its weight every hour and is gone after this."""

USUAL_BITS, RARE_BITS = 3.0, 9.0
"""Rarer than 1 in 8 begins to surprise; 1 in 512 surprises in full."""
SHRINKAGE = 10.0
"""Person-days that the wider circle's opinion weighs in the narrower one's."""
HALF_LIFE_DAYS = 45.0
"""What was usual so long ago counts half."""
MAD_TO_SIGMA = 1.4826
SEVERITY_POINTS = {"high": 40.0, "medium": 20.0, "low": 8.0, "informational": 2.0}
ROLE_FACTORS = {"compromised": 1.0, "source": 1.0, "impacted": 0.7, "received": 0.3, "contextual": 0.2}
LEAST_POPULARITY = 0.4
IMPORTANCE = {"privileged": 1.5, "sensitive": 1.4, "vip": 1.3}
COLD_START = 0.5
"""A person who is too new to be compared with themselves gets at most this part of a signal's weight."""


def worth(points: float, *, age: timedelta) -> float:
    """What `points` are worth after `age`: straight down to zero over seven days; not yet less when `age` is negative."""
    left = 1.0 - max(age, timedelta()) / LIFETIME
    return points * max(0.0, left)


def total(points: Iterable[tuple[float, timedelta]]) -> float:
    """The score: the sum of what each (points, age) is still worth, nothing else."""
    return math.fsum(worth(value, age=age) for value, age in points)


def share(seen: float, of: float, *, prior: float) -> float:
    """How likely a value is in a circle that saw it on `seen` of its `of` person-days, leaning on the wider circle's `prior`."""
    return (seen + SHRINKAGE * prior) / (of + SHRINKAGE)


def base_share(seen: float, of: float, *, kinds: int) -> float:
    """The same in the widest circle, where `kinds` different values were seen: something new has its place too."""
    return (seen + 1.0 / (kinds + 1.0)) / (of + 1.0)


def bits(likely: float) -> float:
    """Surprise in bits, −log2 p: 3 is 1 in 8, 9 is 1 in 512."""
    return -math.log2(min(1.0, max(likely, 1e-12)))


def surprise(likely: float) -> float:
    """0 for what is usual, 1 for what is rare, straight between in bits."""
    return _clamped((bits(likely) - USUAL_BITS) / (RARE_BITS - USUAL_BITS))


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Median and median absolute deviation, the latter scaled to a standard deviation; (0, 0) of nothing."""
    if not values:
        return 0.0, 0.0
    middle = median(values)
    return middle, MAD_TO_SIGMA * median(abs(value - middle) for value in values)


def robust_z(value: float, values: Sequence[float], *, least: float) -> float:
    """How many robust deviations `value` lies over the median; a deviation is never taken for less than `least`."""
    middle, deviation = spread(values)
    return (value - middle) / max(deviation, least)


def excess(z: float, *, begins: float = 3.5, full: float = 12.0) -> float:
    """0 up to `begins` robust deviations, 1 from `full` on, straight between."""
    return _clamped((z - begins) / (full - begins))


def aged(count: float, *, days: float) -> float:
    """What a count of `days` ago weighs now."""
    return count * math.exp2(-max(0.0, days) / HALF_LIFE_DAYS)


def popularity(having: float, of: float) -> float:
    """1 for what nobody else has, down to LEAST_POPULARITY for what everybody has; straight in bits.

    `having` of `of` people (or alerts) have it; both without the one asked about.
    """
    likely = (having + 1.0) / (of + 2.0)
    most = bits(1.0 / (of + 2.0))
    return LEAST_POPULARITY + (1.0 - LEAST_POPULARITY) * _clamped(bits(likely) / max(most, 1e-9))


def alert_points(*, severity: str, role: str, among_people: float, among_alerts: float, importance: float) -> float:
    """What an alert weighs: severity × role of the person × popularity among people × that among all alerts × importance."""
    base = SEVERITY_POINTS.get(severity, SEVERITY_POINTS["informational"])
    return base * ROLE_FACTORS.get(role, ROLE_FACTORS["contextual"]) * among_people * among_alerts * importance


def activity_points(*, weight: float, surprise: float, importance: float, cold: bool) -> float:
    """What an activity weighs: the signal's weight × how surprising it is × importance, capped for people who are new."""
    felt = min(surprise, COLD_START) if cold else surprise
    return weight * _clamped(felt) * importance


def percentile(*, lower: int, others: int) -> float:
    """The share of the `others` who score lower, in percent; 0 when there are none."""
    return 100.0 * lower / others if others > 0 else 0.0


def _clamped(value: float) -> float:
    return min(1.0, max(0.0, value))
