"""Somebody tries, or manages, to sign in with an account that is disabled or was not used for long."""

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.contracts import Factor
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

CODES = frozenset({"50057", "533", "0xc0000072", "account_disabled", "accountdisabled", "user_disabled"})
WORDS = ("disabled", "suspended", "deactivated")
DORMANT_DAYS = 60


def look(activity: Activity, past: Past) -> Hit | None:
    if activity.kind is Kind.ACTION:
        return None
    error = activity.error.lower()
    if activity.kind is Kind.FAILED:
        if error not in CODES and not any(word in error for word in WORDS):
            return None
        return Hit("disabled", 0.4, {"did": "Somebody tried to sign in with a disabled account"})
    if not past.who.enabled:
        return Hit("disabled", 1.0, {"did": "The disabled account signed in"})
    return _dormant(past)


def _dormant(past: Past) -> Hit | None:
    last = past.person.totals.get("day")
    quiet = past.day - last[1] if last else 0
    if quiet < DORMANT_DAYS:
        return None
    factors = (Factor("Quiet", f"{quiet:.0f} days", f"without any activity; {DORMANT_DAYS} are long"),)
    return Hit("dormant", 0.5, {"did": f"The account signed in after {quiet:.0f} days without any activity"}, factors)


SIGNAL = Signal(
    key="disabled_account",
    title="Sign-in of a disabled or dormant account",
    weight=25,
    words="{did}, from {where} ({ip})",
    needs="Sign-ins with the reason of failure; accounts' state from the directory",
    look=look,
    techniques=("T1078",),
)
