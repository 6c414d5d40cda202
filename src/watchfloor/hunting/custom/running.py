"""Running what is due: claim, ask, report, and say how it went."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from watchfloor.detection.contracts import Finding
from watchfloor.detection.services import report_findings
from watchfloor.hunting.advanced.window import Window, narrowing
from watchfloor.hunting.advanced.words import time_column
from watchfloor.hunting.custom.mapping import findings
from watchfloor.hunting.models import CustomDetection
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.lake import selectors as lake

MOST_ROWS = 10_000
MOST_FINDINGS = 100
"""New findings of one run; the others come with the next runs, while the look-back still meets them."""
SECONDS = 60.0


def run_due(*, now: datetime) -> int:
    """Run every detection that is due; returns how many. A worker that was slower to claim one leaves it."""
    due = CustomDetection.objects.filter(enabled=True, next_at__lte=now).order_by("next_at")[:20]
    return sum(_claimed(one, now=now) and run(one, now=now) for one in due)


def _claimed(one: CustomDetection, *, now: datetime) -> bool:
    following = now + timedelta(minutes=one.every_minutes)
    return bool(CustomDetection.objects.filter(pk=one.pk, next_at=one.next_at).update(next_at=following))


def run(one: CustomDetection, *, now: datetime) -> bool:
    """One run over its look-back; the outcome stands in its row, an error in words. Returns True: it was run."""
    window = Window("custom", "", now - timedelta(minutes=one.look_back_minutes), now)
    outcome = {"last_at": now, "last_rows": 0, "last_new": 0}
    try:
        answer = lake.hunt(
            narrowing(one.text, window, time_column) + one.text, now=now, limit=MOST_ROWS, timeout=SECONDS
        )
        names = [name for name, _ in answer.columns]
        rows = [dict(zip(names, row, strict=True)) for row in answer.rows]
        made = findings(one, rows, now=now)
        new, left = _reported(made, now=now)
    except WatchfloorError as error:
        CustomDetection.objects.filter(pk=one.pk).update(
            **outcome, last_state="failing", last_words=error.message, last_seconds=0.0
        )
        return True
    words = _words(len(rows), len(made), new, left, truncated=answer.truncated)
    CustomDetection.objects.filter(pk=one.pk).update(
        **{**outcome, "last_rows": len(rows), "last_new": new},
        last_state="ok",
        last_words=words,
        last_seconds=answer.seconds,
    )
    return True


def _reported(made: Sequence[Finding], *, now: datetime) -> tuple[int, int]:
    """How many were new, in portions that cannot pass the limit; and how many were not looked at."""
    new = place = 0
    while place < len(made) and new < MOST_FINDINGS:
        portion = made[place : place + MOST_FINDINGS - new]
        place += len(portion)
        new += report_findings(portion, now=now)
    return new, len(made) - place


def _words(rows: int, made: int, new: int, left: int, *, truncated: bool) -> str:
    said = [f"{rows:,} rows, {new:,} new findings"]
    if rows and not made:
        said.append("no row holds an entity of the mapping")
    if left:
        said.append(f"{left:,} not looked at, as one run makes at most {MOST_FINDINGS}")
    if truncated:
        said.append(f"more than {MOST_ROWS:,} rows; narrow the query")
    return "; ".join(said)
