"""Another identity provider, domain or organisation is trusted from now on, or no longer."""

import re

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.deeds import changed, deed, rarity, shown
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

DOMAINS = re.compile(r"(add|remove)trusteddomains\w*|adddomainalias\w*")
PROVIDER = re.compile(r"discoveryurl|openidconnect|federation|signingcertificate|issueruri", re.IGNORECASE)


def look(activity: Activity, past: Past) -> Hit | None:
    kind, (before, after) = deed(activity), changed(activity)
    provider = kind == "policy" and before != after and bool(PROVIDER.search(after + " ".join(activity.details)))
    linked = activity.word.startswith("applicationlifecycle") and _to_another_organisation(activity)
    if kind != "federation" and not provider and not linked and not DOMAINS.fullmatch(activity.word):
        return None
    share, factors = rarity(activity, past)
    whom = activity.details.get("domainname") or activity.object or activity.target or "another organisation"
    return Hit(whom, share, {"whom": shown(whom)}, factors)


def _to_another_organisation(activity: Activity) -> bool:
    return any("org2org" in value.lower() for value in activity.details.values())


SIGNAL = Signal(
    key="trust_change",
    title="Trust in others changed",
    weight=35,
    words="Changed whom sign-ins are trusted from: {whom} ({action})",
    needs="Federation and domain settings: Entra audits, Okta identity providers, Google Workspace",
    look=look,
    on=(Kind.ACTION,),
    techniques=("T1484.002", "T1556.007"),
)
