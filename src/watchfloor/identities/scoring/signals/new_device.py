"""A sign-in from a device or with a kind of client this person never used."""

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.formulas import surprise
from watchfloor.identities.scoring.learning import device_of
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal


def look(activity: Activity, past: Past) -> Hit | None:
    device = device_of(activity)
    if activity.kind is not Kind.SIGN_IN or not device or activity.silent:
        return None
    if past.known("device", device) or not past.person.kinds("device") or activity.managed:
        return None
    chance = past.newness("device")
    facts = {"device": activity.device or device}
    return Hit(device, surprise(chance), facts, past.compared(chance, "A new device on one day"))


SIGNAL = Signal(
    key="new_device",
    title="Sign-in from a new device",
    weight=10,
    words="Signed in with {device} for the first time, from {where}",
    needs="Sign-ins with a device's id or name, or a user agent; managed devices are left out",
    look=look,
    on=(Kind.SIGN_IN,),
    techniques=("T1078",),
    learned=True,
)
