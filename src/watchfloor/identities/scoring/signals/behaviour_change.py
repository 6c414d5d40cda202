"""The identity provider itself compared the session with the person's past, and it was new in many ways."""

import re

from watchfloor.identities.scoring.activity import Activity
from watchfloor.identities.scoring.contracts import Factor
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

NEW = re.compile(r"(New [\w-]+|Velocity)\s*[=:\"']+\s*POSITIVE", re.IGNORECASE)
NAMES = {
    "newgeolocation": "place",
    "newdevice": "device",
    "newip": "address",
    "newstate": "state",
    "newcountry": "country",
    "newcity": "city",
    "velocity": "speed",
}
MOST = 4
ADMIN = "admin console"

ELSEWHERE = "EntraIdSignInEvents"
"""Has no such words, and is most of what there is."""


def look(activity: Activity, past: Past) -> Hit | None:
    if activity.table == ELSEWHERE:
        return None
    told = activity.details
    text = told.get("behaviors", "")
    new = [NAMES[key] for key in NAMES if told.get(key, "").upper() == "POSITIVE"]
    new += [NAMES.get("".join(filter(str.isalnum, name.lower())), name) for name in NEW.findall(text)]
    new = list(dict.fromkeys(new))
    if not new:
        return None
    admin = any(ADMIN in value.lower() for value in told.values())
    share = min(1.0, len(new) / MOST * (1.0 if admin else 0.5))
    where = "the administrators' console" if admin else activity.application
    factors = (Factor("New", f"{len(new)}", ", ".join(new)),)
    return Hit(where, share, {"new": ", ".join(new), "at": where}, factors)


SIGNAL = Signal(
    key="behaviour_change",
    title="New behaviour told by the source",
    weight=20,
    words="A session at {at} was new to the source in: {new}",
    needs="Okta's behaviour detection",
    look=look,
    techniques=("T1078",),
)
