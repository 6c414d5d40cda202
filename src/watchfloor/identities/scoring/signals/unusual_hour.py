"""A sign-in at an hour at which this person is hardly ever active."""

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.formulas import surprise
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal


def look(activity: Activity, past: Past) -> Hit | None:
    if activity.kind is not Kind.SIGN_IN or activity.silent or past.cold:
        return None
    around = [str((activity.at.hour + shift) % 24) for shift in (-1, 0, 1)]
    chance = min(1.0, sum(past.likely("hour", hour) for hour in around))
    facts = {"hour": f"{activity.at:%H:%M}"}
    factors = past.compared(chance, f"Activity between {int(around[0]):02d} and {int(around[2]):02d} h UTC")
    return Hit("hour", surprise(chance), facts, factors)


SIGNAL = Signal(
    key="unusual_hour",
    title="Sign-in at an unusual hour",
    weight=6,
    words="Signed in at {hour} UTC, when {who} is hardly ever active, from {where}",
    needs="Sign-ins; people of less than 7 days are left out",
    look=look,
    on=(Kind.SIGN_IN,),
    techniques=("T1078",),
    learned=True,
)
