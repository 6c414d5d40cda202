"""A sign-in by a protocol that knows no second factor."""

from watchfloor.identities.scoring.activity import Activity, Kind, plain
from watchfloor.identities.scoring.formulas import surprise
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

MAIL = ("imap", "imap4", "pop", "pop3", "smtp", "authenticatedsmtp", "exchangeactivesync", "autodiscover")
OFFICE = ("mapioverhttp", "offlineaddressbook", "outlookanywhererpcoverhttp", "outlookanywhere", "exchangewebservices")
OTHER = ("exchangeonlinepowershell", "otherclients", "reportingwebservices", "ropc")
LEGACY = frozenset({*MAIL, *OFFICE, *OTHER})
NATIVE = frozenset({"IdentityLogonEvents", "DeviceLogonEvents"})
"""Where IMAP is how mail is read, it is no relic."""


def look(activity: Activity, past: Past) -> Hit | None:
    if activity.kind is not Kind.SIGN_IN or activity.table in NATIVE:
        return None
    used = [name for name in (activity.protocol, activity.client_app) if plain(name) in LEGACY]
    if not used:
        return None
    unknown = past.learning or past.cold
    chance = 0.01 if unknown else past.likely("protocol", activity.protocol)
    factors = () if unknown else past.compared(chance, f"A sign-in by {used[0]}")
    return Hit(used[0], max(0.2, surprise(chance)), {"protocol": used[0]}, factors)


SIGNAL = Signal(
    key="legacy_protocol",
    title="Sign-in by a legacy protocol",
    weight=10,
    words="Signed in by {protocol}, which asks for no second factor, to {application} from {where}",
    needs="Cloud sign-ins with their protocol or client",
    look=look,
    on=(Kind.SIGN_IN,),
    techniques=("T1078.004",),
)
