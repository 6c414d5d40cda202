"""What can be done with the mails and people that rows of an answer name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from watchfloor.hunting.advanced.recording import Kept, Rows
from watchfloor.hunting.explorer.filters import raw_of
from watchfloor.identities.selectors import people_by_address, people_by_id, people_of_names
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query

ACCOUNTS = (
    "AccountUpn",
    "UserPrincipalName",
    "InitiatingProcessAccountUpn",
    "MailboxOwnerUPN",
    "RecipientEmailAddress",
)
OBJECTS = ("AccountObjectId", "AccountSid", "OnPremSid", "RecipientObjectId")
"""Columns that name somebody by a number; who that is, the directory knows."""
MOST_MAILS = 200
MOST_PEOPLE = 50
MOST_COPIES = 1000
COPIED = ("Timestamp", "NetworkMessageId", "RecipientEmailAddress", "Subject", "LatestDeliveryLocation")
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Copy:
    """One mail in one mailbox; `key` is what actions take."""

    key: str
    subject: str
    recipient: str
    location: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person that rows name, and where to go on: their mail in Explorer, their alerts, their sign-ins."""

    address: str
    name: str
    links: tuple[tuple[str, str], ...]


def addresses(answer: Kept, rows: Rows) -> list[str]:
    """The people of the rows, each once."""
    places = [place for place, head in enumerate(answer.heads) if head.name in ACCOUNTS]
    found = (str(row[place] or "").strip().lower() for row in rows for place in places)
    return list(dict.fromkeys([*(one for one in found if "@" in one), *_of_numbers(answer, rows)]))


def _of_numbers(answer: Kept, rows: Rows) -> list[str]:
    """The addresses of people whom rows name by object id or SID; two questions, none where no column holds such."""
    places = [place for place, head in enumerate(answer.heads) if head.name in OBJECTS]
    numbers = {str(row[place]) for row in rows for place in places if row[place]}
    known = people_of_names(numbers) if numbers else {}
    return [person.address for person in people_by_id(sorted(set(known.values()))).values()] if known else []


def copies(answer: Kept, rows: Rows, *, now: datetime) -> list[Copy]:
    """Every copy of the mails that the rows name; the recipient's own where a row names one. One question."""
    names = [head.name for head in answer.heads]
    if "NetworkMessageId" not in names:
        return []
    mail = names.index("NetworkMessageId")
    who = names.index("RecipientEmailAddress") if "RecipientEmailAddress" in names else -1
    wanted: dict[str, set[str]] = {}
    for row in rows:
        if row[mail]:
            recipient = str(row[who] or "").lower() if who >= 0 else ""
            wanted.setdefault(str(row[mail]).lower(), set()).add(recipient)
    if not wanted:
        return []
    some = Condition("NetworkMessageId", Operator.EQUAL_ANY, tuple(list(wanted)[:MOST_MAILS]))
    query = Query("EmailEvents", BEGINNING, now + timedelta(days=1), (some,))
    found = lake.rows(query, columns=COPIED, limit=MOST_COPIES)
    return list({one.key: one for one in map(_copy, found) if _wanted(one, wanted)}.values())


def _copy(row: Mapping[str, Any]) -> Copy:
    mail, recipient = str(row["NetworkMessageId"]), str(row["RecipientEmailAddress"] or "")
    location = visible(row["LatestDeliveryLocation"])
    return Copy(f"{mail}|{recipient}", visible(row["Subject"]) or "(no subject)", recipient, location, row["Timestamp"])


def _wanted(one: Copy, wanted: Mapping[str, set[str]]) -> bool:
    recipients = wanted.get(one.key.partition("|")[0].lower(), set())
    return "@" in one.recipient and ("" in recipients or one.recipient.lower() in recipients)


def somebodies(found: Sequence[str]) -> list[Somebody]:
    """People with their names; one question."""
    known = people_by_address(found[:MOST_PEOPLE])
    return [Somebody(one, visible(known[one].name) if one in known else "", _links(one)) for one in found[:MOST_PEOPLE]]


def _links(address: str) -> tuple[tuple[str, str], ...]:
    written = address.replace("\\", "\\\\").replace('"', '\\"')
    signs = f'EntraIdSignInEvents\n| where AccountUpn =~ "{written}"\n| sort by Timestamp desc'
    clicks = f'UrlClickEvents\n| where AccountUpn =~ "{written}"\n| sort by Timestamp desc'
    alerts = urlencode({"q": address, "status": "any", "severity": "any", "range": "180d"})
    return (
        ("Mail received", explorer([address], "RecipientEmailAddress")),
        ("Mail sent", explorer([address], "SenderFromAddress")),
        ("Alerts", f"/alerts?{alerts}"),
        ("Sign-ins", f"/hunting?{urlencode({'query': signs, 'range': '30d', 'run': '1'})}"),
        ("Clicks", f"/hunting?{urlencode({'query': clicks, 'range': '30d', 'run': '1'})}"),
    )


def explorer(values: Sequence[str], column: str) -> str:
    """Explorer with the last month's mail of these people."""
    people = Condition(column, Operator.EQUAL_ANY, tuple(values[:MOST_PEOPLE]))
    return f"/explorer?{urlencode({'range': '30d', 'f': raw_of(people)})}"
