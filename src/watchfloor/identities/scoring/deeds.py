"""What kind of deed an activity is, and what its record says that several signals read. Pure.

Parsers write the kind into the row (ActivityType); a row that somebody brought is told by its operation's name.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from watchfloor.identities.scoring import formulas
from watchfloor.identities.scoring.activity import DEEPEST, Activity, loaded, plain
from watchfloor.identities.scoring.contracts import Factor
from watchfloor.identities.scoring.past import Past

DEEDS = {
    "New or changed inbox rule": "inbox rule",
    "Mail forwarding": "forwarding",
    "Mailbox delegation": "delegation",
    "Mail read": "mail read",
    "Consent to application": "consent",
    "Credential or owner added to application": "credential",
    "Second factor changed": "second factor",
    "Administrator role granted": "role",
    "Group membership changed": "group",
    "Password reset or changed": "password",
    "Account changed": "account",
    "Security setting changed": "policy",
    "Domain or federation changed": "federation",
    "API token": "token",
    "File downloaded": "download",
    "Deleted": "delete",
    "Link for anyone": "anonymous link",
    "Shared": "sharing",
    "Sign-in": "sign-in",
}
BY_WORD = (
    (
        "inbox rule",
        re.compile(r"(new|set|enable)inboxrule|updateinboxrules|sieve(script)?(changed|activated|uploaded)"),
    ),
    ("forwarding", re.compile(r"setmailbox|emailforwarding\w*|createemailforwarding\w*")),
    ("delegation", re.compile(r"add(mailbox|recipient|mailboxfolder)permission|(add|modify)folderpermissions")),
    ("consent", re.compile(r"consenttoapplication|add(oauth2permissiongrant|delegatedpermissiongrant)")),
    ("second factor", re.compile(r"\w*(securityinfo|strongauthentication|mfafactor|2sv|2stepverification)\w*")),
    ("role", re.compile(r"add(eligible|scoped)?membertorole\w*|\w*privilegegrant|assignrole|grantadminprivilege")),
)
ADDRESS = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
FORWARDING = (
    "forwardingsmtpaddress",
    "forwardingaddress",
    "forwardto",
    "forwardasattachmentto",
    "redirectto",
    "emailforwardingdestinationaddress",
    "forwardedto",
)
LEAST_RARE = 0.2
LONGEST = 120


def deed(activity: Activity) -> str:
    """The kind of deed, "" for none that matters."""
    said = activity.details.get("activitytype", "")
    if said in DEEDS:
        return DEEDS[said]
    if known := next((DEEDS[kind] for kind in said.split("; ") if kind in DEEDS), ""):
        return known
    return "" if said else next((kind for kind, words in BY_WORD if words.fullmatch(activity.word)), "")


def forwarded_to(activity: Activity) -> tuple[str, ...]:
    """The addresses mail is sent on to, lower-case."""
    found = [one for name in FORWARDING for one in ADDRESS.findall(activity.details.get(name, ""))]
    return tuple(dict.fromkeys(one.lower() for one in found))


def domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def same_organisation(one: str, other: str) -> bool:
    """Whether two domains look like one organisation's: equal, one below the other, or the tenant's first name of the other."""
    if not one or not other:
        return False
    if one == other or one.endswith(f".{other}") or other.endswith(f".{one}"):
        return True
    tenant = [name.removesuffix(".onmicrosoft.com") for name in (one, other)]
    return any(
        full.endswith(".onmicrosoft.com") and tenant[n] in rest.split(".")
        for n, (full, rest) in enumerate(((one, other), (other, one)))
    )


def outside(address: str, activity: Activity, domains: frozenset[str]) -> bool:
    """Whether an address is of none of our domains, nor of that of the account itself."""
    own = {*domains, *(domain(name) for name in activity.names if "@" in name)}
    return not any(same_organisation(domain(address), one) for one in own if one)


def rarity(activity: Activity, past: Past) -> tuple[float, tuple[Factor, ...]]:
    """How rarely this person and colleagues do this: 1 while there is nothing to compare with, never less than a fifth."""
    if past.learning:
        return 1.0, ()
    chance = past.likely("admin", activity.word[:60])
    share = max(LEAST_RARE, formulas.surprise(chance))
    return share, past.compared(chance, f"“{activity.action}”")


def shown(text: str) -> str:
    """A value as it may stand in a sentence."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def switched(activity: Activity, *names: str) -> str:
    """The record's value of the first of these details, lower-case."""
    return next((activity.details[name].lower() for name in names if name in activity.details), "")


def changed(activity: Activity) -> tuple[str, str]:
    """What settings were before and are now, as text; several changes one after another."""
    before: list[str] = []
    after: list[str] = []
    for part in activity.raw:
        _collect(loaded(part), before, after, depth=0)
    return " ".join(before), " ".join(after)


def _collect(item: Any, before: list[str], after: list[str], *, depth: int) -> None:
    if depth > DEEPEST:
        return
    if isinstance(item, list | tuple):
        for one in item:
            _collect(one, before, after, depth=depth + 1)
    elif isinstance(item, Mapping):
        for key, value in item.items():
            side = {"oldvalue": before, "newvalue": after}.get(plain(str(key)))
            if side is None:
                _collect(loaded(value), before, after, depth=depth + 1)
            elif value is not None:
                side.append(value if isinstance(value, str) else json.dumps(value))
