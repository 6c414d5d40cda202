"""What the templates of advanced hunting are given."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from zlib import crc32

from watchfloor.access.contracts import Actor, Permission
from watchfloor.hunting.advanced.asking import Found, Mark, Question, Refused, history
from watchfloor.hunting.advanced.cells import Head, cell, key_of, mail_keys, readable, shown
from watchfloor.hunting.advanced.charting import KINDS, chart_of
from watchfloor.hunting.advanced.people import ACCOUNTS, OBJECTS
from watchfloor.hunting.advanced.saving import folders
from watchfloor.hunting.advanced.window import SPANS, Window
from watchfloor.hunting.advanced.words import language, table_words, tables
from watchfloor.hunting.explorer.rights import may_act
from watchfloor.hunting.models import CustomDetection

Context = dict[str, Any]
FIRST_PAGE = 100
WIDE = 12
"""Columns that are all shown, empty or not."""
PANELS = (("schema", "Schema"), ("queries", "Queries"), ("history", "History"))
FORM_FIELDS = ("name", "folder", "description", "shared")
FORMATS = ("csv", "json", "parquet")


def shell(question: Question, *, by: Actor, panel: str, marks: Sequence[Mark] = ()) -> Context:
    """The page around an answer: the question, the time picker, what the editor knows, and one of the panels."""
    window = question.window
    spans = [
        (key, label if key == "query" else f"Last {label}", key == window.key) for key, (label, _) in SPANS.items()
    ]
    return {
        "text": question.text,
        "window": window,
        "spans": [*spans, ("custom", "Custom", window.key == "custom")],
        "from_value": f"{window.start:%Y-%m-%dT%H:%M}" if window.start else "",
        "to_value": f"{window.end:%Y-%m-%dT%H:%M}" if window.end else "",
        "words": [word.plain() for word in (*table_words(by), *language())],
        "marks": [mark.plain() for mark in marks],
        "link": link(question.text, window),
        "may_save": by.may(Permission.QUERY_SAVE),
        "may_detect": by.may(Permission.DETECTION_TUNE),
        **failing(),
        **side(question, by=by, panel=panel),
    }


def failing() -> Context:
    """How many custom detections failed at their last run."""
    number = CustomDetection.objects.filter(enabled=True, last_state="failing").count()
    return {"failing": number, "failing_words": f"{number:,} failing"}


def side(question: Question, *, by: Actor, panel: str) -> Context:
    """One of the panels beside the query."""
    key = panel if panel in dict(PANELS) else "schema"
    here = urlencode([("query", question.text), *question.window.parameters])
    context: Context = {
        "panel": key,
        "panel_template": f"hunting/advanced/{key}.html",
        "panels": [(one, label, f"/hunting?{here}&panel={one}") for one, label in PANELS],
    }
    if key == "history":
        return context | {"runs": [(run, link(run.text, Window.between(run.start, run.end))) for run in history(by)]}
    if key == "queries":
        return context | {
            "folders": folders(by),
            "import_attrs": {"hx-get": "/hunting/queries/import", "hx-target": "#flyout"},
            "may_save": by.may(Permission.QUERY_SAVE),
        }
    return context | {"tables": tables(by)}


def link(text: str, window: Window) -> str:
    """The address of a question."""
    return f"/hunting?{urlencode([('query', text), *window.parameters])}"


def answer(question: Question, told: Found | Refused, *, by: Actor) -> Context:
    """The rows with their chart and tools, or why there are none."""
    if isinstance(told, Refused):
        marks = [mark.plain() for mark in told.marks]
        title = f"The query was not run: {told.place}" if told.place else "The query was not answered"
        return {"answered": True, "refused": told, "refused_title": title, "marks": marks}
    keys = mail_keys(told.heads)
    names = row_names(told, keys)
    keyed = bool(names) and not any(name.startswith("#") for name in names)
    may_link = by.may(Permission.INCIDENT_MANAGE)
    acts_on = acting(told, keyed=keyed, by=by)
    selectable = may_link or bool(acts_on) or (keyed and may_act(by))
    return {
        "answered": True,
        "found": told,
        "marks": [],
        "cost": cost(told),
        "truncated": f"There are more rows than these {len(told.rows):,}; a file holds all of them, a narrower query fewer.",
        "nothing": nothing(question.window),
        "may_act": may_act(by),
        "keyed": keyed,
        "acts_on": acts_on,
        "may_link": may_link,
        "selectable": selectable,
        "table_id": f"answer-{crc32(' '.join(head.name for head in told.heads).encode()):x}",
        "empty_columns": empty_columns(told),
        "formats": FORMATS,
        "carried": [("query", question.runs), *question.window.parameters],
        "page_rows": [
            (name, [*map(cell, told.heads, row)])
            for name, row in zip(names[:FIRST_PAGE], told.rows[:FIRST_PAGE], strict=True)
        ],
        "more_pages": len(told.rows) > FIRST_PAGE,
        "first": f"1–{min(len(told.rows), FIRST_PAGE):,} of {len(told.rows):,}",
        "data": data(told, names if selectable else ()),
        **drawn(told),
    }


def empty_columns(told: Found) -> frozenset[str]:
    """Columns of a wide answer that hold nothing: not shown until somebody chooses them."""
    if len(told.heads) <= WIDE:
        return frozenset()
    return frozenset(
        head.name for place, head in enumerate(told.heads) if all(row[place] in (None, "") for row in told.rows)
    )


def cost(told: Found) -> str:
    """“0.21 s · 98,000 rows read”: what the answer took, and what was looked at for it."""
    return f"{told.seconds:.2f} s · {told.rows_read:,} row{'' if told.rows_read == 1 else 's'} read"


def nothing(window: Window) -> str:
    """Why nothing may have been found, and what to try."""
    if window.start is None:
        return "No row fits what the query asks."
    return f"No row of this time ({window.label.lower()}) fits; take a longer time, or “Set in query”."


def drawn(told: Found) -> Context:
    """The chart that `render` asked for; when there is none, why."""
    asked = told.visualization
    if not asked or asked == "table":
        return {}
    chart = chart_of(asked, told.heads, told.rows, told.wishes)
    if chart:
        title = shown(told.wishes.get("title", "")) or ", ".join(head.name for head in told.heads)
        return {"chart": chart, "chart_title": title}
    known = ", ".join(KINDS)
    why = "the rows hold no number to draw" if asked in KINDS else f"“{asked}” is not drawn here, only {known}"
    return {"chart_missing": f"No chart: {why}." if told.rows else ""}


def row_names(told: Found, keys: tuple[int, int] | None) -> list[str]:
    """What a tick sends for each row: its mail's copy, else its place as “#12”."""
    return [key_of(row, keys) or f"#{place}" for place, row in enumerate(told.rows)]


def acting(told: Found, *, keyed: bool, by: Actor) -> str:
    """The label of the button for what rows name besides copies of mails; empty when there is nothing to do."""
    names = {head.name for head in told.heads}
    if not keyed and "NetworkMessageId" in names and may_act(by):
        return "Take action"
    return "People" if names & {*ACCOUNTS, *OBJECTS} else ""


def data(told: Found, names: Sequence[str]) -> Mapping[str, Any]:
    """All rows for the script that sorts and narrows them: numbers as numbers, all else as text that is safe to read."""
    return {
        "heads": [{"name": head.name, "kind": head.kind, "link": head.link} for head in told.heads],
        "rows": [[scripted(head, value) for head, value in zip(told.heads, row, strict=True)] for row in told.rows],
        "keys": list(names),
    }


def scripted(head: Head, value: Any) -> Any:
    """One cell for the script."""
    return value if head.kind == "number" and isinstance(value, int | float) else readable(head, value)
