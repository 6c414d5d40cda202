"""What the circles learn from an activity after it was judged. Pure; the circles keep counts, no events."""

from datetime import timedelta
from typing import Any

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.habits import MOST_RATES, Habits
from watchfloor.identities.scoring.past import Past

FAILURES = 60
SESSIONS = 30
FAILURE_MEMORY = timedelta(hours=24)
SPRAY_MEMORY = timedelta(hours=1)
SPRAY_ADDRESSES, SPRAY_PEOPLE = 300, 60
COUNTED = {"File downloaded": "download", "Deleted": "delete", "File opened or changed": "file", "Mail read": "mail"}
"""Kinds of activity whose number in an hour is learned."""
SHARED = ("country", "network", "hour", "client", "admin", "application", "protocol")
OWN = ("device",)


def features(activity: Activity) -> dict[str, str]:
    """What of this activity is worth remembering, by feature."""
    if activity.kind is Kind.FAILED:
        return {}
    found = {"day": "any", "hour": str(activity.at.hour)}
    if activity.kind is Kind.SIGN_IN:
        found |= {
            "country": activity.country,
            "network": network_of(activity),
            "client": activity.client or activity.agent[:80],
            "device": device_of(activity),
            "application": activity.application,
            "protocol": activity.protocol,
        }
    elif activity.admin or activity.table == "IdentityDirectoryEvents":
        found["admin"] = activity.word[:60]
    return {feature: value for feature, value in found.items() if value}


def network_of(activity: Activity) -> str:
    """The operator's network; the address's own block when nobody said which that is."""
    if activity.network or not activity.ip:
        return activity.network
    return ".".join(activity.ip.split(".")[:2]) if "." in activity.ip else ":".join(activity.ip.split(":")[:2])


def device_of(activity: Activity) -> str:
    """The device's id or name, else what browser and system the client is."""
    return activity.device.lower() or activity.client or activity.agent[:120]


def learn(past: Past) -> None:
    """Count what this activity shows: once a day and value for the person, the peers and the organisation."""
    activity = past.activity
    if activity.kind is Kind.FAILED:
        remember_failure(past)
        return
    day = past.day
    for feature, value in features(activity).items():
        if past.person.today(feature, value, day=day):
            continue
        first = feature in ("device", "network", "country") and not past.known(feature, value)
        past.person.learn(feature, value, day=day)
        for circle in (*past.peers, past.organisation):
            if feature not in OWN:
                circle.learn(feature, value, day=day)
            if first:
                circle.learn("first", feature, day=day)
        if first:
            past.person.learn("first", feature, day=day)
    if activity.kind is Kind.SIGN_IN:
        remember_place(past)
        remember_session(past)
    if rate := COUNTED.get(activity.details.get("activitytype", "")) if activity.kind is Kind.ACTION else None:
        count(past, rate)


def remember_place(past: Past) -> None:
    """Where the last sign-in came from; addresses of one's own networks are nowhere."""
    activity = past.activity
    place = None if past.from_known_network or activity.silent else past.locate(activity)
    if place is None:
        return
    last = past.habit("place")
    if last and last["at"] > activity.at.timestamp():
        return
    past.person.body["place"] = {
        "at": activity.at.timestamp(),
        "lat": place[0],
        "lon": place[1],
        "where": activity.where,
        "country": activity.country,
        "ip": activity.ip,
    }
    past.person.changed = True


def remember_session(past: Past) -> None:
    """Where each of the last sessions began."""
    activity = past.activity
    sessions: dict[str, Any] = past.person.body.setdefault("sessions", {})
    if not activity.session or activity.session in sessions:
        return
    sessions[activity.session] = [activity.at.timestamp(), activity.ip, network_of(activity), activity.agent[:120]]
    if len(sessions) > SESSIONS:
        del sessions[min(sessions, key=lambda one: sessions[one][0])]
    past.person.changed = True


def remember_failure(past: Past) -> None:
    """Failed sign-ins of a day, and for each address the people it failed with within the hour."""
    activity = past.activity
    moment = activity.at.timestamp()
    kept: list[Any] = [one for one in past.habit("failures") or () if one[0] > moment - FAILURE_MEMORY.total_seconds()]
    past.person.body["failures"] = [*kept, [moment, activity.ip, activity.error]][-FAILURES:]
    past.person.changed = True
    if not activity.ip:
        return
    sprayed: dict[str, list[Any]] = past.organisation.body.setdefault("spray", {})
    began, people = sprayed.get(activity.ip, [moment, []])
    if moment - began > SPRAY_MEMORY.total_seconds():
        began, people = moment, []
    if past.who.pk not in people and len(people) < SPRAY_PEOPLE:
        people = [*people, past.who.pk]
    sprayed[activity.ip] = [began, people]
    if len(sprayed) > SPRAY_ADDRESSES:
        del sprayed[min(sprayed, key=lambda ip: sprayed[ip][0])]
    past.organisation.changed = True


def count(past: Past, rate: str) -> None:
    """One more in this hour; the highest hour of each day is what is usual."""
    hour = int(past.activity.at.timestamp() // 3600)
    rates: dict[str, Any] = past.person.body.setdefault("rates", {})
    kept = rates.setdefault(rate, {"hour": hour, "now": 0, "day": past.day, "most": 0, "days": []})
    if past.day != kept["day"]:
        _close(past, rate, kept)
        kept.update(day=past.day, most=0)
    if hour != kept["hour"]:
        kept.update(hour=hour, now=0)
    kept["now"] += 1
    kept["most"] = max(kept["most"], kept["now"])
    past.person.changed = True


def _close(past: Past, rate: str, kept: dict[str, Any]) -> None:
    """A day is over: its highest hour joins the person's and the circles' past ones."""
    kept["days"] = [*kept["days"], kept["most"]][-MOST_RATES:]
    for circle in (*past.peers, past.organisation):
        _join(circle, rate, kept["most"])


def _join(circle: Habits, rate: str, most: int) -> None:
    days = circle.body.setdefault("rates", {}).setdefault(rate, [])
    days.append(most)
    del days[: -4 * MOST_RATES]
    circle.changed = True


def in_this_hour(past: Past, rate: str) -> int:
    """How many there were in the activity's hour, with it."""
    kept = (past.habit("rates") or {}).get(rate)
    hour = int(past.activity.at.timestamp() // 3600)
    return 1 + (kept["now"] if kept and kept["hour"] == hour else 0)
