"""An account had the directory replicated to it, as only domain controllers do (DCSync), or read the AD FS signing key."""

import re

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

REPLICATION = re.compile(r"directoryservices?replication")
MACHINE = re.compile(r"[^@\\]*\$(@.*)?")


def look(activity: Activity, past: Past) -> Hit | None:
    if not REPLICATION.fullmatch(activity.word) or all(MACHINE.fullmatch(name) for name in activity.names):
        return None
    return Hit(activity.word, 1.0, {"device": activity.device or "a device"})


SIGNAL = Signal(
    key="directory_replication",
    title="Directory replicated by an account",
    weight=50,
    words="Had the directory's secrets replicated from {device}, as only domain controllers do",
    needs="Directory events: Defender for Identity, Windows 4662",
    look=look,
    on=(Kind.ACTION,),
    techniques=("T1003.006", "T1606.002"),
)
