"""A sign-in from a country this person was never seen in."""

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.formulas import surprise
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal


def look(activity: Activity, past: Past) -> Hit | None:
    country = activity.country
    if activity.kind is not Kind.SIGN_IN or not country or past.known("country", country) or past.from_known_network:
        return None
    chance = past.likely("country", country)
    facts = {"country": country, "ip": activity.ip}
    return Hit(country, surprise(chance), facts, past.compared(chance, f"A sign-in from {country}"))


SIGNAL = Signal(
    key="new_country",
    title="Sign-in from a new country",
    weight=20,
    words="Signed in from {country} for the first time ({ip})",
    needs="Sign-ins with a country, or an address that the offline place database knows",
    look=look,
    on=(Kind.SIGN_IN,),
    techniques=("T1078",),
    learned=True,
)
