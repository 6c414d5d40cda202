"""Investigations as the pages show them: words, tones, links, the picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

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
TYPES = {
    "analyzedMessage": "Email",
    "submission": "Email submission",
    "url": "URL",
    "file": "File",
    "ip": "IP address",
    "sender": "Sender",
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

    @classmethod
    def of(cls, one: Evidence) -> "EntityLine":
        return cls(one, TYPES.get(one.type, one.type), verdict_tone(one.verdict), entity_href(one))


def entity_href(one: Evidence) -> str:
    value = quote(one.value, safe="@")
    if one.type == "analyzedMessage":
        return f"/email/{quote(one.value, safe='')}"
    if one.type in ("user", "mailbox"):
        return f"/identities/of/{value}"
    return {"url": f"/explorer/url?value={value}", "ip": f"/explorer/ip?value={value}"}.get(one.type, "")


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
    """One recommendation."""

    one: Recommendation
    tone: str
    href: str
    explorer: str
    waited: str

    @classmethod
    def of(cls, one: Recommendation, *, now: datetime) -> "DecisionLine":
        href = f"/action-center/{one.remediation_id}" if one.remediation_id else ""
        explorer = f"/explorer?{one.wished.query}" if one.wished.query else ""
        waiting = span(((one.decided_at or now) - one.created_at).total_seconds())
        tone = DECISION_TONES.get(RecommendationStatus(one.status), "neutral")
        return cls(one, tone, href, explorer, waiting)


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
        ("mailboxes", f"{counts['mailboxes']} mailboxes and users", "Assets", "mailboxes", 1),
        ("entities", f"{counts['entities']} entities analysed", "Evidence", "entities", 1),
        ("evidence", _many(counts["clusters"], "cluster"), "Evidence", "evidence", 2),
        ("pending", _waiting_words(found, pending, now=now), "Decision", "pending", 3),
        ("result", found.status, "Result", "history", 4),
    )
    nodes = [
        {"id": key, "name": name, "group": group, "href": f"{here}?tab={tab}", "size": 28, "column": column}
        for key, name, group, tab, column in said
    ]
    pairs = (("alerts", "mailboxes"), ("alerts", "entities"), ("mailboxes", "evidence"), ("entities", "evidence"))
    links = [{"source": a, "target": b} for a, b in (*pairs, ("evidence", "pending"), ("pending", "result"))]
    return {"nodes": nodes, "links": links}


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _waiting_words(found: Investigation, pending: int, *, now: datetime) -> str:
    if pending:
        return f"{pending} wait for approval"
    return f"Waited {waited(found, now=now)} for people" if found.waited else "Nothing to approve"
