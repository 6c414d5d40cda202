"""What an incident is called and how grave it is, made from its alerts and evidence (IN-04, IN-12)."""

from collections.abc import Sequence
from dataclasses import dataclass

MALWARE = {"T1204.002", "T1566.001"}
CAMPAIGN = 10
SUBJECT = 80


@dataclass(frozen=True, slots=True)
class Content:
    """What the name is made from: `people` counts mailboxes that received; `actors` are accounts that clicked or sent."""

    titles: Sequence[str]
    techniques: frozenset[str]
    subject: str
    people: int
    actors: Sequence[str]
    senders: Sequence[str]


def incident_name(content: Content) -> str:
    """“Phishing campaign “Your mailbox is full” reaching 14 people”; at most 300 characters."""
    subject = f"“{_short(content.subject)}”" if content.subject else ""
    from_inside = [actor for actor in content.actors if actor in content.senders]
    people = f"{content.people:,} {'person' if content.people == 1 else 'people'}"
    clicked = _clicked(len(set(content.actors) - set(from_inside)), content.people)
    if from_inside and (subject or len(content.titles) == 1):
        return _cut(f"Mailbox {from_inside[0]} sends {subject or 'malicious mail'} to {people}{clicked}")
    actors = f", account {content.actors[0]}" if len(content.actors) == 1 else ""
    if not subject or (len(content.titles) == 1 and not content.people):
        return _cut(f"{content.titles[0]}{f': {subject}' if subject else ''}{actors or clicked}")
    kind = "Malware mail" if content.techniques & MALWARE else "Phishing mail"
    if content.people >= CAMPAIGN:
        kind = kind.replace("mail", "campaign")
    reach = f" reaching {people}" if content.people else ""
    return _cut(f"{kind} {subject}{reach}{clicked}")


def _clicked(number: int, people: int) -> str:
    if not number:
        return ""
    return ", who clicked" if people == 1 else f", of whom {number:,} clicked"


def _short(subject: str) -> str:
    text = " ".join(subject.split())
    return text if len(text) <= SUBJECT else f"{text[: SUBJECT - 1]}…"


def _cut(name: str) -> str:
    return name[:300]
