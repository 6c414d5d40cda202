"""Investigations as the pages show them: words, tones, links, the picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from watchfloor.investigations.case import quoted
from watchfloor.investigations.contracts import Counters, RecommendationStatus, Status, Verdict
from watchfloor.investigations.models import Cluster, Evidence, Investigation, Recommendation, Step

STATUS_TONES = {
    Status.QUEUED: "neutral",
    Status.RUNNING: "info",
    Status.NO_THREATS: "success",
    Status.PENDING: "warning",
    Status.REMEDIATED: "success",
    Status.FAILED: "danger",
}
VERDICT_TONES = {Verdict.MALICIOUS: "danger", Verdict.SUSPICIOUS: "warning", Verdict.CLEAN: "success"}
DECISION_TONES = {
    RecommendationStatus.PENDING: "warning",
    RecommendationStatus.RUNNING: "info",
    RecommendationStatus.DONE: "success",
    RecommendationStatus.FAILED: "danger",
}
COMPLETED, UNDONE = "Completed", "Undone"
TYPES = {
    "analyzedMessage": "Email",
    "submission": "Email submission",
    "url": "URL",
    "file": "File",
    "ip": "IP address",
    "sender": "Sender",
    "device": "Device",
    "mailbox": "Mailbox",
    "user": "User",
}
COUNTERS = (
    ("malware", "Malware"),
    ("sure_phish", "High-confidence phish"),
    ("phish", "Phish"),
    ("spam", "Spam"),
    ("delivered", "Delivered"),
    ("junked", "Junked"),
    ("replaced", "Replaced"),
    ("blocked", "Blocked"),
    ("mailbox", "Mailbox"),
    ("elsewhere", "Not in mailbox"),
    ("external", "On-prem/External"),
)
"""AI-46."""


def status_tone(status: str) -> str:
    return STATUS_TONES.get(Status(status), "warning")


def verdict_tone(verdict: str) -> str:
    return VERDICT_TONES.get(Verdict(verdict), "neutral")


def lasted(investigation: Investigation, *, now: datetime) -> str:
    """How long it took, waiting included, as people say it."""
    end = investigation.ended_at or now
    return span((end - (investigation.started_at or investigation.created_at)).total_seconds())


def waited(investigation: Investigation, *, now: datetime) -> str:
    """How long it waited for people so far."""
    running = (now - investigation.waiting_since).total_seconds() if investigation.waiting_since else 0
    return span(investigation.waited + running)


def span(seconds: float) -> str:
    """“2 d 3 h”, “4 min”, “12 s”."""
    whole = max(0, int(seconds))
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (left, "s")]
    said = [f"{number} {unit}" for number, unit in parts if number][:2]
    return " ".join(said) or "0 s"


@dataclass(frozen=True, slots=True)
class Line:
    """One investigation of the list."""

    one: Investigation
    tone: str
    verdict_tone: str
    duration: str

    @classmethod
    def of(cls, one: Investigation, *, now: datetime) -> "Line":
        return cls(one, status_tone(one.status), verdict_tone(one.verdict), lasted(one, now=now))


@dataclass(frozen=True, slots=True)
class ClusterLine:
    """One cluster: its two counts, and where to go on from it (AI-48, AI-49)."""

    one: Cluster
    tone: str
    then: Counters
    today: Counters
    numbers: tuple[tuple[str, int, int], ...]
    explorer: str
    hunting: str

    @classmethod
    def of(cls, one: Cluster) -> "ClusterLine":
        then, today = one.counted_then, one.counted
        both = ((label, getattr(then, name), getattr(today, name)) for name, label in COUNTERS)
        numbers = tuple(one for one in both if one[1] or one[2])
        return cls(
            one, verdict_tone(one.verdict), then, today, numbers, f"/explorer?{one.parameters}", hunting_href(one.text)
        )


def hunting_href(text: str) -> str:
    return f"/hunting?{urlencode({'query': text, 'run': 1})}"


@dataclass(frozen=True, slots=True)
class EntityLine:
    """One entity with its page."""

    one: Evidence
    kind: str
    tone: str
    href: str

    @property
    def flyout(self) -> str:
        """What opens beside the page: the summary of a mail, what is known of an address or a URL (AI-69)."""
        if self.one.type == "analyzedMessage":
            return f"{self.href}/summary?{urlencode({'recipient': self.one.facts.get('recipient', '')})}"
        return self.href if self.one.type in ("url", "ip") else ""

    @classmethod
    def of(cls, one: Evidence) -> "EntityLine":
        return cls(one, TYPES.get(one.type, one.type), verdict_tone(one.verdict), entity_href(one))


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A mailbox or account with the name and the risk of whoever it belongs to; `risk` is None where nobody is known."""

    line: EntityLine
    name: str
    risk: Any = None


def entity_href(one: Evidence) -> str:
    value = quote(one.value, safe="@")
    if one.type == "analyzedMessage":
        return f"/email/{quote(one.value, safe='')}"
    if one.type in ("user", "mailbox"):
        return f"/identities/of/{value}"
    if one.type == "device":
        return hunting_href(of_device(one))
    return {"url": f"/explorer/url?value={value}", "ip": f"/explorer/ip?value={value}"}.get(one.type, "")


