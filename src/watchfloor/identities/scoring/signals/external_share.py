"""A file became open to people outside, or went to a new owner outside."""

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.deeds import ADDRESS, deed, outside, rarity, shown
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

PRIVATE = ("private", "none", "")


def look(activity: Activity, past: Past) -> Hit | None:
    kind = deed(activity)
    if kind not in ("sharing", "anonymous link"):
        return None
    whom = _whom(activity, past, anyone=kind == "anonymous link" and "created" in activity.word)
    if not whom:
        return None
    share, factors = rarity(activity, past)
    document = activity.details.get("doctitle") or activity.object or "a file"
    return Hit(f"{document} {whom}", share, {"document": shown(document), "whom": shown(whom)}, factors)


def _whom(activity: Activity, past: Past, *, anyone: bool) -> str:
    """Who outside may read it now, "" for nobody."""
    told = activity.details
    if owner := told.get("newowner", ""):
        return owner if ADDRESS.fullmatch(owner) and outside(owner, activity, past.who.domains) else ""
    if told.get("visibilitychange", "").lower() == "external" and told.get("newvalue", "").lower() not in PRIVATE:
        return told.get("targetuser") or told.get("targetdomain") or "anyone"
    target = told.get("targetuserorgroupname") or told.get("usersharedwith") or ""
    if "guest" in told.get("targetuserorgrouptype", "").lower() or "#ext#" in target.lower():
        return target or "a guest"
    return "anyone with the link" if anyone else ""


SIGNAL = Signal(
    key="external_share",
    title="File shared outside",
    weight=8,
    words="“{document}” is open to {whom} ({action})",
    needs="Sharing records of OneDrive, SharePoint and Google Drive",
    look=look,
    on=(Kind.ACTION,),
    techniques=("T1567.002", "T1537"),
)
