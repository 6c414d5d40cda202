"""A secret, certificate or owner was added to an application or service principal."""

import re

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.deeds import deed, rarity, shown
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

ADDS = re.compile(r"credential|secret|certificate|owner|key")
"""An application that is merely made has nothing yet."""


def look(activity: Activity, past: Past) -> Hit | None:
    if deed(activity) != "credential" or not ADDS.search(activity.word):
        return None
    share, factors = rarity(activity, past)
    target = activity.object or activity.target or activity.details.get("targetdisplayname", "an application")
    return Hit(target, share, {"app": shown(target)}, factors)


SIGNAL = Signal(
    key="credential_added",
    title="Credential added to an application",
    weight=25,
    words="A credential or owner was added to “{app}” ({action})",
    needs="Entra audits, Okta applications",
    look=look,
    on=(Kind.ACTION,),
    techniques=("T1098.001",),
)
