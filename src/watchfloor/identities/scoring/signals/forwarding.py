"""Mail of the person is sent on to an address outside of the organisation."""

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.deeds import deed, forwarded_to, outside, shown
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal


def look(activity: Activity, past: Past) -> Hit | None:
    if deed(activity) not in ("forwarding", "inbox rule"):
        return None
    away = [address for address in forwarded_to(activity) if outside(address, activity, past.who.domains)]
    if not away:
        return None
    return Hit(away[0], 1.0, {"whom": shown(", ".join(away))})


SIGNAL = Signal(
    key="forwarding",
    title="Mail forwarded outside",
    weight=35,
    words="Mail is sent on to {whom}",
    needs="Mailbox settings and rules: Exchange, Google Workspace, Sieve",
    look=look,
    on=(Kind.ACTION,),
    techniques=("T1114.003",),
)
