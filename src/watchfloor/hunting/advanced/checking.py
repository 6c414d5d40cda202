"""What the editor asks while somebody types: marks and completions of the lake's own parser and binder, as the page writes them."""

from datetime import datetime
from typing import Any

from watchfloor.access.contracts import Actor
from watchfloor.hunting.advanced.asking import Mark
from watchfloor.lake import selectors as lake

MOST = 60
CALLS = ("aggregate", "plugin")
"""Kinds that look like functions to whoever types."""


def marks_of(text: str, *, by: Actor, now: datetime) -> list[Mark]:
    """What is wrong or doubtful, in order."""
    if not text.strip():
        return []
    found = lake.check_query(text, by=by, now=now)
    return [Mark(one.start, one.end, one.words, one.kind) for one in found]


def completions(text: str, position: int, *, by: Actor, now: datetime) -> list[dict[str, Any]]:
    """What may stand at `position`, best first, and the characters it takes the place of."""
    return [
        {
            "label": one.name,
            "kind": "function" if one.kind in CALLS else "column" if one.kind == "variable" else one.kind,
            "detail": one.detail,
            "insert": one.insert,
            "start": one.start,
            "end": one.end,
        }
        for one in lake.complete_query(text, position, by=by, now=now)[:MOST]
    ]
