"""What the editor asks while somebody types: marks from the lake's own parser and binder, and what may stand at the caret."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from watchfloor.access.contracts import Actor
from watchfloor.hunting.advanced.asking import Mark
from watchfloor.hunting.advanced.words import Word, language, table_words
from watchfloor.lake import selectors as lake

_TYPED = re.compile(r"[A-Za-z_][\w-]*$")
_NAMES = re.compile(r"[A-Za-z_]\w*")
_INSIDE = re.compile(r"//[^\n]*$|\"(?:[^\"\\\n]|\\.)*$|'(?:[^'\\\n]|\\.)*$")
_WHOLE = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|//[^\n]*\n")
_DECLARED = re.compile(r"\blet\s+(\w+)|(?<![=!<>])\b(\w+)\s*=(?![=~])")
MOST = 60


def marks_of(text: str, *, by: Actor, now: datetime) -> list[Mark]:
    """What is wrong or doubtful, in order."""
    if not text.strip():
        return []
    found = lake.check_query(text, by=by, now=now)
    return [Mark(one.start, one.end, one.words, one.kind) for one in found]


def completions(text: str, position: int, *, by: Actor) -> list[dict[str, Any]]:
    """What may stand at `position`, best first: operators after a bar, tables where a query begins, else columns, words, functions."""
    before = _WHOLE.sub(lambda found: " " * len(found.group()), text[:position])
    if _INSIDE.search(before):
        return []
    typed = _TYPED.search(before)
    start = typed.start() if typed else position
    prefix = text[start:position].lower()
    if not prefix and not re.search(
        r"[|(,]\s*$|^\s*$|\b(?:by|where|on|and|or|project|extend|summarize|distinct)\s+$", before
    ):
        return []
    candidates = _candidates(text, before[:start], by=by)
    fitting = [one for one in candidates if prefix in one.name.lower()]
    fitting.sort(key=lambda one: not one.name.lower().startswith(prefix))
    unique = {(one.name, one.kind): one for one in reversed(fitting)}
    return [_item(one, start, position) for one in list(reversed(unique.values()))[:MOST]]


def _candidates(text: str, before: str, *, by: Actor) -> Iterator[Word]:
    """Words that fit what stands before the one being typed."""
    known = table_words(by)
    words = list(language())
    if re.search(r"\|\s*$", before):
        yield from (one for one in words if one.kind == "operator")
        return
    if re.search(r"(?:^|;)\s*$", before):
        yield from (one for one in known if one.kind == "table")
        yield from (one for one in words if one.name in ("let", "union", "search", "datatable"))
        return
    if re.search(r"\b(?:join|union|lookup)\b[^|;]*[(,\s]\s*$", before) and not re.search(r"\bon\s[^|]*$", before):
        yield from (one for one in known if one.kind == "table")
    named = set(_NAMES.findall(text))
    for found in _DECLARED.finditer(text):
        yield Word(found[1] or found[2], "column", "named in this query")
    yield from (one for one in known if one.kind == "column" and one.of in named)
    yield from (one for one in words if one.kind in ("keyword", "function"))


def _item(word: Word, start: int, end: int) -> dict[str, Any]:
    insert = f"{word.name}(" if word.kind == "function" else word.name
    return {"label": word.name, "kind": word.kind, "detail": word.detail, "insert": insert, "start": start, "end": end}
