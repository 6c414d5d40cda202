"""The forms of an alert policy as drafts and back; what is no number is refused by the draft itself."""

from typing import Any

from django.http import QueryDict

from watchfloor.detection.contracts import POLICY_CATEGORIES, SEVERITIES
from watchfloor.detection.editing import OPERATORS, added, columns_of, done, lines, place_of, typed
from watchfloor.detection.keeping import Notify
from watchfloor.detection.policies import (
    AGGREGATIONS,
    LONGEST_BASELINE,
    SHORTEST_BASELINE,
    WATCHED,
    WINDOWS,
    Draft,
    parts_of,
)
from watchfloor.detection.words import span_words
from watchfloor.kernel.errors import BadInput
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import UNVALUED, Part

TRIGGER_WORDS = (
    ("every", "Every time it happens"),
    ("threshold", "When it happens so often within a time"),
    ("unusual", "When there is unusually much of it"),
)
MOST_PARTS = 60


def read_draft(data: QueryDict, *, base: Draft) -> Draft:
    """What a form or an address says; a field that is missing stays as in `base`."""

    def text(name: str, most: int = 200) -> str:
        return str(data.get(name, getattr(base, name))).replace("\x00", "").strip()[:most]

    def number(name: str) -> int:
        given = text(name)
        return int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 0

    table = text("table")
    asked = "f" in data or "match" in data
    return Draft(
        title=text("title"),
        description=text("description", 2000),
        severity=text("severity"),
        policy_category=text("policy_category"),
        table=table if table in WATCHED else base.table,
        parts=tuple(data.getlist("f")[:MOST_PARTS]) if asked else base.parts,
        any_of=data.get("match") == "any" if asked else base.any_of,
        trigger=text("trigger"),
        at_least=number("at_least"),
        group_by=text("group_by"),
        distinct=text("distinct"),
        window=text("window"),
        baseline_days=number("baseline_days"),
        aggregate=text("aggregate"),
    )


def edited(draft: Draft, data: QueryDict) -> Draft:
    """The draft after the button that was pressed: “add”, or “verb:place”. Raises BadInput, the draft then stays as it was."""
    verb, _, where = str(data.get("do", "")).partition(":")
    parts: tuple[Part, ...] = parts_of(draft.parts, draft.table)
    if verb == "table":
        return _on_another_table(draft)
    if verb == "add":
        new = typed(
            column=data.get("column", ""), operator=data.get("operator", ""), values=data.get("value", "")[:4000]
        )
        parts = added(parts, new, into=place_of(str(data.get("into", ""))))
    else:
        parts = done(parts, verb, place_of(where))
    texts = tuple(lake.encoded(one) for one in parts)
    parts_of(texts, draft.table)
    return Draft(**{**_fields(draft), "parts": texts})


def _fields(draft: Draft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in Draft.__dataclass_fields__}


def _on_another_table(draft: Draft) -> Draft:
    """Conditions on columns that the table has not fall away, as do what counts are grouped by."""
    kept = []
    for text in draft.parts:
        try:
            kept += [lake.encoded(one) for one in parts_of([text], draft.table)]
        except BadInput:
            continue
    has = lake.table(draft.table).has
    group, distinct = (name if name and has(name) else "" for name in (draft.group_by, draft.distinct))
    return Draft(**{**_fields(draft), "parts": tuple(kept), "group_by": group, "distinct": distinct})


def offered(draft: Draft) -> dict[str, Any]:
    """What the form's selects offer, and the conditions line by line."""
    try:
        shown = list(lines(parts_of(draft.parts, draft.table), draft.table))
    except BadInput:
        shown = []
    watched = WATCHED[draft.table]
    own = [(one.name, one.label or one.name) for one in lake.table(draft.table).columns if one.name in watched.group_by]
    return {
        "lines": shown,
        "groups": [one for one in shown if one.group],
        "tables": [(one.table, one.label) for one in WATCHED.values()],
        "columns": columns_of(draft.table),
        "operators": [(one.value, one in UNVALUED) for one in OPERATORS],
        "severities": [(one, one.capitalize()) for one in SEVERITIES],
        "categories": POLICY_CATEGORIES,
        "triggers": TRIGGER_WORDS,
        "group_columns": own,
        "distinct_columns": columns_of(draft.table)[0][1],
        "windows": [(key, span_words(span)) for key, span in WINDOWS.items()],
        "aggregations": [
            (key, span_words(span) if span else "Never: each its own alert") for key, span in AGGREGATIONS.items()
        ],
        "baseline": (SHORTEST_BASELINE, LONGEST_BASELINE),
    }


def read_notify(data: QueryDict) -> Notify:
    """Who is told, as typed."""
    cap = data.get("daily_cap", "").strip()
    return Notify(
        recipients=_split(data.get("recipients", "")),
        daily_cap=int(cap) if cap.isascii() and cap.isdigit() and len(cap) < 6 else 0,
        webhooks=tuple(dict.fromkeys(data.getlist("webhook"))),
        severity=data.get("severity", ""),
    )


def _split(text: str) -> tuple[str, ...]:
    parts = text.replace("\x00", "").replace("\n", ",").replace(";", ",").split(",")
    return tuple(dict.fromkeys(one.strip()[:320] for one in parts if one.strip()))
