"""Asking the lake for a person: the window laid over the tables, places of errors in the person's own text, the cost kept."""

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import authorise
from watchfloor.hunting.advanced.cells import Head, plain
from watchfloor.hunting.advanced.drafts import LONGEST
from watchfloor.hunting.advanced.recording import keep, remember
from watchfloor.hunting.advanced.window import Window, narrowing, read_window
from watchfloor.hunting.advanced.words import time_column
from watchfloor.hunting.models import QueryRun
from watchfloor.kernel.errors import BadInput, WatchfloorError
from watchfloor.lake import selectors as lake

SHOWN = 10_000
"""Rows the page holds; the files hold all."""


@dataclass(frozen=True, slots=True)
class Question:
    """A text with its window. `part` is the selected stretch that runs alone, the whole text when nothing is selected."""

    text: str
    window: Window
    part: tuple[int, int] = (0, 0)

    @property
    def runs(self) -> str:
        start, end = self.part
        return self.text[start:end] if end > start else self.text

    @property
    def offset(self) -> int:
        return self.part[0] if self.part[1] > self.part[0] else 0


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters [start, end) of the person's text, and what is wrong or doubtful there. `kind` is error or warning."""

    start: int
    end: int
    words: str
    kind: str = "error"

    def plain(self) -> dict[str, Any]:
        return {"start": self.start, "end": self.end, "words": self.words, "kind": self.kind}


@dataclass(frozen=True, slots=True)
class Found:
    """What the lake answered; `rows` are plain values in the order of `heads`, `run` is its number in the history.

    `visualization` and `wishes` are what `render` asked for.
    """

    heads: tuple[Head, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool
    seconds: float
    visualization: str = ""
    wishes: Mapping[str, str] = field(default_factory=dict)
    rows_read: int = 0
    bytes_read: int = 0
    run: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no answer: in words, and where when it is about a place of the text."""

    words: str
    place: str = ""
    marks: tuple[Mark, ...] = ()


def read_question(parameters: Mapping[str, str], *, now: datetime) -> Question:
    """What a form or address asks: `query`, its window, and `selection` as start-end. Raises BadInput."""
    text = parameters.get("query", "").replace("\r\n", "\n")
    if len(text) > LONGEST:
        raise BadInput(f"a query has at most {LONGEST:,} characters, this one {len(text):,}", place="query")
    start, _, end = parameters.get("selection", "").partition("-")
    part = (int(start), min(int(end), len(text))) if start.isdecimal() and end.isdecimal() else (0, 0)
    return Question(text, read_window(parameters, now=now), part)


def ask(question: Question, *, by: Actor, now: datetime) -> Found | Refused:
    """Run the question as `by`; what it cost and its rows are kept."""
    authorise(by, Permission.EMAIL_METADATA_READ)
    if not question.runs.strip():
        return Refused("write a query first, such as: EmailEvents | take 10")
    before = narrowing(question.runs, question.window, time_column)
    try:
        answer = lake.hunt(before + question.runs, now=now, by=by, limit=SHOWN)
    except WatchfloorError as error:
        refused = refusal(error, question, shift=len(before))
        remember(text=question.runs, window=question.window, by=by, now=now, error=refused.words)
        return refused
    order = lake.documented_order([name for name, _ in answer.columns])
    found = Found(
        heads=tuple(Head(name, str(kind)) for name, kind in (answer.columns[place] for place in order)),
        rows=tuple(tuple(plain(row[place]) for place in order) for row in answer.rows),
        truncated=answer.truncated,
        seconds=answer.seconds,
        visualization=answer.render.visualization if answer.render else "",
        wishes=dict(answer.render.properties) if answer.render else {},
        rows_read=answer.cost.rows,
        bytes_read=answer.cost.bytes,
    )
    return replace(found, run=_kept(question, found, by=by, now=now))


def _kept(question: Question, found: Found, *, by: Actor, now: datetime) -> int:
    """The number that the run has in the history."""
    run = remember(
        text=question.runs,
        window=question.window,
        by=by,
        now=now,
        seconds=found.seconds,
        rows=len(found.rows),
        truncated=found.truncated,
        rows_read=found.rows_read,
        bytes_read=found.bytes_read,
    )
    if found.rows and (by.may(Permission.INCIDENT_MANAGE) or by.may(Permission.EMAIL_ACTION_PROPOSE)):
        keep(run, found.heads, found.rows)
    return run.pk


def refusal(error: WatchfloorError, question: Question, *, shift: int) -> Refused:
    """The error in words, its place counted in the text the person wrote."""
    span = getattr(error, "span", None)
    if span is None:
        return Refused(error.message)
    start = min(max(span.start - shift, 0) + question.offset, len(question.text))
    end = min(max(span.end - shift, 0) + question.offset, len(question.text))
    line = question.text.count("\n", 0, start) + 1
    column = start - (question.text.rfind("\n", 0, start) + 1) + 1
    return Refused(error.message, f"line {line}, column {column}", (Mark(start, max(end, start + 1), error.message),))


def batches(
    question: Question, *, by: Actor, now: datetime
) -> tuple[tuple[Head, ...], Iterator[list[tuple[Any, ...]]]]:
    """Every row of the answer as it is read, for files; history counts them. Raises what the lake raises before the first row."""
    authorise(by, Permission.EMAIL_METADATA_READ)
    before = narrowing(question.runs, question.window, time_column)
    columns, rows = lake.hunt_stream(before + question.runs, now=now, by=by)
    return tuple(Head(name, str(kind)) for name, kind in columns), _counted(rows, question, by=by, now=now)


def _counted(
    batches: Iterator[list[tuple[Any, ...]]], question: Question, *, by: Actor, now: datetime
) -> Iterator[list[tuple[Any, ...]]]:
    """The same batches; when they end, or whoever reads them goes away, the run is remembered."""
    began, rows, error = time.monotonic(), 0, "the file was not read to its end"
    try:
        for batch in batches:
            rows += len(batch)
            yield batch
        error = ""
    except WatchfloorError as failed:
        error = failed.message
        raise
    finally:
        outcome: dict[str, Any] = {"seconds": time.monotonic() - began, "rows": rows, "error": error}
        remember(text=question.runs, window=question.window, by=by, now=now, interface="export", **outcome)


def history(by: Actor, *, limit: int = 100) -> Iterable[QueryRun]:
    """What this person ran on the page, newest first."""
    return QueryRun.objects.filter(person_id=by.id, rule_id="").exclude(interface="export").order_by("-id")[:limit]
