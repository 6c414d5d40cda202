"""Somebody else may open the mailbox, or send in the person's name."""

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.deeds import deed, rarity, shown
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

BY_THE_SYSTEM = ("s-1-5-18", "nt authority", "system")


def look(activity: Activity, past: Past) -> Hit | None:
    if deed(activity) != "delegation" or any(name.startswith(BY_THE_SYSTEM) for name in activity.names):
        return None
    told = activity.details
    whom = told.get("user") or told.get("trustee") or told.get("grantsendonbehalfto") or activity.target or "somebody"
    share, factors = rarity(activity, past)
    return Hit(whom, share, {"whom": shown(whom)}, factors)


SIGNAL = Signal(
    key="delegation",
    title="Mailbox opened to somebody else",
    weight=20,
    words="Right on a mailbox given to {whom} ({action})",
    needs="Mailbox permissions: Exchange audit records, Google Workspace",
    look=look,
    on=(Kind.ACTION,),
    techniques=("T1098.002",),
)
