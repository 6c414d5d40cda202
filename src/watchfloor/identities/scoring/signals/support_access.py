"""Somebody let the supplier, or another administrator, act in the organisation or in a person's name."""

import re

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.deeds import rarity
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

GRANTS = re.compile(r"usersessionimpersonation(grant|initiate|extend)|approvelockbox\w*")
SUPPLIER = re.compile(r"system@okta\.com|support@okta\.com")
RESETS = re.compile(r"useraccount(resetpassword|updatepassword)|usermfafactorresetall")


def look(activity: Activity, past: Past) -> Hit | None:
    by_supplier = any(SUPPLIER.fullmatch(name) for name in activity.names) and RESETS.fullmatch(activity.word)
    if not GRANTS.fullmatch(activity.word) and not by_supplier:
        return None
    share, factors = rarity(activity, past)
    return Hit(activity.word, share, {}, factors)


SIGNAL = Signal(
    key="support_access",
    title="Access by the supplier's support",
    weight=15,
    words="Let support act here ({action}, {target})",
    needs="Okta's impersonation and reset events, customer lockbox",
    look=look,
    on=(Kind.ACTION,),
    techniques=("T1199", "T1078.004"),
)
