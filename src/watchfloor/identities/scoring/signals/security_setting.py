"""A setting that protects the organisation was changed; it weighs more when the change takes protection away."""

import re

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.contracts import Factor
from watchfloor.identities.scoring.deeds import changed, deed, rarity, shown
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

TAKES_AWAY = re.compile(r"(delete|remove|disable)\w*|\w*(lifecycle)(delete|deactivate)|allowstrongauthentication")
PROTECTS = re.compile(r"security|scan|sandbox|spam|phish|malware|strong|2sv|audit|protect", re.IGNORECASE)
MFA = re.compile(r"\bmfa\b|multifactor", re.IGNORECASE)
OFF = {"false", "disabled", "off"}
USUAL_PART = 0.4


def look(activity: Activity, past: Past) -> Hit | None:
    if deed(activity) != "policy" or activity.word.startswith("add"):
        return None
    share, factors = rarity(activity, past)
    reason = weakened(activity)
    if reason:
        factors = (*factors, Factor("Weakens", "yes", reason))
    else:
        share *= USUAL_PART
    target = activity.object or activity.target or activity.details.get("settingname", "a setting")
    return Hit(target, share, {"setting": shown(target), "how": f": {reason}" if reason else ""}, factors)


def weakened(activity: Activity) -> str:
    """How the change takes protection away, "" when it does not look so."""
    before, after = changed(activity)
    if TAKES_AWAY.fullmatch(activity.word):
        return "it is removed or switched off"
    if len(MFA.findall(before)) > len(MFA.findall(after)):
        return "a second factor is no longer asked for"
    setting = f"{activity.details.get('settingname', '')} {activity.object}"
    if after and set(after.lower().split()) <= OFF and PROTECTS.search(setting):
        return "a protection is switched off"
    return ""


SIGNAL = Signal(
    key="security_setting",
    title="Security setting changed",
    weight=25,
    words="Changed “{setting}” ({action}){how}",
    needs="Policy and setting changes: Entra audits, Okta, Google Workspace, Exchange",
    look=look,
    on=(Kind.ACTION,),
    techniques=("T1556", "T1562"),
)
