"""Lists as CSV: investigations, the log (AI-70), the actions (AI-71)."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, cast

from django.http import HttpResponse, StreamingHttpResponse

from watchfloor.investigations.models import Investigation
from watchfloor.investigations.rendering import COUNTERS, lasted
from watchfloor.kernel.text import csv_line

LIST = ("ID", "Status", "Detection source", "Investigation", "Type", "Users", "Creation time", "Last changed time", "Threat count", "Action count", "Duration", "Verdict")  # fmt: skip
LOG = ("ID", "Run", "Action type", "Action", "Status", "Description", "Verdict", "Time created", "Duration, seconds", "Query")  # fmt: skip
ACTIONS = ("ID", "Action type", "Action", "Status", "Why", "Verdict", "Created", "Handled by", "Time", "Reason", "Result")  # fmt: skip


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
    for one in found.steps.all():
        yield [
            one.pk, one.run, "Question", one.question, "Failed" if one.failed else "Completed", one.answer, one.verdict,
            one.started_at, f"{one.seconds:.2f}", "\n\n".join(each["text"] for each in one.asked),
        ]  # fmt: skip


def action_rows(found: Investigation) -> Iterator[list[Any]]:
    for one in found.recommendations.all():
        yield [
            one.pk, one.kind, one.title, one.status, one.why, one.verdict, one.created_at, one.decided_by_name,
            one.decided_at, one.decision_reason, one.result,
        ]  # fmt: skip


def cluster_rows(found: Investigation) -> Iterator[list[Any]]:
    """Every cluster with both counts."""
    for one in found.clusters.all():
        then, today = one.counted_then, one.counted
        numbers = [number for name, _ in COUNTERS for number in (getattr(then, name), getattr(today, name))]
        yield [one.title, one.verdict, one.why, then.copies, today.copies, *numbers, one.text]


CLUSTERS = ("Cluster", "Verdict", "Why", "Copies then", "Copies now", *(f"{label} {when}" for _, label in COUNTERS for when in ("then", "now")), "Query")  # fmt: skip
