"""Many failed sign-ins of one account, worse when a success follows."""

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.contracts import Factor
from watchfloor.identities.scoring.past import HOUR, Past
from watchfloor.identities.scoring.signal import Hit, Signal

LEAST, MANY = 10, 40
WITHIN = HOUR
FAILED_PART = 0.3
"""What failures alone earn; the rest when one succeeds."""
OWN_PART = 0.25
"""What a success earns that comes from where the person usually is: somebody forgot a password."""


def look(activity: Activity, past: Past) -> Hit | None:
    moment = activity.at.timestamp()
    recent = [one for one in past.habit("failures") or () if moment - one[0] <= WITHIN.total_seconds()]
    number = len(recent) + (activity.kind is Kind.FAILED)
    if activity.kind is Kind.ACTION or number < LEAST or activity.silent:
        return None
    size = min(1.0, 0.5 + 0.5 * (number - LEAST) / (MANY - LEAST))
    factors = (Factor("Failures", f"{number}", f"within an hour, of which {LEAST} are too many"),)
    if activity.kind is Kind.FAILED:
        return Hit("burst", FAILED_PART * size, {"number": str(number), "then": ""}, factors)
    usual = past.known("country", activity.country) and any(one[1] == activity.ip for one in recent)
    part = OWN_PART if usual and past.known("network", activity.network) else 1.0
    return Hit(
        "burst",
        max(part * size, 0.0),
        {"number": str(number), "then": f", then a success from {activity.where}"},
        factors,
    )


SIGNAL = Signal(
    key="failed_burst",
    title="Burst of failed sign-ins",
    weight=30,
    words="{number} failed sign-ins within an hour{then}",
    needs="Failed and successful sign-ins",
    look=look,
    techniques=("T1110.001",),
)
