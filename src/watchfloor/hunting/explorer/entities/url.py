"""The fly-out of a URL (TE-090, TE-091, DV-02): what it is, what was found, how far it spread, who clicked, which devices."""

from typing import Any
from urllib.parse import urlencode

from watchfloor.access.contracts import Permission
from watchfloor.hunting.explorer.entities.domain_facts import domain_facts
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
from watchfloor.hunting.explorer.rankings import MET
from watchfloor.inspection.services import take_apart
from watchfloor.intelligence.contracts import Kind
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator
from watchfloor.mail.selectors import why_not

WENT = ("allowed", "overridden", "bypassed")
CLICKED = (
    equal("ActionType", *(value for split in MET if split.key in WENT for value in split.condition.values)),
    next(split.condition for split in MET if split.key == "blocked"),
)
"""Clicks that went through, and those that were stopped."""
MOST_MAILS = 20


def url(about: About) -> dict[str, Any]:
    """What is known in the house; registrars and reputation services are not asked."""
    parts = take_apart(about.value)
    host = parts.host if parts else ""
    found = mails(about)
    hunt = (
        f"EmailUrlInfo | where Url == {literal(about.value)} | join kind=inner EmailEvents on NetworkMessageId"
        " | project Timestamp, Subject, SenderFromAddress, RecipientEmailAddress, DeliveryAction, ThreatTypes"
    )
    return {
        "title": visible(about.value),
        "original": about.value,
        "mails": found,
        "verdict": _verdict(about),
        "reasons": _reasons(about, parts.domain if parts else about.value),
        "entries": entries_about(
            about, about.value.split("://", 1)[-1].rstrip("/"), *([host, parts.domain] if parts else ())
        ),
        "facts": domain_facts(about, parts),
        "clicks": about.values("UrlClickEvents", "AccountUpn", equal("Url", about.value), splits=CLICKED),
        "devices": _devices(about, host),
        "alerts": alerts(about, equal("RemoteUrl", about.value, *filter(None, [host]))),
        "actions": (*actions(about, hunt=hunt, block=Kind.URL), _submit(about)),
    }


def _submit(about: About) -> Action:
    """Hand it in to be looked at, with what one thinks of it (TE-090)."""
    if not about.by.may(Permission.EMAIL_ACTION_PROPOSE):
        return Action("Submit for analysis", "", "mail-exclamation", why_not(Permission.EMAIL_ACTION_PROPOSE))
    return Action(
        "Submit for analysis", f"/submissions/new?{urlencode({'what': 'url', 'url': about.value})}", "mail-exclamation"
    )


def _verdict(about: About) -> tuple[tuple[str, int], ...]:
    """What the mails with it were taken for, by how many."""
    found = lake.values(about.query("EmailEvents", equal(about.column, about.value)), column="ThreatTypes")
    return tuple((one.value, one.rows) for one in found.found) + ((("No threat", found.empty),) if found.empty else ())


def _reasons(about: About, domain: str) -> list[str]:
    """Reasons of those verdicts that speak of its domain, each once."""
    query = about.query("EmailEvents", equal(about.column, about.value))
    rows = lake.rows(query, columns=("NetworkMessageId",), limit=MOST_MAILS)
    inspected = lake.inspections_of({str(row["NetworkMessageId"]) for row in rows})
    words = {
        reason["words"]: reason["points"]
        for one in inspected.values()
        for reason in one["verdict"]["reasons"]
        if domain in reason["words"] and not reason.get("silenced")
    }
    return [f"{points:+.1f}  {visible(text)}" for text, points in sorted(words.items(), key=lambda item: -item[1])]


def _devices(about: About, host: str) -> lake.Values | None:
    """Devices that connected to its host, with the first and the last time."""
    if not host:
        return None
    return about.values("DeviceNetworkEvents", "DeviceName", Condition("RemoteUrl", Operator.CONTAINS_ANY, (host,)))
