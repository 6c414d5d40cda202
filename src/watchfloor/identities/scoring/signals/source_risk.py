"""The source itself calls the sign-in risky."""

from watchfloor.identities.scoring.activity import Activity
from watchfloor.identities.scoring.contracts import Factor
from watchfloor.identities.scoring.deeds import shown
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

SHARES = {"low": 0.3, "medium": 0.6, "high": 1.0}


def look(activity: Activity, past: Past) -> Hit | None:
    level = activity.risk
    if not level:
        return None
    kinds = ", ".join(activity.risk_types) or "no reason given"
    factors = (Factor("Level", level, f"as {activity.application or activity.table} says: {shown(kinds)}"),)
    return Hit(kinds, SHARES[level], {"level": level, "kinds": shown(kinds), "what": _what(activity)}, factors)


def _what(activity: Activity) -> str:
    return "The account" if activity.table == "BehaviorInfo" else f"The sign-in from {activity.where}"


SIGNAL = Signal(
    key="source_risk",
    title="Risk told by the source",
    weight=35,
    words="{what} is a {level} risk by the source's own judgement: {kinds}",
    needs="Risk levels of Entra ID Protection, Okta, Google Workspace",
    look=look,
    techniques=("T1078",),
)
