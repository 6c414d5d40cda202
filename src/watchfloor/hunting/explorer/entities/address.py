"""The fly-out of an IP address (AI-69): where it lies, what mail came from it, who signed in and did what from it, which devices met it."""

from typing import Any
from urllib.parse import urlencode

from watchfloor.hunting.explorer.entities.knowing import (
    About,
    Action,
    actions,
    alerts,
    entries_about,
    equal,
    literal,
    mails,
)
from watchfloor.intelligence.contracts import Kind
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator

FAILED = (equal("ActionType", "LogonFailed"),)
ADMINS = (equal("IsAdminOperation", "True"),)
REFUSED = (Condition("ErrorCode", Operator.EQUAL_NONE, ("0",)),)


def address(about: About) -> dict[str, Any]:
    """Country and network come from the data in the house."""
    place = lake.place_of(about.value)
    from_there = equal("IPAddress", about.value)
    signed_in_to = equal("RemoteIP", about.value)
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
        "having": about.values("DeviceInfo", "DeviceName", equal("PublicIP", about.value)),
        "connecting": about.values("DeviceNetworkEvents", "DeviceName", equal("LocalIP", about.value)),
        "logons": about.values("DeviceLogonEvents", "DeviceName", signed_in_to, splits=FAILED),
        "clients": about.values("IdentityLogonEvents", "DeviceName", from_there, splits=FAILED),
        "cloud_accounts": about.values("CloudAppEvents", "AccountId", from_there, splits=ADMINS),
        "cloud_acts": about.values("CloudAppEvents", "ActionType", from_there),
        "entries": entries_about(about, about.value),
        "alerts": alerts(about, equal("RemoteIP", about.value)),
        "actions": (*actions(about, hunt=hunt, block=Kind.IP), *_activity(about)),
    }


def _activity(about: About) -> tuple[Action, ...]:
    """The log of what was done from it in cloud applications, for who may read it."""
    if not about.by.may(lake.table("CloudAppEvents").permission):
        return ()
    text = f"CloudAppEvents | where IPAddress == {literal(about.value)} | sort by Timestamp desc"
    return (Action("Activity log", f"/hunting?{urlencode({'query': text, 'range': '30d', 'run': '1'})}", "list"),)
