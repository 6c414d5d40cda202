"""The story of an alert as a tree (AL-05): from where it came, what came, what was in it, whom it reached, what they and others did.

Mail: sender, mails of one subject, their attachments and links with the clicks, their mailboxes with what was done there since.
Devices: who started which process, as the sensors told. All else: account, address, activities. Pure shape from rows.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from watchfloor.detection.contracts import Activity

Row = Mapping[str, Any]
WIDEST = 12
"""Children that are shown of one branch; how many more there are is said."""
DEEPEST = 8


@dataclass(slots=True)
class Branch:
    """One line of the tree: `kind` is an evidence type or “process”, “click”, “action”, “activity”; `pane` shows what is known of it."""

    kind: str
    name: str
    note: str = ""
    at: datetime | None = None
    pane: str = ""
    bad: bool = False
    children: list["Branch"] = field(default_factory=list)
    more: int = 0

    def of(self, children: Iterable["Branch"]) -> "Branch":
        """With these below it, as many as are shown."""
        found = list(children)
        self.children, self.more = found[:WIDEST], max(0, len(found) - WIDEST)
        return self


@dataclass(frozen=True, slots=True)
class Told:
    """The rows a tree of mail is made from, by table."""

    mails: Sequence[Row]
    urls: Sequence[Row] = ()
    files: Sequence[Row] = ()
    clicks: Sequence[Row] = ()
    later: Sequence[Row] = ()


Pane = Callable[[str, str], str]
"""The address of what is known of an entity (type, value), empty when the alert names no such entity."""


def pane_of(incident: int, named: Iterable[tuple[str, str]]) -> Pane:
    """Panes of the entities that the incident's alerts name."""
    known = {(kind, value.lower()) for kind, value in named}

    def pane(kind: str, value: str) -> str:
        if (kind, value.lower()) not in known:
            return ""
        return f"/incidents/{incident}/entity?{urlencode({'type': kind, 'value': value})}"

    return pane


def mail_tree(told: Told, pane: Pane) -> list[Branch]:
    """Senders with their mails."""
    by_sender: dict[str, list[Row]] = defaultdict(list)
    for row in told.mails:
        by_sender[row["SenderFromAddress"] or "(no sender)"].append(row)
    return Branch("", "").of(_sender(name, rows, told, pane) for name, rows in by_sender.items()).children


def _sender(name: str, rows: Sequence[Row], told: Told, pane: Pane) -> Branch:
    addresses = list(dict.fromkeys(row["SenderIP"] for row in rows if row["SenderIP"]))
    note = f"from {', '.join(addresses[:3])}{f' and {len(addresses) - 3} more' if len(addresses) > 3 else ''}"
    subjects: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        subjects[row["Subject"] or "(no subject)"].append(row)
    sender = Branch("sender", name, note if addresses else "", pane=pane("sender", name))
    return sender.of(_mail(subject, found, told, pane) for subject, found in subjects.items())


def _mail(subject: str, rows: Sequence[Row], told: Told, pane: Pane) -> Branch:
    ids = {row["NetworkMessageId"] for row in rows}
    first = rows[0]
    threats = first["ThreatTypes"] or ""
    mail = Branch(
        "analyzedMessage",
        subject,
        f"{len(ids):,} mail{'' if len(ids) == 1 else 's'}{f', {threats}' if threats else ''}",
        at=min(row["Timestamp"] for row in rows),
        pane=pane("analyzedMessage", first["NetworkMessageId"]),
        bad=bool(threats),
    )
    parts = [list(_files(ids, told, pane)), list(_urls(ids, told, pane)), list(_mailboxes(rows, told, pane))]
    mail.children = [one for part in parts for one in part[:WIDEST]]
    mail.more = sum(max(0, len(part) - WIDEST) for part in parts)
    return mail


def _files(ids: set[str], told: Told, pane: Pane) -> Iterable[Branch]:
    found = {row["SHA256"]: row for row in told.files if row["NetworkMessageId"] in ids}
    for digest, row in found.items():
        yield Branch("file", row["FileName"] or digest, row["ThreatNames"] or "", pane=pane("file", digest),
                     bad=bool(row["ThreatTypes"]))  # fmt: skip


