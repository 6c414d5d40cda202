"""A failed sign-in from an address that fails with many people's accounts at once."""

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.contracts import Factor
from watchfloor.identities.scoring.learning import SPRAY_MEMORY
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

LEAST, MANY = 8, 30
FAILED_PART = 0.2


def look(activity: Activity, past: Past) -> Hit | None:
    if activity.kind is Kind.ACTION or not activity.ip or past.from_known_network:
        return None
    began, people = past.organisation.body.get("spray", {}).get(activity.ip, (0.0, ()))
    if activity.at.timestamp() - began > SPRAY_MEMORY.total_seconds():
        return None
    number = len({*people, past.who.pk})
    succeeded = activity.kind is Kind.SIGN_IN
    if number < LEAST or (succeeded and past.known("network", activity.network)):
        return None
    size = min(1.0, 0.5 + 0.5 * (number - LEAST) / (MANY - LEAST))
    factors = (Factor("People", f"{number}", f"the address failed with within the hour; {LEAST} are too many"),)
    facts = {"number": str(number), "did": "signed in" if succeeded else "failed to sign in"}
    return Hit(activity.ip, size if succeeded else FAILED_PART * size, facts, factors)


SIGNAL = Signal(
    key="password_spray",
    title="Password spray",
    weight=35,
    words="{ip} {did} as {who}, and failed with {number} people's accounts within the hour",
    needs="Failed sign-ins with an address",
    look=look,
    techniques=("T1110.003",),
)
