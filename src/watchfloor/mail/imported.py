"""What our own Microsoft 365 tenant said of a mail, as facts of the email page (EE-21, EE-22); none for other mail."""

from collections.abc import Mapping
from typing import Any

from watchfloor.kernel.text import visible

Fact = tuple[str, Any]
WORDS = {
    "scl": "Spam confidence level (SCL)",
    "pcl": "Phishing confidence level (PCL)",
    "filtered": "Microsoft's filter verdict (SFV)",
    "category": "Microsoft's category (CAT)",
    "tips": "Safety tips (SFTY)",
    "country": "Sender's country",
    "network_message_id": "Microsoft's network message ID",
    "tenant": "Microsoft 365 tenant",
}


def microsoft_facts(summary: Mapping[str, Any]) -> list[Fact]:
    """The codes that the tenant wrote, in the order of WORDS, as the summary of the inspection keeps them."""
    said = summary.get("microsoft") or {}
    return [
        (label, visible(", ".join(map(str, value)) if isinstance(value, list) else value))
        for name, label in WORDS.items()
        if (value := said.get(name)) not in (None, "", [])
    ]


def action_facts(row: Mapping[str, Any]) -> list[Fact]:
    """What the organisation's and the mailbox owner's rules did, each with the rule; none that did nothing."""
    levels = (("Organization action : policy", "OrgLevel"), ("User action : policy", "UserLevel"))
    found = ((label, [row.get(f"{level}Action"), row.get(f"{level}Policy")]) for label, level in levels)
    return [(label, " : ".join(visible(part) for part in parts if part)) for label, parts in found if any(parts)]
