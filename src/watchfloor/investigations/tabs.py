"""What each tab of an investigation's page shows (AI-63..72)."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from watchfloor.identities.selectors import people_by_address, people_of_names, risks_of
from watchfloor.investigations.contracts import RecommendationStatus
from watchfloor.investigations.models import Investigation
from watchfloor.investigations.moments import moments
from watchfloor.investigations.narrowing import narrowed
from watchfloor.investigations.playbook import playbook_of
from watchfloor.investigations.remedies import cluster_lines, entity_lines, prevented
from watchfloor.investigations.rendering import (
    DecisionLine,
    EntityLine,
    PersonLine,
    StepLine,
    graph_of,
    lasted,
    span,
    spent,
    status_tone,
    time_bar,
    verdict_tone,
    waited,
)
from watchfloor.investigations.summing import SUMMED, summary_of
from watchfloor.response import selectors as remediations
from watchfloor.response.contracts import Listing
from watchfloor.ui.services import stamp

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
NOTHING: Mapping[str, str] = {}


def tab_context(
    found: Investigation, tab: str, *, may_read: bool, now: datetime, asked_for: Mapping[str, str] = NOTHING
) -> dict[str, Any]:
    """The frame every tab stands in, and what the chosen one shows, narrowed as its address asks for."""
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
        "prevented": prevented(found),
    }
    return frame | narrowed(CONTEXTS[tab](found, counts, now), asked_for)


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
    return {
        "graph": graph_of(found, counts=counts, pending=counts["pending"], now=now),
        "bar": time_bar(found, now=now),
        "spent": [(name, span(seconds)) for name, seconds in spent(found, now=now)],
        "moments": moments(found),
        "facts": _facts(found, now),
    }


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
    """Whose mailboxes and accounts, with the risk of each as identities hold it (AI-65)."""
    lines = [EntityLine.of(one) for one in found.evidence.filter(type__in=PEOPLE)[:MOST]]
    numbers = people_of_names([line.one.value for line in lines])
    risks = risks_of(numbers.values())
    known = people_by_address(line.one.value for line in lines)
    people = [
        PersonLine(
            line, getattr(known.get(line.one.value.lower()), "name", ""), risks.get(numbers.get(line.one.value, 0))
        )
        for line in lines
    ]
    return {"people": people}


def _evidence(found: Investigation, counts: dict[str, int], now: datetime) -> dict[str, Any]:
    """Everything found, filtered in the address (AI-66): clusters as cards, entities that are no good as lines."""
    return {"clusters": cluster_lines(found.clusters.all()[:MOST])}


def _entities(found: Investigation, counts: dict[str, int], now: datetime) -> dict[str, Any]:
    others = list(found.evidence.exclude(type__in=PEOPLE)[:MOST])
    lines = entity_lines(others, list(found.recommendations.all()))
    clusters = cluster_lines(found.clusters.all()[:MOST])
    return {"entities": lines, "summary": summary_of(lines, clusters), "heads": SUMMED}


def _log(found: Investigation, counts: dict[str, int], now: datetime) -> dict[str, Any]:
    return {"steps": [StepLine.of(one) for one in found.steps.order_by("-run", "place")[:MOST]]}


def _pending(found: Investigation, counts: dict[str, int], now: datetime) -> dict[str, Any]:
    """What waits, by the kind of action (AI-71)."""
    waiting = found.recommendations.filter(status__in=OPEN)[:MOST]
    rows = sorted((DecisionLine.of(one, now=now) for one in waiting), key=lambda row: row.action)
    passive = [row for row in rows if row.one.status == RecommendationStatus.WOULD]
    return {"rows": [row for row in rows if row not in passive], "passive": passive, "seen": stamp(now)}


def _history(found: Investigation, counts: dict[str, int], now: datetime) -> dict[str, Any]:
    """What was decided and done, and where it can be put back (AI-72, AI-81, AI-82)."""
    past = list(found.recommendations.exclude(status__in=OPEN)[:MOST])
    ids = [one.remediation_id for one in past if one.remediation_id]
    everything = remediations.listed(Listing(tab="history", period="all"), now=now)
    became = {str(one.pk): one for one in everything.filter(pk__in=ids)} if ids else {}
    return {"rows": [DecisionLine.of(one, now=now, remediation=became.get(one.remediation_id)) for one in past]}


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