def _urls(ids: set[str], told: Told, pane: Pane) -> Iterable[Branch]:
    """Links that differ after “?” are one: each recipient has a link of their own."""
    clicks: dict[str, list[Row]] = defaultdict(list)
    written: dict[str, dict[str, None]] = defaultdict(dict)
    for row in (*told.clicks, *told.urls):
        if row["NetworkMessageId"] in ids:
            written[row["Url"].split("?")[0].split("#")[0]][row["Url"]] = None
            if "AccountUpn" in row:
                clicks[row["Url"].split("?")[0].split("#")[0]].append(row)
    for url in sorted(written, key=lambda one: -len(clicks[one])):
        first, number = next(iter(written[url])), len(written[url])
        name = f"{number:,} × {url}" if number > 1 else first
        branch = Branch("url", name, pane=pane("url", first), bad=bool(clicks[url]))
        yield branch.of(_click(row, pane) for row in sorted(clicks[url], key=lambda row: row["Timestamp"]))


def _click(row: Row, pane: Pane) -> Branch:
    who = row["AccountUpn"] or "somebody"
    return Branch("click", who, row["ActionType"] or "", row["Timestamp"], pane("user", who), bad=True)


def _mailboxes(rows: Sequence[Row], told: Told, pane: Pane) -> Iterable[Branch]:
    ids = {row["NetworkMessageId"] for row in rows}
    later: dict[str, list[Row]] = defaultdict(list)
    for row in told.later:
        if row["NetworkMessageId"] in ids:
            later[row["RecipientEmailAddress"]].append(row)
    for recipient in dict.fromkeys(row["RecipientEmailAddress"] for row in rows):
        lies = Counter(row["LatestDeliveryLocation"] for row in rows if row["RecipientEmailAddress"] == recipient)
        branch = Branch("mailbox", recipient, ", ".join(filter(None, lies)), pane=pane("mailbox", recipient))
        yield branch.of(_action(row) for row in sorted(later[recipient], key=lambda row: row["Timestamp"]))


def _action(row: Row) -> Branch:
    how = ", ".join(filter(None, (row["ActionType"], row["ActionResult"])))
    return Branch("action", row["Action"] or "Action", how, row["Timestamp"])


def process_tree(device: str, rows: Sequence[Row], pane: Pane) -> Branch:
    """Processes of one device below those that started them; what started nothing known stands below its starter's name."""
    own = {_key(row["ProcessId"], row["FileName"]): row for row in rows}
    below: dict[str, list[str]] = defaultdict(list)
    for key, row in own.items():
        below[_key(row["InitiatingProcessId"], row["InitiatingProcessFileName"])].append(key)

    def branch(key: str, depth: int, line: tuple[str, ...]) -> Branch:
        row = own.get(key)
        name = row["FileName"] if row else key.partition(" ")[2]
        made = Branch("process", name or "(unknown process)")
        if row:
            made.note = f"{row['AccountName']}: {row['ProcessCommandLine']}".strip(": ")[:500]
            made.at, made.pane = row["Timestamp"], pane("file", row["SHA256"] or "")
        deeper = [one for one in below[key] if one not in line] if depth < DEEPEST else []
        return made.of(branch(one, depth + 1, (*line, key)) for one in deeper)

    roots = [key for key in below if key not in own]
    return Branch("device", device, pane=pane("device", device)).of(branch(key, 0, (key,)) for key in roots)


def _key(number: Any, name: Any) -> str:
    return f"{number or 0} {str(name or '').lower()}"


def activity_tree(activities: Sequence[Activity], pane: Pane) -> list[Branch]:
    """Accounts, from which address, what they did how often."""
    by: dict[str, dict[str, dict[str, list[Activity]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    for one in activities:
        by[one.user or "(nobody named)"][one.ip or "(no address)"][one.operation].append(one)
    accounts = (
        Branch("user", user, pane=pane("user", user)).of(
            Branch("ip", ip, pane=pane("ip", ip)).of(_deed(what, done) for what, done in deeds.items())
            for ip, deeds in addresses.items()
        )
        for user, addresses in by.items()
    )
    return Branch("", "").of(accounts).children


def _deed(what: str, done: Sequence[Activity]) -> Branch:
    times = f"{len(done):,} times" if len(done) > 1 else ""
    objects = (Branch("activity", one.object, at=one.at) for one in done if one.object)
    return Branch("activity", what, times, done[0].at).of(objects)
