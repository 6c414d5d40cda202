"""A person's timeline: every source merged, newest first; what can be filtered and the histogram come from one count."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from watchfloor.access.contracts import Actor
from watchfloor.identities.page import asking
from watchfloor.identities.page.asking import Cell, Mine
from watchfloor.identities.page.lines import FILTERS, Chosen, Line
from watchfloor.identities.page.source_kinds import Asking, StoredSource
from watchfloor.identities.scoring.contracts import PointLine
from watchfloor.identities.scoring.selectors import points_by_evidence
from watchfloor.identities.selectors import names_of

PAGE = 50
MOST_FACETS = 200
AT_HAND = 1000
"""Rows that are read at once and counted here, before the lake is asked to."""
DAY = 86_400
RISK = "Risk"
Points = Mapping[tuple[str, str], Sequence[PointLine]]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a timeline. `values` gives per filter the values that occur with how many lines, seen past that filter.

    `ways` counts by and on; `times` are the starts of the histogram's buckets of `step` seconds, `series` the counts per
    kind; `more` says that older lines follow.
    """

    lines: tuple[Line, ...]
    total: int
    more: bool
    values: Mapping[str, tuple[tuple[str, int], ...]]
    ways: Mapping[str, int]
    times: tuple[datetime, ...]
    step: int
    series: Mapping[str, tuple[int, ...]]


def timeline(person: int, chosen: Chosen, *, actor: Actor, now: datetime) -> Page:
    """One page with its filters and histogram: one question to the lake or two, a few to the database."""
    names, points, step = names_of(person), points_by_evidence(person), step_of(chosen)
    mine = asking.mine(names, actor=actor)
    stored = _stored(Asking(person, names, chosen.start, chosen.end), actor=actor)
    rows, counted = _asked(mine, chosen, now=now, step=step)
    cells = [*counted, *(Cell(line, 1) for line in stored)]
    merged = _merged(rows, stored, chosen)
    found = [line for line, _ in zip(merged, range(PAGE + 1), strict=False)]
    shown = [cell for cell in cells if _shown(cell.line, chosen)]
    times, series = histogram(shown, chosen, step)
    return Page(
        lines=tuple(_scored(line, points) for line in found[:PAGE]),
        total=sum(cell.number for cell in shown),
        more=len(found) > PAGE,
        values={name: _values(name, cells, chosen) for name in FILTERS},
        ways=_ways(cells, chosen),
        times=times,
        step=step,
        series=series,
    )


def _asked(mine: Sequence[Mine], chosen: Chosen, *, now: datetime, step: int) -> tuple[Iterable[Line], Iterable[Cell]]:
    """The rows of the page and the counts of the window. Of most people one question gives both, as all rows fit at hand."""
    if chosen.narrowed or chosen.before is not None:
        return asking.rows(mine, chosen, now=now, limit=PAGE + 1), asking.cells(mine, chosen, now=now, step=step)
    near = list(asking.rows(mine, chosen, now=now, limit=max(AT_HAND, PAGE) + 1))
    if len(near) <= AT_HAND:
        return near, (Cell(line, 1) for line in near)
    return near, asking.cells(mine, chosen, now=now, step=step)


def every_line(person: int, chosen: Chosen, *, actor: Actor, now: datetime) -> Iterator[Line]:
    """All that `chosen` lets through, newest first, with flat memory."""
    names, points = names_of(person), points_by_evidence(person)
    stored = _stored(Asking(person, names, chosen.start, chosen.end), actor=actor)
    whole = replace(chosen, before=None)
    rows = asking.all_rows(asking.mine(names, actor=actor), whole, now=now)
    return (_scored(line, points) for line in _merged(rows, stored, whole))


def step_of(chosen: Chosen) -> int:
    """Seconds of a bucket: an hour for up to three days, then a day, a week beyond 92."""
    days = (chosen.end - chosen.start) / timedelta(days=1)
    return 3600 if days <= 3 else DAY if days <= 92 else 7 * DAY


def _stored(asked: Asking, *, actor: Actor) -> list[Line]:
    sources = [one for one in asking.all_sources() if isinstance(one, StoredSource) and actor.may(one.permission)]
    return [line for source in sources for line in source.lines(asked)]


def _merged(rows: Iterable[Line], stored: Iterable[Line], chosen: Chosen) -> Iterator[Line]:
    before = chosen.before
    kept = [line for line in stored if _shown(line, chosen) and (before is None or line.order < before)]
    kept.sort(key=lambda line: line.order, reverse=True)
    return heapq.merge(rows, kept, key=lambda line: line.order, reverse=True)


def _shown(line: Line, chosen: Chosen) -> bool:
    """Points stand on the lines they are for; only who asks for risk alone sees them as lines of their own."""
    alone = chosen.of("kind") == (RISK,)
    return chosen.keeps(line) and (line.kind != RISK or alone)


def _scored(line: Line, points: Points) -> Line:
    found = [point for point in points.get(line.tells, ()) if not point.void]
    if line.kind == RISK or not found:
        return line
    techniques = dict.fromkeys((*line.techniques, *(one for point in found for one in point.techniques)))
    why = " ".join(point.words for point in found)
    gravest = max(found, key=lambda point: point.points)
    total = sum(point.points for point in found)
    return replace(line, points=total, why=why, point=gravest.id, techniques=tuple(techniques))


def _values(name: str, cells: Iterable[Cell], chosen: Chosen) -> tuple[tuple[str, int], ...]:
    """Values that occur among what the other filters let through, most frequent first; chosen ones stay, be it with 0."""
    counted: Counter[str] = Counter(dict.fromkeys(chosen.of(name), 0))
    for cell in cells:
        value = getattr(cell.line, name)
        if value and (name == "kind" or cell.line.kind != RISK) and chosen.keeps(cell.line, but=name):
            counted[value] += cell.number
    return tuple(sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:MOST_FACETS])


def _ways(cells: Iterable[Cell], chosen: Chosen) -> Mapping[str, int]:
    either, counted = replace(chosen, direction=""), Counter({"by": 0, "on": 0})
    for cell in cells:
        if _shown(cell.line, either):
            counted["on" if cell.line.on else "by"] += cell.number
    return counted


def histogram(
    shown: Iterable[Cell], chosen: Chosen, step: int
) -> tuple[tuple[datetime, ...], Mapping[str, tuple[int, ...]]]:
    """Starts of the buckets over the whole window, and counts per kind, biggest kind first."""
    first = int(chosen.start.timestamp()) // step * step
    seconds = range(first, max(int(chosen.end.timestamp()), first + 1), step)
    counted: dict[str, Counter[int]] = {}
    for cell in shown:
        at = int(cell.line.at.timestamp()) // step * step
        counted.setdefault(cell.line.kind, Counter())[max(at, first)] += cell.number
    order = sorted(counted, key=lambda kind: -counted[kind].total())
    times = tuple(datetime.fromtimestamp(second, UTC) for second in seconds)
    return times, {kind: tuple(counted[kind][second] for second in seconds) for kind in order}
