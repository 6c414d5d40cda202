"""An inbox rule that hides, deletes or sends mail on."""

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.deeds import deed, forwarded_to, shown
from watchfloor.identities.scoring.past import Past
from watchfloor.identities.scoring.signal import Hit, Signal

HIDING = (
    "junk",
    "rss",
    "archive",
    "conversation history",
    "deleted items",
    "notes",
    "sync issues",
    "trash",
    "papierkorb",
)
WORDS = ("invoice", "payment", "password", "phish", "hack", "security", "suspicious", "do not open", "helpdesk", "wire")


def look(activity: Activity, past: Past) -> Hit | None:
    if deed(activity) != "inbox rule":
        return None
    told = activity.details
    name = told.get("name") or told.get("identity") or activity.object or "without a name"
    reasons = _reasons(activity)
    share = min(1.0, 0.35 + 0.35 * len(reasons))
    facts = {"rule": shown(name), "does": " and ".join(reasons) or "sorts mail"}
    return Hit(f"{activity.word} {name}", share, facts)


def _reasons(activity: Activity) -> list[str]:
    told, found = activity.details, []
    if told.get("deletemessage", told.get("softdeletemessage", "")).lower() == "true":
        found.append("deletes mail")
    folder = told.get("movetofolder", "").lower()
    if any(word in folder for word in HIDING):
        found.append(f"moves mail to “{shown(folder)}”")
    if told.get("markasread", "").lower() == "true":
        found.append("marks mail as read")
    if forwarded_to(activity):
        found.append("sends mail on")
    looked = " ".join(value.lower() for key, value in told.items() if key.endswith("containswords"))
    if any(word in looked for word in WORDS):
        found.append("looks for words such as an attacker hides")
    return found


SIGNAL = Signal(
    key="inbox_rule",
    title="New or changed inbox rule",
    weight=25,
    words="Inbox rule “{rule}” {does}",
    needs="Mailbox rules: Exchange audit records, Sieve scripts",
    look=look,
    on=(Kind.ACTION,),
    techniques=("T1564.008", "T1137.005"),
)
