"""A stored password of somebody else was shown."""

from watchfloor.identities.scoring.activity import Activity, Kind, flat
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

SHOWN = "applicationusermembershipshowpassword"


def look(activity: Activity, past: Past) -> Hit | None:
    if activity.word != SHOWN:
        return None
    own = {*activity.names, past.who.name.lower(), past.who.address, _displayed(activity)}
    whose = [value for key, value in _targets(activity) if key == "name"]
    if not whose or any(one.lower() in own for one in whose):
        return None
    return Hit(whose[0], 1.0, {"whose": whose[0]})


def _targets(activity: Activity) -> list[tuple[str, str]]:
    """Names of the objects that are accounts, not the actor."""
    objects = [one for part in activity.raw if isinstance(part, list) for one in part if isinstance(one, dict)]
    accounts = [one for one in objects if one.get("Role") != "Actor" and "user" in str(one.get("Type", "")).lower()]
    return [pair for one in accounts for pair in flat({"name": one.get("Name")})]


def _displayed(activity: Activity) -> str:
    return activity.details.get("accountdisplayname", "").lower()


SIGNAL = Signal(
    key="password_read",
    title="Somebody else's stored password shown",
    weight=25,
    words="Had the stored password of {whose} shown ({action})",
    needs="Okta's log of applications with stored passwords",
    look=look,
    on=(Kind.ACTION,),
    techniques=("T1555.005",),
)
