"""One session is used through two networks at once: its cookie or token may have been taken."""

from datetime import timedelta

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.contracts import Factor
from watchfloor.identities.scoring.learning import network_of
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

WITHIN = timedelta(hours=1)


def look(activity: Activity, past: Past) -> Hit | None:
    if activity.kind is not Kind.SIGN_IN or not activity.session or activity.silent:
        return None
    before = (past.habit("sessions") or {}).get(activity.session)
    if not before or past.from_known_network:
        return None
    moment, ip, network, device = before
    soon = 0 <= activity.at.timestamp() - moment <= WITHIN.total_seconds()
    if not soon or ip == activity.ip or network == network_of(activity):
        return None
    other = bool(device) and bool(activity.agent) and device != activity.agent[:120]
    words = "another client too" if other else "the same kind of client"
    factors = (Factor("Client", "another" if other else "the same", words),)
    return Hit(activity.session, 1.0 if other else 0.5, {"from": ip}, factors)


SIGNAL = Signal(
    key="stolen_session",
    title="Session used from two networks",
    weight=30,
    words="A session that began at {from} was used from {ip} ({where}) within the hour",
    needs="Sign-ins with a session's id",
    look=look,
    on=(Kind.SIGN_IN,),
    techniques=("T1539", "T1550.004"),
)
