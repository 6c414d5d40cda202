"""Lists as CSV: investigations, the log (AI-70), the actions (AI-71)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, cast

from django.http import HttpResponse, StreamingHttpResponse

from watchfloor.investigations.contracts import RecommendationStatus
from watchfloor.investigations.models import Investigation
from watchfloor.investigations.remedies import entity_lines, of_cluster
from watchfloor.investigations.rendering import COUNTERS, lasted
from watchfloor.kernel.text import csv_line

LIST = ("ID", "Status", "Detection source", "Investigation", "Type", "Users", "Creation time", "Last changed time", "Threat count", "Action count", "Duration", "Verdict")  # fmt: skip
LOG = ("ID", "Run", "Action type", "Action", "Status", "Description", "Verdict", "Time created", "Execution start", "Duration, seconds", "Pending duration, seconds", "Queued duration, seconds", "Query")  # fmt: skip
ACTIONS = ("ID", "Action type", "Action", "Entity type", "Status", "Why", "Verdict", "Created", "Handled by", "Time", "Reason", "Result")  # fmt: skip

ENTITY_TYPES = {"mail": "Email cluster", "accounts": "User", "block": "URL"}


def csv_answer(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """A download; lines leave as they are read."""

    def lines() -> Iterator[str]:
        yield "\ufeff" + csv_line(header)
        for row in rows:
            yield csv_line(row)

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return cast(HttpResponse, answer)


def list_rows(found: Iterable[Investigation], *, now: datetime) -> Iterator[list[Any]]:
    for one in found:
        yield [
            one.pk, one.status, "Watchfloor", one.name, one.kind, ", ".join(one.users), one.created_at, one.changed_at,
            one.threats, one.actions, lasted(one, now=now), one.verdict,
        ]  # fmt: skip


def log_rows(found: Investigation) -> Iterator[list[Any]]:
    """The whole investigation waits in line and for people, so its first run says how long in line, each line how long for people."""
    queued = ((found.started_at or found.created_at) - found.created_at).total_seconds()
    for one in found.steps.all():
        yield [
            one.pk, one.run, "Question", one.question, "Failed" if one.failed else "Completed", one.answer, one.verdict,
            found.created_at, one.started_at, f"{one.seconds:.2f}", f"{found.waited:.0f}",
            f"{queued:.2f}" if one.run == 1 else "", "\n\n".join(each["text"] for each in one.asked),
        ]  # fmt: skip


def action_rows(found: Investigation) -> Iterator[list[Any]]:
    for one in found.recommendations.all():
        yield [
            one.pk, one.wished.action or one.kind, one.title, ENTITY_TYPES.get(one.kind, ""), one.status, one.why,
            one.verdict, one.created_at, "Automation" if one.automatic else one.decided_by_name,
            one.decided_at, one.decision_reason, one.result,
        ]  # fmt: skip


def entity_rows(found: Investigation) -> Iterator[list[Any]]:
    """Every entity with what became of it (AI-66)."""
    for row in entity_lines(list(found.evidence.all()), list(found.recommendations.all())):
        one, facts = row.line.one, row.line.one.facts
        yield [
            one.first_seen, row.line.kind, one.value, one.label, one.verdict, row.remedy.value, one.why,
            facts.get("recipient") or facts.get("reporter", ""), facts.get("sender", ""), facts.get("delivery", ""),
            facts.get("location", ""),
        ]  # fmt: skip


ENTITIES = ("First seen", "Type", "Entity", "Name", "Verdict", "Remediation status", "Why", "Impacted", "Sender", "Delivery status", "Location")  # fmt: skip


def cluster_rows(found: Investigation) -> Iterator[list[Any]]:
    """Every cluster with both counts."""
    asked = {
        one.key.partition(":")[2].partition("@")[0]: RecommendationStatus(one.status)
        for one in found.recommendations.filter(kind="mail")
    }
    for one in found.clusters.all():
        then, today = one.counted_then, one.counted
        numbers = [number for name, _ in COUNTERS for number in (getattr(then, name), getattr(today, name))]
        remedy, _ = of_cluster(one, asked.get(one.key))
        yield [one.title, one.verdict, remedy.value, one.why, then.copies, today.copies, *numbers, one.text]


CLUSTERS = ("Cluster", "Verdict", "Remediation status", "Why", "Copies then", "Copies now", *(f"{label} {when}" for _, label in COUNTERS for when in ("then", "now")), "Query")  # fmt: skip
