"""Far more of something in an hour than is usual, by median and MAD of the highest hours of past days. Pure."""

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.contracts import Factor
from watchfloor.identities.scoring.formulas import excess, robust_z, spread
from watchfloor.identities.scoring.learning import in_this_hour
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Look

OWN_PART = 2 / 3
"""What the comparison with oneself counts; the rest is that with colleagues."""
LEAST_OWN, LEAST_PEERS = 5, 10
"""Days with something to compare with."""
TIMES = 3.0
FULL_TIMES = 10.0


def unusual_amount(rate: str, kind: str, *, least: int) -> Look:
    """A signal's `look`: at `least` so many of `kind` within the hour, and far over the median.

    Without days to compare with, `least` × 3 begins to surprise and `least` × 10 surprises in full.
    """

    def look(activity: Activity, past: Past) -> Hit | None:
        if activity.kind is not Kind.ACTION or activity.details.get("activitytype") != kind:
            return None
        number = in_this_hour(past, rate)
        if number < least:
            return None
        own = list(((past.habit("rates") or {}).get(rate) or {}).get("days", ()))
        peers: list[float] = max((one.body.get("rates", {}).get(rate, []) for one in past.peers), key=len, default=[])
        peers = peers if len(peers) >= LEAST_PEERS else past.organisation.body.get("rates", {}).get(rate, [])
        share, usual = compared(number, own, list(peers), least=least)
        hour = f"{activity.at:%d %H}"
        facts = {"number": f"{number:,}", "usual": usual}
        return Hit(hour, share, facts, (Factor("Amount", f"{number:,} an hour", usual),))

    return look


def compared(number: int, own: list[float], peers: list[float], *, least: int) -> tuple[float, str]:
    """(share, in words): two thirds the comparison with oneself, one third that with colleagues, where there is enough of both."""
    known = [(OWN_PART, "their own", own)] if len(own) >= LEAST_OWN else []
    known += [(1 - OWN_PART, "colleagues'", peers)] if len(peers) >= LEAST_PEERS else []
    if not known:
        beyond = (number / least - TIMES) / (FULL_TIMES - TIMES)
        return min(1.0, max(0.0, beyond)), "there is no history to compare with yet"
    whole = sum(part for part, _, _ in known)
    share = sum(part * excess(robust_z(number, days, least=_least(days, least))) for part, _, days in known) / whole
    words = " and ".join(
        f"{whose} busiest hour of a day has a median of {spread(days)[0]:.0f}" for _, whose, days in known
    )
    return share, words


def _least(days: list[float], least: int) -> float:
    """A deviation is taken for no less than a quarter of the median, nor a tenth of what is looked at."""
    return max(0.25 * spread(days)[0], least / 10)
