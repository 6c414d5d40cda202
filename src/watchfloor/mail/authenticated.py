"""Authentication results in words a reader understands (EE-23): what each means for this mail."""

from collections.abc import Mapping
from typing import Any

from watchfloor.kernel.text import visible

WORDS = {
    "spf": {
        "pass": "The server that sent it may send for {mail_from}.",
        "fail": "The server that sent it may not send for {mail_from}.",
        "softfail": "{mail_from} does not expect mail from the server that sent it, but does not forbid it.",
        "neutral": "{mail_from} says nothing for or against the server that sent it.",
        "none": "{mail_from} names no servers that may send for it.",
        "temperror": "The name servers of {mail_from} did not answer.",
        "permerror": "The SPF record of {mail_from} is wrong.",
    },
    "dkim": {
        "pass": "A signature holds: the signed parts are as they were sent.",
        "fail": "A signature does not hold: something changed on the way, or it is forged.",
        "none": "It bears no signature.",
    },
    "dmarc": {
        "pass": "The domain people see ({domain}) stands behind it.",
        "bestguesspass": "{domain} has no DMARC policy; with one, it would have passed.",
        "fail": "The domain people see ({domain}) does not stand behind it.",
        "none": "{domain} says nothing of how its mail is to be checked.",
    },
    "composite": {
        "pass": "Taken together, the sender is who it says.",
        "softpass": "Taken together, the sender is most likely who it says.",
        "fail": "Taken together, nothing proves that the sender is who it says.",
        "none": "There was too little to tell.",
    },
}
COLUMNS = (
    ("DMARC", "Dmarc", "dmarc"),
    ("DKIM", "Dkim", "dkim"),
    ("SPF", "Spf", "spf"),
    ("Composite", "CompositeAuthentication", "composite"),
)


def explained(row: Mapping[str, Any]) -> list[str]:
    """One sentence for each result that is known."""
    names = {
        "mail_from": visible(row["SenderMailFromDomain"] or row["SenderFromDomain"] or "its domain"),
        "domain": visible(row["SenderFromDomain"] or "its domain"),
    }
    found = (
        (label, WORDS[kind].get(str(row[column] or "").lower().replace(" ", ""))) for label, column, kind in COLUMNS
    )
    return [f"{label}: {words.format(**names)}" for label, words in found if words]