def of_device(one: Evidence) -> str:
    """KQL: what a device connected to and who signed in to it around the time it was met."""
    named = f"DeviceName =~ {quoted([one.value])}"
    back = f"Timestamp > datetime({(one.first_seen - timedelta(days=7)).isoformat()})"
    return (
        f"union DeviceNetworkEvents, DeviceLogonEvents\n| where {back} and {named}\n"
        "| project Timestamp, DeviceName, ActionType, AccountName, RemoteUrl, RemoteIP, InitiatingProcessFileName\n"
        "| sort by Timestamp desc"
    )


@dataclass(frozen=True, slots=True)
class StepLine:
    """One question of the log; each of its queries with where to run it again."""

    one: Step
    tone: str
    asked: tuple[tuple[Mapping[str, Any], str, str], ...]

    @classmethod
    def of(cls, one: Step) -> "StepLine":
        asked = tuple(
            (each, hunting_href(each["text"]), f"/explorer?{each['explorer']}" if each.get("explorer") else "")
            for each in one.asked
        )
        return cls(one, verdict_tone(one.verdict), asked)


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """One recommendation. `undone` says that what was done was put back, `undo` where it can be."""

    one: Recommendation
    tone: str
    href: str
    explorer: str
    waited: str
    status: str
    undo: str = ""

    @classmethod
    def of(cls, one: Recommendation, *, now: datetime, remediation: Any = None) -> "DecisionLine":
        """`remediation` is the row of response it became, where the page shows what became of it."""
        href = f"/action-center/{one.remediation_id}" if one.remediation_id else ""
        explorer = f"/explorer?{one.wished.query}" if one.wished.query else ""
        waiting = span(((one.decided_at or now) - one.created_at).total_seconds())
        tone = DECISION_TONES.get(RecommendationStatus(one.status), "neutral")
        undone = remediation is not None and remediation.status == UNDONE
        put_back = remediation is not None and remediation.status == COMPLETED and bool(remediation.moved)
        status = UNDONE if undone else one.status
        return cls(
            one, "neutral" if undone else tone, href, explorer, waiting, status, one.remediation_id if put_back else ""
        )

    @property
    def action(self) -> str:
        """The kind of action, by which what waits is put together (AI-71)."""
        name = self.one.wished.action.replace("-", " ").capitalize()
        return name or {"block": "Block URL", "guidance": "Guidance"}.get(self.one.kind, self.one.kind.capitalize())

    @property
    def handled_by(self) -> str:
        """AI-72, AI-81: a person, or Automation."""
        return "Automation" if self.one.automatic else self.one.decided_by_name


def graph_of(found: Investigation, *, counts: Mapping[str, int], pending: int, now: datetime) -> dict[str, Any]:
    """The picture of AI-64: what set it off, what was looked at, what waits, how it ended."""
    here = found.href
    said: Sequence[tuple[str, str, str, str, int]] = (
        (
            "alerts",
            _many(counts["alerts"], "alert") if counts["alerts"] else f"Started by {found.created_by_name}",
            "Trigger",
            "alerts",
            0,
        ),
        (
            "mailboxes",
            "1 mailbox or user" if counts["mailboxes"] == 1 else f"{counts['mailboxes']} mailboxes, users",
            "Assets",
            "mailboxes",
            1,
        ),
        ("entities", f"{counts['entities']} entities", "Evidence", "entities", 1),
        ("evidence", _many(counts["clusters"], "cluster"), "Evidence", "evidence", 2),
        ("pending", f"{pending} to approve" if pending else "None to approve", "Decision", "pending", 3),
        *((("waited", f"Waited {waited(found, now=now)}", "Decision", "history", 3),) if _ever_waited(found) else ()),
        ("result", found.status, "Result", "history", 4),
    )
    nodes = [
        {"id": key, "name": name, "group": group, "href": f"{here}?tab={tab}", "size": 28, "column": column}
        for key, name, group, tab, column in said
    ]
    pairs = [("alerts", "mailboxes"), ("alerts", "entities"), ("mailboxes", "evidence"), ("entities", "evidence")]
    for one in ("pending", "waited") if _ever_waited(found) else ("pending",):
        pairs += [("evidence", one), (one, "result")]
    links = [{"source": a, "target": b} for a, b in pairs]
    return {"nodes": nodes, "links": links}


def spent(found: Investigation, *, now: datetime) -> tuple[tuple[str, float], ...]:
    """Seconds in line, at work and waiting for people; together the time since it was created."""
    end = found.ended_at or now
    queued = ((found.started_at or end) - found.created_at).total_seconds()
    waiting = found.waited + ((now - found.waiting_since).total_seconds() if found.waiting_since else 0)
    all_of_it = max(0.0, (end - found.created_at).total_seconds())
    return (
        ("In line", max(0.0, queued)),
        ("At work", max(0.0, all_of_it - max(0.0, queued) - waiting)),
        ("Waiting for people", waiting),
    )


def time_bar(found: Investigation, *, now: datetime) -> dict[str, Any]:
    """The same as one bar, in the largest unit that keeps it readable (AI-64)."""
    parts = spent(found, now=now)
    longest = max(seconds for _, seconds in parts)
    unit, size = next(((unit, size) for unit, size in UNITS if longest >= 2 * size), UNITS[-1])
    series = [
        {"name": name, "values": [round(seconds / size, 1)], "tone": tone}
        for (name, seconds), tone in zip(parts, ("neutral", "info", "warning"), strict=True)
    ]
    return {"categories": [unit.capitalize()], "series": series, "horizontal": True}


UNITS = (("days", 86_400), ("hours", 3600), ("minutes", 60), ("seconds", 1))


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _ever_waited(found: Investigation) -> bool:
    return bool(found.waited or found.waiting_since)
