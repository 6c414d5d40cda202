"""Running what is due: claim, ask, report, and say how it went."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import F

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.selectors import system_actor
from watchfloor.access.services import audit_verb, audited
from watchfloor.detection.contracts import Finding
from watchfloor.detection.services import report_findings
from watchfloor.hunting.advanced.recording import remember
from watchfloor.hunting.advanced.window import Window, narrowing
from watchfloor.hunting.advanced.words import time_column
from watchfloor.hunting.custom.keeping import detection, span_words
from watchfloor.hunting.custom.mapping import findings
from watchfloor.hunting.models import CustomDetection, QueryRun
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.lake import selectors as lake

audit_verb("custom_detection.run", "{actor} ran the custom detection {target}")

MOST_ROWS = 10_000
SECONDS = 60.0
RUNS_SHOWN = 50


def run_due(*, now: datetime) -> int:
    """Run every detection that is due; returns how many. A worker that was slower to claim one leaves it."""
    due = CustomDetection.objects.filter(enabled=True, next_at__lte=now).order_by("next_at")[:20]
    return sum(_claimed(one, now=now) and run(one, now=now) for one in due)


def _claimed(one: CustomDetection, *, now: datetime) -> bool:
    following = now + timedelta(minutes=one.every_minutes)
    return bool(CustomDetection.objects.filter(pk=one.pk, next_at=one.next_at).update(next_at=following))


def run_now(*, key: int, by: Actor, now: datetime) -> CustomDetection:
    """Run one at once, even one that is off; when it is next due stays as it was. Raises NotFound."""
    row = detection(key)
    with audited(
        by=by,
        permission=Permission.DETECTION_TUNE,
        verb="custom_detection.run",
        target_type="detection",
        target=row.title,
    ) as result:
        run(row, now=now)
        row.refresh_from_db()
        result["after"] = {"state": row.last_state, "outcome": row.last_words[:1000]}
    return row


def run(one: CustomDetection, *, now: datetime) -> bool:
    """One run over its look-back; the outcome stands in its row and in its history, an error in words. Returns True: it was run."""
    back = timedelta(minutes=one.look_back_minutes)
    window = Window("custom", f"Last {span_words(one.look_back_minutes)}", now - back, now)
    began = time.monotonic()
    try:
        answer = lake.hunt(
            narrowing(one.text, window, time_column) + one.text, now=now, limit=MOST_ROWS, timeout=SECONDS
        )
        names = [name for name, _ in answer.columns]
        rows = [dict(zip(names, row, strict=True)) for row in answer.rows]
        made = findings(one, rows, now=now)
        new, left = _reported(made, most=one.most_findings, now=now)
    except WatchfloorError as error:
        _failed(one, error.message, window, seconds=time.monotonic() - began, now=now)
        return True
    words = _words(len(rows), len(made), new, left, most=one.most_findings, truncated=answer.truncated)
    CustomDetection.objects.filter(pk=one.pk).update(
        last_at=now,
        last_rows=len(rows),
        last_new=new,
        last_state="ok",
        last_words=words,
        last_seconds=answer.seconds,
        failures=0,
    )
    remember(
        text=one.text,
        window=window,
        by=system_actor(one.title[:180]),
        now=now,
        interface="detection",
        rule_id=one.rule_id,
        seconds=answer.seconds,
        rows=len(rows),
        new=new,
        words=words,
        truncated=answer.truncated,
        rows_read=answer.cost.rows,
        bytes_read=answer.cost.bytes,
    )
    return True


def _failed(one: CustomDetection, words: str, window: Window, *, seconds: float, now: datetime) -> None:
    CustomDetection.objects.filter(pk=one.pk).update(
        last_at=now,
        last_rows=0,
        last_new=0,
        last_state="failing",
        last_words=words,
        last_seconds=seconds,
        failures=F("failures") + 1,
    )
    actor = system_actor(one.title[:180])
    remember(
        text=one.text,
        window=window,
        by=actor,
        now=now,
        interface="detection",
        rule_id=one.rule_id,
        seconds=seconds,
        error=words,
    )


def _reported(made: Sequence[Finding], *, most: int, now: datetime) -> tuple[int, int]:
    """How many were new, in portions that cannot pass the limit; and how many were not looked at."""
    new = place = 0
    while place < len(made) and new < most:
        portion = made[place : place + most - new]
        place += len(portion)
        new += report_findings(portion, now=now)
    return new, len(made) - place


def _words(rows: int, made: int, new: int, left: int, *, most: int, truncated: bool) -> str:
    said = [f"{rows:,} row{'' if rows == 1 else 's'}, {new:,} new finding{'' if new == 1 else 's'}"]
    if rows and not made:
        said.append("no row holds an entity of the mapping")
    if left:
        said.append(f"{left:,} not looked at, as one run makes at most {most:,}")
    if truncated:
        said.append(f"more than {MOST_ROWS:,} rows; narrow the query")
    return "; ".join(said)


def runs_of(one: CustomDetection) -> list[QueryRun]:
    """Its newest runs."""
    return list(QueryRun.objects.filter(rule_id=one.rule_id).order_by("-id")[:RUNS_SHOWN])
