"""A guest from outside was invited."""

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.deeds import ADDRESS, outside, rarity
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

INVITES = ("inviteexternaluser",)
FAILED = ("failed", "failure")


def look(activity: Activity, past: Past) -> Hit | None:
    told = activity.details
    if activity.word not in INVITES or told.get("result", "").lower() in FAILED:
        return None
    invited = told.get("inviteduseremailaddress") or activity.target
    address = ADDRESS.search(invited or "")
    if address is None or not outside(address[0], activity, past.who.domains):
        return None
    share, factors = rarity(activity, past)
    return Hit(address[0], share, {"whom": address[0]}, factors)


SIGNAL = Signal(
    key="external_invite",
    title="Guest from outside invited",
    weight=6,
    words="Invited {whom} as a guest",
    needs="Entra audits",
    look=look,
    on=(Kind.ACTION,),
    techniques=("T1136.003",),
)
