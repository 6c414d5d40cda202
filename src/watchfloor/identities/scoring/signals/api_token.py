"""A token of the interface for programs was made or revoked."""

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.deeds import deed, rarity, shown
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal


def look(activity: Activity, past: Past) -> Hit | None:
    if deed(activity) != "token":
        return None
    share, factors = rarity(activity, past)
    return Hit(activity.object or activity.word, share, {"token": shown(activity.object or "a token")}, factors)


SIGNAL = Signal(
    key="api_token",
    title="API token made or revoked",
    weight=12,
    words="{action}: {token}",
    needs="Okta's log of API tokens",
    look=look,
    on=(Kind.ACTION,),
    techniques=("T1528", "T1098.001"),
)
