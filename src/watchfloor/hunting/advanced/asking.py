"""Asking the lake for a person: the window laid over the tables, places of errors in the person's own text, the cost kept."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import authorise
from watchfloor.hunting.advanced.cells import Head, plain
from watchfloor.hunting.advanced.drafts import LONGEST
from watchfloor.hunting.advanced.window import Window, narrowing, read_window
from watchfloor.hunting.advanced.words import time_column
from watchfloor.hunting.models import QueryRun
from watchfloor.kernel.errors import BadInput, WatchfloorError
from watchfloor.lake import selectors as lake

SHOWN = 10_000
"""Rows the page holds; the files hold all."""
KEPT_RUNS = 500
"""Runs of one person that history remembers."""


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
    """What the lake answered; `rows` are plain values in the order of `heads`."""

    heads: tuple[Head, ...]
    rows: tuple[tuple[Any, ...], ...]
    truncated: bool
    seconds: float
    visualization: str = ""
    rows_read: int = 0
    bytes_read: int = 0


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
    """Run the question as `by` and remember what it cost."""
    authorise(by, Permission.EMAIL_METADATA_READ)
    if not question.runs.strip():
        return Refused("write a query first, such as: EmailEvents | take 10")
    before = narrowing(question.runs, question.window, time_column)
    try:
        answer = lake.hunt(before + question.runs, now=now, by=by, limit=SHOWN)
    except WatchfloorError as error:
        refused = refusal(error, question, shift=len(before))
        remember(question, by=by, now=now, error=refused.words)
        return refused
    found = Found(
        heads=tuple(Head(name, str(kind)) for name, kind in answer.columns),
        rows=tuple(tuple(plain(value) for value in row) for row in answer.rows),
        truncated=answer.truncated,
        seconds=answer.seconds,
        visualization=answer.render.visualization if answer.render else "",
        rows_read=answer.cost.rows,
        bytes_read=answer.cost.bytes,
    )
    remember(question, by=by, now=now, found=found)
    return found


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
    """Every row of the answer as it is read, for files. Raises what the lake raises before the first row."""
    authorise(by, Permission.EMAIL_METADATA_READ)
    before = narrowing(question.runs, question.window, time_column)
    columns, rows = lake.hunt_stream(before + question.runs, now=now, by=by)
    return tuple(Head(name, str(kind)) for name, kind in columns), rows


def remember(question: Question, *, by: Actor, now: datetime, found: Found | None = None, error: str = "") -> None:
    """One line of history; the oldest of this person go beyond the limit."""
    QueryRun.objects.create(
        person_id=by.id,
        person_name=by.name,
        at=now,
        text=question.runs,
        span=question.window.label,
        seconds=found.seconds if found else 0.0,
        rows=len(found.rows) if found else 0,
        truncated=bool(found and found.truncated),
        rows_read=found.rows_read if found else 0,
        bytes_read=found.bytes_read if found else 0,
        error=error,
    )
    own = QueryRun.objects.filter(person_id=by.id).order_by("-id")
    last = own.values_list("pk", flat=True)[KEPT_RUNS : KEPT_RUNS + 1].first()
    if last is not None:
        own.filter(pk__lte=last).delete()


def history(by: Actor, *, limit: int = 100) -> Iterable[QueryRun]:
    """What this person ran, newest first."""
    return QueryRun.objects.filter(person_id=by.id).order_by("-id")[:limit]
