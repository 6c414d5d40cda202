"""An account that nobody uses, laid out to be found, was used."""

from watchfloor.identities.scoring.activity import Activity
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal


def look(activity: Activity, past: Past) -> Hit | None:
    if not past.who.honeytoken:
        return None
    return Hit(f"{activity.kind} {activity.ip}", 1.0, {"did": activity.kind.value})


SIGNAL = Signal(
    key="honeytoken",
    title="Honeytoken used",
    weight=60,
    words="The honeytoken account {who} was used: {did} from {where} ({ip})",
    needs="People tagged “Honeytoken”, and any event that names them",
    look=look,
    techniques=("T1078", "T1087"),
)
