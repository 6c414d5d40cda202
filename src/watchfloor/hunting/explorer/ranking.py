"""One ranking as a page of a tab and as a file: what is ranked, by which number, what is searched in it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from watchfloor.hunting.explorer.contracts import Reader
from watchfloor.hunting.explorer.narrowing import entity_address, narrowed
from watchfloor.hunting.explorer.rankings import RANKINGS, Ranked, Ranking
from watchfloor.hunting.explorer.state import ExplorerState
from watchfloor.hunting.models import KnownCampaign
from watchfloor.identities.contracts import DirectoryEntry
from watchfloor.identities.selectors import people_by_address
from watchfloor.kernel.text import csv_line, visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.selectors import Order, ValueCount

SIZE = 50
CHUNK = 20_000
PEOPLE = ("RecipientEmailAddress", "AccountUpn")
CAMPAIGN = "EmailClusterId"
ALONE = "0"
"""Mail that was put into no campaign bears this number."""


@dataclass(frozen=True, slots=True)
class Head:
    """One column's head: `href` sorts by it, `sorted` says how it is sorted now ("" not)."""

    key: str
    label: str
    href: str
    sorted: str


@dataclass(frozen=True, slots=True)
class Line:
    """One row: the value as shown, who it is where it is somebody, its numbers, its times, and where it leads."""

    value: str
    numbers: tuple[int, ...]
    first: datetime
    last: datetime
    only: str
    entity: str = ""
    href: str = ""
    note: str = ""
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """What an address chooses of a ranking: the ranked column, and the order by the key of a number, `first`, `last` or `value`."""

    ranking: Ranking
    ranked: Ranked
    by: str
    descending: bool
    find: str

    @property
    def order(self) -> Order:
        """The same for the lake: splits are numbered."""
        keys = [split.key for split in self.ranked.splits]
        return Order(keys.index(self.by) if self.by in keys else self.by, self.descending)


def chosen(state: ExplorerState) -> Chosen:
    """The tab's own parameters: `of` a column, `by` a number (with a minus sign the smallest first), `find` a text."""
    ranking = RANKINGS[state.view.table][state.tab.key]
    ranked = next((one for one in ranking.choices if one.key == state.own_value("of")), ranking.choices[0])
    by = state.own_value("by")
    known = {"rows", "first", "last", "value", *(split.key for split in ranked.splits)}
    key = by.removeprefix("-")
    key = key if key in known else "rows"
    return Chosen(ranking, ranked, key, not by.startswith("-"), state.own_value("find"))


def ranking_tab(state: ExplorerState, reader: Reader) -> Mapping[str, Any]:
    """What the tab's template is given."""
    asked = chosen(state)
    found = _found(state, asked, limit=SIZE, offset=(state.page - 1) * SIZE)
    return {
        "ranking": asked.ranking,
        "ranked": asked.ranked,
        "find": asked.find,
        "choices": [
            (one.label, state.with_own(of=one.key, by="").address(), one is asked.ranked)
            for one in asked.ranking.choices
        ],
        "heads": [_head(state, asked, key, label) for key, label in _columns(asked.ranked)],
        "lines": _lines(state, asked, found.found),
        "distinct": found.distinct,
        "at_least": found.at_least,
        "size": SIZE,
        "pager_href": state.address(page=1),
        "kept": [pair for pair in state.parameters(page=1) if pair[0] != "find"],
        "export": state.address("/explorer/ranking.csv", page=1),
        "clear": state.with_own(find="").address(),
    }


def _columns(ranked: Ranked) -> list[tuple[str, str]]:
    return [
        ("value", ranked.label),
        *((split.key, split.label) for split in ranked.splits),
        ("rows", ranked.counted),
        ("first", "First seen"),
        ("last", "Last seen"),
    ]


def _head(state: ExplorerState, asked: Chosen, key: str, label: str) -> Head:
    """A second click turns the order round; words begin at A, numbers and times at the most."""
    current = asked.by == key
    down = not asked.descending if current else key != "value"
    words = ("descending" if asked.descending else "ascending") if current else ""
    return Head(key, label, state.with_own(by=key if down else f"-{key}").address(), words)


def _found(state: ExplorerState, asked: Chosen, *, limit: int, offset: int) -> lake.Values:
    return lake.values(
        state.query,
        column=asked.ranked.column,
        order=asked.order,
        limit=limit,
        offset=offset,
        splits=[split.condition for split in asked.ranked.splits],
        contains=asked.find,
        without=("", ALONE) if asked.ranked.column == CAMPAIGN else ("",),
    )


def _lines(state: ExplorerState, asked: Chosen, found: Sequence[ValueCount]) -> list[Line]:
    column = asked.ranked.column
    people = people_by_address(one.value for one in found) if column in PEOPLE else {}
    lines = [_line(state, column, one, people.get(one.value.lower())) for one in found]
    return _as_campaigns(lines) if column == CAMPAIGN else lines


def _as_campaigns(lines: Sequence[Line]) -> list[Line]:
    """By their names where they are known as threats; one question."""
    known = {str(one.pk): one for one in KnownCampaign.objects.filter(pk__in=[int(line.value) for line in lines])}
    return [
        replace(line, value=visible(known[line.value].name), note=line.value, href=known[line.value].href)
        if line.value in known
        else replace(line, value=f"Like mail {line.value}")
        for line in lines
    ]


def _line(state: ExplorerState, column: str, one: ValueCount, known: DirectoryEntry | None) -> Line:
    return Line(
        value=visible(known.name if known and known.name else one.value),
        numbers=(*one.splits, one.rows),
        first=one.first,
        last=one.last,
        only=narrowed(state, column, one.value, tab=state.view.tabs[0]),
        entity=entity_address(state, column, one.value),
        note=visible(one.value) if known and known.name else "",
        tags=tuple(map(visible, known.tags)) if known else (),
    )


def csv_lines(state: ExplorerState) -> Iterator[str]:
    """The whole ranking without a cap, some thousand lines at a time."""
    asked = chosen(state)
    numbers = [label for key, label in _columns(asked.ranked) if key not in ("value", "first", "last")]
    yield csv_line((asked.ranked.label, "Name", *numbers, "First seen (UTC)", "Last seen (UTC)"))
    offset = 0
    while True:
        found = _found(state, asked, limit=CHUNK, offset=offset).found
        people = people_by_address(one.value for one in found) if asked.ranked.column in PEOPLE else {}
        for one in found:
            known = people.get(one.value.lower())
            times = (f"{one.first:%Y-%m-%d %H:%M:%S}", f"{one.last:%Y-%m-%d %H:%M:%S}")
            yield csv_line((one.value, known.name if known else "", *one.splits, one.rows, *times))
        offset += CHUNK
        if len(found) < CHUNK:
            return
