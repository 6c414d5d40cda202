"""What each tab of an investigation's page shows (AI-63..72)."""

from collections import Counter
from datetime import datetime
from typing import Any

from watchfloor.investigations.contracts import RecommendationStatus
from watchfloor.investigations.models import Investigation
from watchfloor.investigations.playbook import playbook_of
from watchfloor.investigations.rendering import (
    TYPES,
    ClusterLine,
    DecisionLine,
    EntityLine,
    StepLine,
    graph_of,
    lasted,
    status_tone,
    verdict_tone,
    waited,
)

TABS = (
    ("graph", "Investigation graph"),
    ("alerts", "Alerts"),
    ("mailboxes", "Mailboxes"),
    ("evidence", "Evidence"),
    ("entities", "Entities"),
    ("log", "Log"),
    ("pending", "Pending actions"),
    ("history", "History"),
)
OPEN = (RecommendationStatus.PENDING.value, RecommendationStatus.WOULD.value)
PEOPLE = ("user", "mailbox")
MOST = 500
SUMMED = ("Malicious", "Suspicious", "No threats found", "Unknown")


def tab_context(found: Investigation, tab: str, *, may_read: bool, now: datetime) -> dict[str, Any]:
    """The frame every tab stands in, and what the chosen one shows."""
    counts = _counts(found)
    playbook = playbook_of(found.playbook)
    asked = found.steps.filter(run=found.run).count()
    frame = {
        "one": found,
        "playbook": playbook,
        "tab": tab,
        "tabs": [(key, label, f"{found.href}?tab={key}", counts.get(key)) for key, label in TABS],
        "tone": status_tone(found.status),
        "verdict_tone": verdict_tone(found.verdict),
        "duration": lasted(found, now=now),
        "waited": waited(found, now=now),
        "asked": asked,
        "questions": len(playbook.questions),
        "may_read": may_read,
    }
    return frame | CONTEXTS[tab](found, counts, now)


def _counts(found: Investigation) -> dict[str, int]:
    kinds = Counter(found.evidence.values_list("type", flat=True))
    waiting = found.recommendations.filter(status__in=OPEN).count()
    people = sum(kinds[one] for one in PEOPLE)
    clusters = found.clusters.count()
    return {
        "alerts": found.alerts.count(),
        "mailboxes": people,
        "entities": sum(kinds.values()) - people,
        "clusters": clusters,
        "evidence": clusters,
        "pending": waiting,
        "history": found.recommendations.count() - waiting,
    }


def _graph(found: Investigation, counts: dict[str, int], now: datetime) -> dict[str, Any]:
    return {"graph": graph_of(found, counts=counts, pending=counts["pending"], now=now), "facts": _facts(found, now)}


def _facts(found: Investigation, now: datetime) -> list[tuple[Any, ...]]:
    said: list[tuple[Any, ...]] = [
        ("Type", found.kind),
        ("Playbook", playbook_of(found.playbook).description),
        ("Started by", found.created_by_name),
        ("Why", found.reason),
        ("Created", found.created_at),
        ("Started", found.started_at),
        ("Ended", found.ended_at),
        ("Duration", lasted(found, now=now)),
        ("Waited for people", waited(found, now=now)),
        ("Runs", str(found.run)),
        ("What went wrong", found.why),
    ]
    if found.incident_id:
        said.append(("Incident", found.incident_id, f"/incidents/{found.incident_id}"))
    return [fact for fact in said if fact[1] not in ("", None)]


def _alerts(found: Investigation, counts: dict[str, int], now: datetime) -> dict[str, Any]:
    return {"alerts": list(found.alerts.all()[:MOST])}


def _mailboxes(found: Investigation, counts: dict[str, int], now: datetime) -> dict[str, Any]:
    return {"people": [EntityLine.of(one) for one in found.evidence.filter(type__in=PEOPLE)[:MOST]]}


def _evidence(found: Investigation, counts: dict[str, int], now: datetime) -> dict[str, Any]:
    return {"clusters": [ClusterLine.of(one) for one in found.clusters.all()[:MOST]]}


def _entities(found: Investigation, counts: dict[str, int], now: datetime) -> dict[str, Any]:
    others = found.evidence.exclude(type__in=PEOPLE)
    numbers = Counter(others.values_list("type", "verdict"))
    kinds = dict.fromkeys(kind for kind, _ in numbers)
    summary = [
        (TYPES.get(kind, kind), sum(numbers[kind, one] for one in SUMMED), [numbers[kind, one] for one in SUMMED])
        for kind in kinds
    ]
    return {"entities": [EntityLine.of(one) for one in others[:MOST]], "summary": summary, "verdicts": SUMMED}


def _log(found: Investigation, counts: dict[str, int], now: datetime) -> dict[str, Any]:
    return {"steps": [StepLine.of(one) for one in found.steps.order_by("-run", "place")[:MOST]]}


def _pending(found: Investigation, counts: dict[str, int], now: datetime) -> dict[str, Any]:
    waiting = found.recommendations.filter(status__in=OPEN)[:MOST]
    rows = [DecisionLine.of(one, now=now) for one in waiting]
    passive = [row for row in rows if row.one.status == RecommendationStatus.WOULD]
    return {"rows": [row for row in rows if row not in passive], "passive": passive}


def _history(found: Investigation, counts: dict[str, int], now: datetime) -> dict[str, Any]:
    past = found.recommendations.exclude(status__in=OPEN)[:MOST]
    return {"rows": [DecisionLine.of(one, now=now) for one in past]}


CONTEXTS = {
    "graph": _graph,
    "alerts": _alerts,
    "mailboxes": _mailboxes,
    "evidence": _evidence,
    "entities": _entities,
    "log": _log,
    "pending": _pending,
    "history": _history,
}
