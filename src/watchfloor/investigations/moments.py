"""An investigation in the order things happened: set off, begun, answered, waiting, decided, done, ended (AI-64)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from watchfloor.investigations.models import Aftercare, Investigation
from watchfloor.investigations.rendering import span

MOST = 200


@dataclass(frozen=True, slots=True)
class Moment:
    """One line; `after` is how long nothing was known to happen before it, where that is long enough to tell."""

    at: datetime
    words: str
    href: str = ""
    after: str = ""


def moments(found: Investigation) -> list[Moment]:
    """Oldest first; four queries, however much happened."""
    told = sorted((one for one in _all(found) if one.at), key=lambda one: one.at)[:MOST]
    before = [None, *(one.at for one in told)]
    return [
        Moment(one.at, one.words, one.href, _after(one.at, earlier)) for one, earlier in zip(told, before, strict=False)
    ]


def _after(at: datetime, earlier: datetime | None) -> str:
    gap = (at - earlier).total_seconds() if earlier else 0
    return f"{span(gap)} later" if gap >= 1 else ""


def _all(found: Investigation) -> Iterator[Moment]:
    here = found.href
    alerts = list(found.alerts.all()[:20])
    for one in alerts:
        yield Moment(one.at, f"Alert: {one.title}", f"/alerts/{one.alert_id}")
    if not alerts:
        yield Moment(found.created_at, f"Started by {found.created_by_name}")
    for run, first, last, number in _runs(found):
        yield Moment(first, f"Run {run} began", f"{here}?tab=log")
        yield Moment(last, f"Run {run} answered {number} questions", f"{here}?tab=log")
    for wish in found.recommendations.all()[:MOST]:
        yield Moment(wish.created_at, f"Recommended: {wish.title}", f"{here}?tab=pending")
        if wish.decided_at:
            who = "Automation" if wish.automatic else wish.decided_by_name
            yield Moment(wish.decided_at, f"{who}: {wish.status.lower()}, {wish.title}", f"{here}?tab=history")
        if wish.finished_at and wish.finished_at != wish.decided_at:
            yield Moment(wish.finished_at, f"Done: {wish.title}. {wish.result}", f"{here}?tab=history")
    yield from _after_it(found)
    if found.ended_at:
        yield Moment(found.ended_at, f"Ended: {found.status}")


def _runs(found: Investigation) -> Iterator[tuple[int, datetime, datetime, int]]:
    runs: dict[int, list[tuple[datetime, datetime]]] = {}
    for run, began, ended in found.steps.values_list("run", "started_at", "ended_at"):
        runs.setdefault(run, []).append((began, ended))
    for run, times in runs.items():
        yield run, min(began for began, _ in times), max(ended for _, ended in times), len(times)


def _after_it(found: Investigation) -> Iterator[Moment]:
    care = Aftercare.objects.filter(investigation=found).first()
    if care and care.reminded_at:
        yield Moment(care.reminded_at, "People were reminded that it waits")
    if care and care.escalated_at:
        yield Moment(care.escalated_at, "It was escalated, as it still waited")
    if care and care.answered_at:
        yield Moment(care.answered_at, f"Reporters were answered by Automation: {care.answer}")
