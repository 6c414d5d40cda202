"""Somebody was made an administrator."""

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.deeds import deed, rarity, shown
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal


def look(activity: Activity, past: Past) -> Hit | None:
    if deed(activity) != "role" or "requested" in activity.word:
        return None
    share, factors = rarity(activity, past)
    whom = activity.target or activity.object or "somebody"
    return Hit(whom, share, {"whom": shown(whom)}, factors)


SIGNAL = Signal(
    key="role_granted",
    title="Administrator's role granted",
    weight=20,
    words="Gave an administrator's role to {whom} ({action})",
    needs="Entra audits, Okta, Google Workspace",
    look=look,
    on=(Kind.ACTION,),
    techniques=("T1098.003",),
)
