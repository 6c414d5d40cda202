"""The report of submissions: what people reported and analysts handed in, over time and by what came of it (RP-06)."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncHour

from watchfloor.kernel.text import csv_line, visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import OTHER
from watchfloor.portal.reports.contracts import Asked, Cell, Details, Figures, Line
from watchfloor.portal.reports.details import A_PAGE
from watchfloor.portal.reports.figures import labels, lowered, most, named, per, share, step, tone
from watchfloor.response.submissions import selectors as submissions

HEADS = {
    "reported_at": "Reported",
    "subject": "Subject",
    "sender": "Sender",
    "reporter": "Reporter",
    "reason": "Reported as",
    "group__marked_as": "Marked as",
    "group__result": "Result",
    "at": "Submitted",
    "name": "What",
    "kind": "Kind",
    "by": "Submitted by",
    "said": "Submitted as",
    "result": "Result",
}
QUEUE = {"Phish": "threats", "Spam": "spam", "No threats": "clean"}
"""The queue's own names of the reasons, for the way there."""
STREAMED = 500


def figures(one: Asked) -> Figures:
    """Counts per hour, day or week of the chosen field, and what became of them."""
    seconds = step(one)
    times = lake.bucket_starts(one.start, one.end, seconds)
    counts = _counts(one, seconds)
    names = most(counts)
    series = [
        {
            "name": _name(one, value),
            "values": [counts[value][int(moment.timestamp()) // seconds] for moment in times],
            "href": _href(one, value),
            **tone(_name(one, value)),
        }
        for value in names
    ]
    found = {value: sum(counts[value].values()) for value in names}
    total = sum(found.values())
    noun = f"{one.tab.noun.capitalize()}s"
    return Figures(
        kind="stacked",
        data={"categories": labels(times, seconds), "series": series},
        heads=(one.by.label, noun, "Share"),
        lines=tuple(
            Line(_name(one, value), number, share(number, total), _href(one, value)) for value, number in found.items()
        ),
        total=total,
        sentence=sentence(one),
        title=f"{noun} {per(seconds)} by {lowered(one.by.label)}",
        stats=_stats(one) if total else (),
    )


def sentence(one: Asked) -> str:
    """What is shown, in words."""
    what = "Mail that people reported" if one.tab.key == "reported" else "Mail, files and URLs that analysts submitted"
    return f"{what} from {one.start:%d %b %Y %H:%M} to {one.end:%d %b %Y %H:%M} UTC"


def details(one: Asked, *, total: int, limit: int = A_PAGE) -> Details:
    """One page of rows, newest first."""
    first = (one.page - 1) * limit
    rows = [[_cell(one, row, name) for name in one.tab.columns] for row in _rows(one)[first : first + limit]]
    return Details(tuple(HEADS[name] for name in one.tab.columns), rows, total)


def csv_of_rows(one: Asked) -> Iterator[str]:
    """Every row, streamed, with the mail's id."""
    names = (*one.tab.columns, "network_message_id")
    yield "\ufeff" + csv_line((*(HEADS[name] for name in one.tab.columns), "NetworkMessageId"))
    for row in _rows(one).values_list(*names).iterator(chunk_size=STREAMED):
        yield csv_line(value.isoformat() if isinstance(value, datetime) else value or "" for value in row)


def _rows(one: Asked) -> "QuerySet[Any]":
    asked = submissions.reports_between if one.tab.key == "reported" else submissions.submissions_between
    return asked(since=one.start, until=one.end)


def _counts(one: Asked, seconds: int) -> dict[str, Counter[int]]:
    """Of each value, how many in which stretch of `seconds`: one question, by the hour."""
    hour = TruncHour(one.tab.columns[0], tzinfo=UTC)
    rows = _rows(one).order_by().annotate(hour=hour).values_list("hour", one.by.column).annotate(number=Count("pk"))
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for moment, value, number in rows:
        counts[value or ""][int(moment.timestamp()) // seconds] += number
    return counts


def _stats(one: Asked) -> tuple[tuple[str, str], ...]:
    if one.tab.key != "reported":
        return ()
    told = submissions.figures(since=one.start, until=one.end)
    return (("Reports", f"{told['reports']:,}"), ("Reporters", f"{told['reporters']:,}"), ("Open", f"{told['open']:,}"))


def _name(one: Asked, value: str) -> str:
    return value if value == OTHER else named(one, value)


def _href(one: Asked, value: str) -> str:
    """The queue with the same reports; it knows them by what they were reported as and marked as, and fewer days."""
    if one.tab.key != "reported" or one.preset not in submissions.PERIODS or value == OTHER:
        return ""
    if one.by.key == "reason" and value in QUEUE:
        return f"/submissions?{urlencode({'show': QUEUE[value], 'period': one.preset})}"
    if one.by.key == "mark":
        return f"/submissions?{urlencode({'mark': value or submissions.OPEN, 'period': one.preset})}"
    return ""


def _cell(one: Asked, row: Any, name: str) -> Cell:
    value: Any = row
    for part in name.split("__"):
        value = getattr(value, part, None)
    if isinstance(value, datetime):
        return Cell("time", value)
    if name == "subject":
        group = row.group
        return Cell("link", visible(value) or "(no subject)", group.href if group else "")
    if name == "name":
        return Cell("link", visible(value or row.value), row.href)
    known = next((by.names for by in one.tab.breakdowns if by.column == name), {})
    return Cell("text", known.get(value, visible(value)) if value else "")
