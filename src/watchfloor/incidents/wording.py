"""A queue's filter as a sentence and as chips, each with the address that takes it off."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from watchfloor.incidents.contracts import WORDS
from watchfloor.incidents.filters import ANY, RANGES, Filter
from watchfloor.incidents.investigated import state_words
from watchfloor.kernel.text import spaced


@dataclass(frozen=True, slots=True)
class Chip:
    """One part of a filter in words; `without` is the query string that has it not."""

    words: str
    without: str


def chips(chosen: Filter, parameters: Any, *, assignees: dict[str, str]) -> list[Chip]:
    """What narrows the queue beyond its status, severity and time, which stand in the bar themselves."""
    return [Chip(words, _without(parameters, field, value)) for field, value, words in _parts(chosen, assignees)]


def _parts(chosen: Filter, assignees: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    if chosen.search:
        yield "q", "", f"search: {chosen.search[:80]}"
    if chosen.entity:
        yield "entity", "", f"names {chosen.entity[:80]}"
    if chosen.assigned:
        names = {"me": "me or my groups", "nobody": "nobody", **assignees}
        yield "assigned", "", f"assigned to {names.get(chosen.assigned, chosen.assigned)}"
    if chosen.classification != ANY:
        kind, _, determination = chosen.classification.partition("/")
        text = (
            f"{WORDS.get(kind, kind)}{f': {WORDS.get(determination, determination).lower()}' if determination else ''}"
        )
        yield "classification", "", f"classification: {text}"
    listed = {
        "alert-severity": ("an alert of severity ", chosen.alert_severities),
        "category": ("category ", tuple(chosen.categories)),
        "source": ("source ", chosen.sources),
        "rule": ("policy ", chosen.rules),
        "technique": ("technique ", chosen.techniques),
        "tag": ("tag ", chosen.tags),
        "has": ("names a ", chosen.has),
        "several": ("more than one ", chosen.several),
        "investigation": ("investigation: ", tuple(chosen.investigations)),
    }
    for field, (before, values) in listed.items():
        for value in values:
            shown = _shown(field, value)
            yield field, value, before + (value if field in ("tag", "source", "technique") else shown)


def _shown(field: str, value: str) -> str:
    if field == "category":
        return spaced(value)
    if field == "investigation":
        return state_words(value).lower()
    return value if field == "rule" else WORDS.get(value, value).lower()


def _without(parameters: Any, field: str, value: str) -> str:
    rest = parameters.copy()
    rest.pop("page", None)
    values = [
        one for given in rest.getlist(field) for one in (given.split(",") if field in ("tag", "technique") else [given])
    ]
    kept = [one for one in values if value and one.strip() != value]
    rest.setlist(field, kept) if kept else rest.pop(field, None)
    return str(rest.urlencode())


def span(chosen: Filter) -> str:
    """“6 months”, “2026-11-01 00:00 to 2026-11-08 00:00 UTC”."""
    if chosen.range == "custom" and chosen.start:
        end = f"{chosen.end:%Y-%m-%d %H:%M}" if chosen.end else "now"
        return f"{chosen.start:%Y-%m-%d %H:%M} to {end} UTC"
    return RANGES.get(chosen.range, RANGES["180d"])[0]
