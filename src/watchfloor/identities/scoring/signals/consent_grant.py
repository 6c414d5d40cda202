"""An application was given rights on the person's data, or on everybody's."""

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.contracts import Factor
from watchfloor.identities.scoring.deeds import deed, rarity, shown
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

FAR = (
    "mail.",
    "files.",
    "readwrite.all",
    "full_access",
    "mailbox",
    "directory.",
    "offline_access",
    "user_impersonation",
)


def look(activity: Activity, past: Past) -> Hit | None:
    if deed(activity) != "consent":
        return None
    told = activity.details
    rights = " ".join(value for key, value in told.items() if "scope" in key or "permission" in key or "consent" in key)
    application = (
        activity.object or told.get("applicationname") or told.get("appname") or activity.target or "an application"
    )
    share, factors = rarity(activity, past)
    far = [word for word in FAR if word in rights.lower()]
    if far:
        share = min(1.0, share + 0.4)
        factors = (*factors, Factor("Rights", "far-reaching", f"among them {', '.join(far[:3])}"))
    return Hit(application, share, {"app": shown(application)}, factors)


SIGNAL = Signal(
    key="consent_grant",
    title="Consent to an application",
    weight=20,
    words="Gave “{app}” rights ({action})",
    needs="Consent records: Entra audits, Google Workspace tokens, Okta",
    look=look,
    on=(Kind.ACTION,),
    techniques=("T1528", "T1098.003"),
)
