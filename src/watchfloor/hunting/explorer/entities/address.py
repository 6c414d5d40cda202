"""The fly-out of an IP address: where it lies, what mail came from it, who signed in from it, which devices spoke with it."""

from typing import Any

from watchfloor.hunting.explorer.entities.knowing import About, actions, alerts, entries_about, equal, literal, mails
from watchfloor.intelligence.contracts import Kind
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator

FAILED = (equal("ActionType", "LogonFailed"),)
REFUSED = (Condition("ErrorCode", Operator.EQUAL_NONE, ("0",)),)


def address(about: About) -> dict[str, Any]:
    """Country and network come from the data in the house."""
    place = lake.place_of(about.value)
    from_there = equal("IPAddress", about.value)
    hunt = f"EmailEvents | where SenderIP == {literal(about.value)} | sort by Timestamp desc"
    return {
        "title": visible(about.value),
        "subtitle": " · ".join(part for part in (place.country, place.asn) if part),
        "facts": [
            ("Kind", place.kind or "No address"),
            ("Country", place.country),
            ("Network", place.network),
            ("Operator", visible(place.asn)),
        ],
        "mails": mails(about),
        "senders": about.values("EmailEvents", "SenderFromAddress", equal("SenderIP", about.value)),
        "sign_ins": about.values("IdentityLogonEvents", "AccountUpn", from_there, splits=FAILED),
        "cloud_sign_ins": about.values("EntraIdSignInEvents", "AccountUpn", from_there, splits=REFUSED),
        "clicks": about.values("UrlClickEvents", "AccountUpn", from_there),
        "devices": about.values("DeviceNetworkEvents", "DeviceName", equal("RemoteIP", about.value)),
        "entries": entries_about(about, about.value),
        "alerts": alerts(about, equal("RemoteIP", about.value)),
        "actions": actions(about, hunt=hunt, block=Kind.IP),
    }
