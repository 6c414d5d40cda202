"""The lake's part of a timeline: one union of the sources' conditions, read as lines or counted as cells."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from watchfloor.access.contracts import Actor
from watchfloor.identities.contracts import PersonNames
from watchfloor.identities.page import kql, sources
from watchfloor.identities.page.lines import Chosen, Line
from watchfloor.identities.page.source_kinds import CELLS, LakeSource, StoredSource
from watchfloor.kernel.registry import modules_in
from watchfloor.lake.selectors import hunt, hunt_stream

MOST_CELLS = 20_000
SECONDS = 20.0
NARROWING = {"activity": "Activity", "app": "App", "location": "Location", "protocol": "Protocol"}
"""Filters that are cells of a row; kind and direction are known of a source without asking, severity only alerts have."""


@cache
def all_sources() -> tuple[LakeSource | StoredSource, ...]:
    """Every source there is, by the name of its module."""
    return tuple(module.SOURCE for module in modules_in(sources.__name__))


@cache
def _by_table() -> dict[str, LakeSource]:
    return {one.table: one for one in all_sources() if isinstance(one, LakeSource)}


@dataclass(frozen=True, slots=True)
class Cell:
    """So many lines of one bucket that agree in all that can be filtered; its line passes filters like one of them."""

    line: Line
    number: int


@dataclass(frozen=True, slots=True)
class Mine:
    """A source this actor may read, with the KQL conditions of the person's rows and of those done to the person."""

    source: LakeSource
    where: str
    on: str


def mine(names: PersonNames, *, actor: Actor) -> tuple[Mine, ...]:
    """The sources this actor may read that know the person by some name."""
    found = [one for one in _by_table().values() if actor.may(one.permission)]
    return tuple(Mine(one, where, one.on(names)) for one in found if (where := one.where(names)))


def rows(given: Iterable[Mine], chosen: Chosen, *, now: datetime, limit: int) -> Iterator[Line]:
    """The first `limit` lines after the place the choice names, newest first."""
    union = _narrowed(given, chosen)
    if union:
        text = f"{union}\n{_after(chosen.before)}| sort by Timestamp desc, Key desc | take {limit}"
        answer = hunt(text, now=now, limit=limit, timeout=SECONDS)
        yield from _lines([name for name, _ in answer.columns], answer.rows)


def all_rows(given: Iterable[Mine], chosen: Chosen, *, now: datetime) -> Iterator[Line]:
    """All of them, newest first, a few thousand in memory."""
    union = _narrowed(given, chosen)
    if union:
        columns, batches = hunt_stream(f"{union}\n| sort by Timestamp desc, Key desc", now=now)
        for batch in batches:
            yield from _lines([name for name, _ in columns], batch)


def cells(given: Iterable[Mine], chosen: Chosen, *, now: datetime, step: int) -> Iterator[Cell]:
    """The lines of the window counted per bucket of `step` seconds and by all that can be filtered, whatever is chosen."""
    union = _union(given, chosen)
    if not union:
        return
    grouped = ", ".join(["Source", "Way", *NARROWING.values()])
    text = f"{union}\n| summarize N = count() by At = bin(Timestamp, {step}s), {grouped}"
    answer = hunt(text, now=now, limit=MOST_CELLS, timeout=SECONDS)
    names = [name for name, _ in answer.columns]
    for values in answer.rows:
        row = dict(zip(names, values, strict=True))
        yield Cell(_alike(row, _by_table()[row["Source"]]), row["N"])


def _alike(row: Mapping[str, Any], source: LakeSource) -> Line:
    """What the lines of a cell have in common."""
    return Line(
        at=row["At"],
        key="",
        kind=source.kind,
        activity=row["Activity"] or "",
        app=row["App"] or "",
        location=row["Location"] or "",
        protocol=row["Protocol"] or "",
        on=row["Way"] == "on",
    )


def _narrowed(given: Iterable[Mine], chosen: Chosen) -> str:
    """The union of what the filters let through."""
    kinds = chosen.of("kind")
    if chosen.of("severity"):  # which only alerts have
        return ""
    some = [one for one in given if not kinds or one.source.kind in kinds]
    parts = [kql.one_of(cell, values) for name, cell in NARROWING.items() if (values := chosen.of(name))]
    parts += [kql.one_of("Way", (chosen.direction,))] if chosen.direction else []
    union = _union(some, chosen)
    return f"{union}\n| where {' and '.join(parts)}" if union and parts else union


def _union(given: Iterable[Mine], chosen: Chosen) -> str:
    branches = [_branch(one, chosen) for one in given]
    return f"union {', '.join(branches)}" if branches else ""


def _branch(one: Mine, chosen: Chosen) -> str:
    source = one.source
    window = f"Timestamp >= {kql.moment(chosen.start)} and Timestamp < {kql.moment(chosen.end)}"
    read = ", ".join(f"{cell} = {source.cells.get(cell, kql.text(''))}" for cell in CELLS)
    own = f"Source = {kql.text(source.table)}, Id = {source.id}, Key = strcat({kql.text(source.table + ':')}, {source.id})"
    way = f'Way = iff({one.on}, "on", "by")'
    return f"({source.table} | where {window} | where {one.where} | project Timestamp, {own}, {way}, {read})"


def _after(before: tuple[datetime, str] | None) -> str:
    if before is None:
        return ""
    at, key = kql.moment(before[0]), kql.text(before[1])
    return f"| where Timestamp < {at} or (Timestamp == {at} and strcmp(Key, {key}) < 0)\n"


def _lines(names: list[str], found: Iterable[tuple[Any, ...]]) -> Iterator[Line]:
    for values in found:
        row = dict(zip(names, values, strict=True))
        at, source = row.pop("Timestamp"), _by_table()[row["Source"]]
        yield _line(at, source, {name: str(value) if value is not None else "" for name, value in row.items()})


def _line(at: datetime, source: LakeSource, row: dict[str, str]) -> Line:
    return Line(
        at=at,
        key=row["Key"],
        kind=source.kind,
        activity=row["Activity"],
        words=source.words(row),
        app=row["App"],
        location=row["Location"],
        protocol=row["Protocol"],
        ip=row["IP"],
        device=row["Device"],
        target=row["Target"] if source.table.endswith("LogonEvents") else row["Object"],
        techniques=source.techniques(row),
        on=row["Way"] == "on",
        href=source.href(row),
        tells=(source.table, row["Id"]),
    )
