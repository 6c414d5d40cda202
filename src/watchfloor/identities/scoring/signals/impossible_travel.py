"""Two sign-ins so far apart that nobody could travel between them in the time."""

import math
from datetime import timedelta

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.contracts import Factor
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

FASTEST = 1000.0
"""Kilometres an hour; an airliner with its way to the airport is slower."""
NEAREST = 500.0
"""Kilometres; places of addresses are not told better than this."""
LONGEST = timedelta(hours=24)
HABIT_DAYS = 3.0
EARTH = 6371.0


def distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Kilometres along the great circle between two (latitude, longitude) in degrees."""
    (lat1, lon1), (lat2, lon2) = ((math.radians(a), math.radians(b)) for a, b in (one, other))
    a = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH * math.asin(math.sqrt(min(1.0, a)))


def look(activity: Activity, past: Past) -> Hit | None:
    before = past.habit("place")
    if activity.kind is not Kind.SIGN_IN or not before or past.from_known_network or activity.silent:
        return None
    place = past.locate(activity)
    seconds = activity.at.timestamp() - before["at"]
    if place is None or not 0 <= seconds <= LONGEST.total_seconds():
        return None
    far = distance((before["lat"], before["lon"]), place)
    speed = far / max(seconds / 3600, 1 / 60)
    if far < NEAREST or speed <= FASTEST or _commutes(past, before["country"], activity.country):
        return None
    facts = {
        "from": before["where"],
        "from_ip": before["ip"],
        "far": f"{far:,.0f}",
        "minutes": f"{seconds / 60:,.0f}",
    }
    words = (
        f"{far:,.0f} km in {seconds / 60:,.0f} minutes is {speed:,.0f} km/h; more than {FASTEST:,.0f} is not travelled"
    )
    return Hit(f"{before['country']} {activity.country}", 1.0, facts, (Factor("Speed", f"{speed:,.0f} km/h", words),))


def _commutes(past: Past, one: str, other: str) -> bool:
    """Both countries are usual for the person: a mobile operator's or an office's way out, not a journey."""
    days = [past.person.seen("country", country, day=past.day) for country in (one, other)]
    return one != other and min(days) >= HABIT_DAYS


SIGNAL = Signal(
    key="impossible_travel",
    title="Impossible travel",
    weight=35,
    words="Signed in from {where} ({ip}) {minutes} minutes after {from} ({from_ip}), {far} km away",
    needs="Sign-ins with coordinates or a country; networks that are known or called corporate are left out",
    look=look,
    on=(Kind.SIGN_IN,),
    techniques=("T1078",),
)
