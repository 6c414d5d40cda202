"""A second factor was added, changed or taken away."""

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.deeds import deed, rarity
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

WEAKENING = ("delet", "disable", "deactivate", "reset", "remove", "unenroll", "suspend")
BY_POLICY = ("allowed2svenrollment",)


def look(activity: Activity, past: Past) -> Hit | None:
    if deed(activity) != "second factor":
        return None
    weaker = any(word in activity.word for word in WEAKENING)
    share, factors = rarity(activity, past)
    facts = {"did": "taken away or reset" if weaker else "added or changed"}
    return Hit(activity.word, share if weaker else share * 0.5, facts, factors)


SIGNAL = Signal(
    key="mfa_change",
    title="Second factor changed",
    weight=20,
    words="A second factor was {did} ({action}, {target})",
    needs="Security information changes: Entra audits, Okta, Google Workspace",
    look=look,
    on=(Kind.ACTION,),
    techniques=("T1556.006", "T1098.005"),
)
