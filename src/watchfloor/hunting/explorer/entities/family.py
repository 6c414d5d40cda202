"""The fly-out of a malware family (TE-094): its mails, files, senders and recipients, and alerts that name it."""

from typing import Any

from watchfloor.hunting.explorer.entities.knowing import About, actions, alerts, equal, literal, mails
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator


def family(about: About) -> dict[str, Any]:
    """What the organisation met of it; descriptions of families are not in the house."""
    named = equal("ThreatNames", about.value)
    seen = lake.values(about.query("EmailEvents", named), column="ThreatNames", contains=about.value).found
    return {
        "title": visible(about.value),
        "facts": [("First seen", seen[0].first), ("Last seen", seen[0].last), ("Attempts", seen[0].rows)]
        if seen
        else [],
        "mails": mails(about),
        "files": about.values("EmailAttachmentInfo", "SHA256", named),
        "names": about.values("EmailAttachmentInfo", "FileName", named),
        "senders": about.values("EmailEvents", "SenderFromAddress", named),
        "recipients": about.values("EmailEvents", "RecipientEmailAddress", named),
        "alerts": alerts(about, Condition("ThreatFamily", Operator.EQUAL_ANY, (about.value,))),
        "actions": actions(
            about,
            hunt=f"EmailEvents | where ThreatNames has {literal(about.value)} | sort by Timestamp desc",
            block=None,
        ),
    }
