"""The source warns of the account in its own words: a leaked password, an attack, a stolen token, a broken device."""

from watchfloor.identities.scoring.activity import Activity
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

WARNINGS = {
    "govattackwarning": (1.0, "warned of an attack by a government"),
    "accountdisabledpasswordleak": (1.0, "disabled the account because its password leaked"),
    "accountdisabledhijacked": (1.0, "disabled the account because somebody took it over"),
    "accountdisabledspamming": (0.8, "suspended the account because it sent spam"),
    "accountdisabledspammingthroughrelay": (0.8, "suspended the account because it sent spam"),
    "accountdisabledgeneric": (0.5, "suspended the account"),
    "suspiciouslogin": (0.6, "called a sign-in suspicious"),
    "suspiciousloginlesssecureapp": (0.6, "called a sign-in suspicious"),
    "suspiciousprogrammaticlogin": (0.6, "called a sign-in suspicious"),
    "securitythreatdetected": (0.6, "detected a threat"),
    "appoauth2tokendetectreuse": (0.8, "saw a token used again that had been used up"),
    "appoauth2astokendetectreuse": (0.8, "saw a token used again that had been used up"),
    "apptokenreuse": (0.5, "saw a token used again"),
    "useraccountlock": (0.2, "locked the account after failed sign-ins"),
    "userauthenticationauthviafastpassphishing": (0.8, "stopped a phishing page"),
}
DEVICES = "devicecompromisedevent"
UNLOCKS = "failedpasswordattemptsevent"
MANY_UNLOCKS = 10

ELSEWHERE = "EntraIdSignInEvents"
"""Has no such words, and is most of what there is."""


def look(activity: Activity, past: Past) -> Hit | None:
    if activity.table == ELSEWHERE:
        return None
    share, words = WARNINGS.get(activity.word, (0.0, ""))
    if not share:
        share, words = _told(activity)
    if not share:
        return None
    return Hit(words, share, {"source": activity.application or activity.table, "warns": words})


def _told(activity: Activity) -> tuple[float, str]:
    told = activity.details
    if told.get("issuspicious", "").lower() == "true":
        return 0.6, "called the sign-in suspicious"
    if activity.word == DEVICES and told.get("devicecompromisedstate", "").upper() == "COMPROMISED":
        return 0.8, "found the device taken over"
    tries = told.get("failedpasswdattempts", "")
    if activity.word == UNLOCKS and tries.isdecimal() and int(tries) >= MANY_UNLOCKS:
        return 0.4, f"counted {tries} wrong tries to unlock the device"
    return 0.0, ""


SIGNAL = Signal(
    key="source_warning",
    title="Warning of the source",
    weight=35,
    words="{source} {warns}",
    needs="Okta's threat and token events, Google's account warnings and device events",
    look=look,
    techniques=("T1078", "T1550.001"),
)
