"""An administrator's action this person was never seen to do."""

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.formulas import surprise
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal


def look(activity: Activity, past: Past) -> Hit | None:
    if activity.kind is not Kind.ACTION or not (activity.admin or activity.table == "IdentityDirectoryEvents"):
        return None
    if activity.details.get("initiator") == "no" or activity.target in activity.names:
        return None
    word = activity.word[:60]
    if not word or past.known("admin", word):
        return None
    chance = past.likely("admin", word)
    return Hit(word, surprise(chance), {}, past.compared(chance, f"“{activity.action}”"))


SIGNAL = Signal(
    key="admin_action",
    title="Administrator's action seen for the first time",
    weight=12,
    words="“{action}” on {target} for the first time",
    needs="Directory changes and administrators' operations",
    look=look,
    on=(Kind.ACTION,),
    techniques=("T1098",),
    learned=True,
)
