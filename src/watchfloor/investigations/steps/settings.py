"""About what lets mail out of a mailbox, hides it, or lets others in: as audit logs tell and as it stands now (AI-35, AI-56, AI-57)."""

from collections.abc import Iterator, Mapping
from typing import Any

from watchfloor.investigations.case import Case, hunted, quoted
from watchfloor.investigations.contracts import Asked, Found, FoundEntity, Verdict, Wish, WishKind
from watchfloor.investigations.steps.standing import Heard, ask_servers
from watchfloor.kernel.text import some

MOST_PEOPLE = 20
CHANGES = {
    "Mail forwarding": ("stop-forwarding", "mail is sent on to somewhere else"),
    "New or changed inbox rule": ("stop-rules", "an inbox rule was made or changed"),
    "Mailbox delegation": ("stop-delegation", "somebody else was let into the mailbox"),
}
TITLES = {
    "stop-forwarding": "Turn off the forwarding of",
    "stop-rules": "Switch off the inbox rules of",
    "stop-delegation": "Remove the delegates of",
}
SHOWN_AS = {"stop-forwarding": "forwarding", "stop-rules": "rules", "stop-delegation": "delegates"}
OUTWARD = ("forwardto", "redirectto", "forwardasattachment", "forwardingsmtpaddress", "deletemessage", "movetofolder")
Reasons = dict[tuple[str, str], str]
"""Why, by action and person."""


def their_mailbox_settings(case: Case) -> Found:
    """Forwarding, inbox rules and delegates: what changed in the time looked at, and how it stands at the servers now."""
    people = case.people[:MOST_PEOPLE]
    if not people:
        return Found("There is no person to ask about.")
    heard = ask_servers(people)
    question, rows = _changes(case, people)
    telling = [row for row in rows if _matters(row)]
    reasons = _changed(telling, heard) | _standing(heard)
    advice = [one for person, said in heard.items() for one in _delegates(case, person, said, reasons)]
    wishes = [_wish(action, person, why) for (action, person), why in reasons.items()]
    entities = [
        FoundEntity("mailbox", person, verdict=Verdict.SUSPICIOUS, why=why, facts={"risk": "Mail can leave it or hide"})
        for person, why in {person: why for (_, person), why in reversed(reasons.items())}.items()
    ]
    verdict = Verdict.SUSPICIOUS if reasons else Verdict.CLEAN
    answer = f"{some(len(rows), 'change')} of forwarding, rules or delegates, {len(telling):,} of which can let mail out or hide it. {_told(heard)}"
    return Found(answer, verdict, (question,), entities=tuple(entities), wishes=(*wishes, *advice))


def _changes(case: Case, people: tuple[str, ...]) -> tuple[Asked, list[dict[str, Any]]]:
    text = (
        f"CloudAppEvents\n| where Timestamp between (datetime({case.start.isoformat()}) .. datetime({case.end.isoformat()}))\n"
        f"| where ActivityType in ({quoted(CHANGES)})\n"
        f"| where AccountId in~ ({quoted(people)})\n"
        "| project Timestamp, AccountId, ActivityType, ActionType, ObjectName, IPAddress, Details = tostring(RawEventData)\n| sort by Timestamp desc"
    )
    return hunted(text, now=case.now)


def _matters(row: Mapping[str, Any]) -> bool:
    """A rule counts when it sends mail on, deletes or hides it; forwarding and delegates always do."""
    if row["ActivityType"] != "New or changed inbox rule":
        return True
    return any(word in str(row["Details"]).lower() for word in OUTWARD)


def _changed(rows: list[dict[str, Any]], heard: Mapping[str, Heard]) -> Reasons:
    """What audit logs tell of, unless a server says that it is gone again."""
    found: Reasons = {}
    for row in rows:
        action, why = CHANGES[row["ActivityType"]]
        person = str(row["AccountId"]).lower()
        if not _gone(action, heard.get(person, Heard())):
            found[action, person] = why
    return found


def _gone(action: str, said: Heard) -> bool:
    name = SHOWN_AS[action]
    return said.known(name) and not said.all(name) and not (action == "stop-rules" and said.all("forwarding"))


def _standing(heard: Mapping[str, Heard]) -> Reasons:
    """What stands now and should not, whoever set it and whenever."""
    found: Reasons = {}
    for person, said in heard.items():
        for action, name in (
            ("stop-forwarding", "sends_out"),
            ("stop-rules", "hides"),
            ("stop-delegation", "strangers"),
        ):
            if sentences := said.all(name):
                found[action, person] = "; ".join(sentences[:3])
    return found


def _delegates(case: Case, person: str, said: Heard, reasons: Reasons) -> Iterator[Wish]:
    """A colleague as delegate is ordinary: to be removed of a suspect, to be asked about of anybody else whom nothing speaks against."""
    named = said.all("delegates")
    if not named or ("stop-delegation", person) in reasons:
        return
    if _suspect(case, person):
        reasons["stop-delegation", person] = "; ".join(named[:3])
    elif any(who == person for _, who in reasons):
        title = f"Ask {person} whether others should open the mailbox: {'; '.join(named[:3])}"
        yield Wish(f"delegates:{person}", WishKind.GUIDANCE, title, "others may open it", names=(person,))


def _suspect(case: Case, person: str) -> bool:
    """Having opened a link is not enough: it sends malicious mail, or is itself what is looked into, and something speaks against it."""
    return case.suspects.get(person) is Verdict.MALICIOUS or (person in case.suspects and not case.seeds.messages)


def _wish(action: str, person: str, why: str) -> Wish:
    return Wish(
        f"{action}:{person}", WishKind.ACCOUNTS, f"{TITLES[action]} {person}", why[:1000], action, names=(person,)
    )


def _told(heard: Mapping[str, Heard]) -> str:
    """What the servers said, in a sentence."""
    silent = sorted({name for one in heard.values() for name in one.silent})
    if silent:
        return f"Not asked, as it did not answer: {', '.join(silent)}."
    if not any(one.standing for one in heard.values()):
        return "No connection can be asked how the mailboxes stand now."
    now = [f"{len(one.all(name)):,} {name}" for one in heard.values() for name in SHOWN_AS.values() if one.all(name)]
    return f"As they stand now: {', '.join(now) or 'nothing'}."
