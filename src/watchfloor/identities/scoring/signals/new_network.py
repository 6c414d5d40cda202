"""A sign-in through a network operator (ASN) this person never used."""

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.formulas import surprise
from watchfloor.identities.scoring.learning import network_of
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal


def look(activity: Activity, past: Past) -> Hit | None:
    network = network_of(activity)
    if activity.kind is not Kind.SIGN_IN or not network or past.from_known_network or past.known("network", network):
        return None
    if not past.person.kinds("network"):
        return None
    chance = max(past.likely("network", network), past.newness("network"))
    facts = {"network": network}
    return Hit(network, surprise(chance), facts, past.compared(chance, "A network as new as this one"))


SIGNAL = Signal(
    key="new_network",
    title="Sign-in through a new network",
    weight=10,
    words="Signed in through {network} for the first time ({ip}, {where})",
    needs="Sign-ins with a network's number or operator, or an address",
    look=look,
    on=(Kind.SIGN_IN,),
    techniques=("T1078",),
    learned=True,
)
