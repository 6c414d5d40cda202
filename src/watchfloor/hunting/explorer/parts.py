"""What each part of Explorer shows. A part asks the lake once or twice and the directory once, however many rows there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from watchfloor.hunting.explorer.catalogue import MAIL, PAGE_SIZE, grid_columns
from watchfloor.hunting.explorer.cells import grid_row
from watchfloor.hunting.explorer.contracts import GridColumn, GridRow, Prefers
from watchfloor.hunting.explorer.state import ExplorerState
from watchfloor.identities.selectors import people_by_address
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import OTHER, Bucketed, Condition, Operator, Query

TONES = {
    "Delivered": "info",
    "Junked": "warning",
    "Blocked": "danger",
    "Malware": "series-4",
    "Phish": "danger",
    "Spam": "warning",
    OTHER: "neutral",
}
PALETTE = 8
"""Colours of series without a tone, as in the kit's tokens.css."""
NOTHING = "(none)"
NEEDED = ("Timestamp", "NetworkMessageId", "RecipientEmailAddress", "Subject")


@dataclass(frozen=True, slots=True)
class Slice:
    """One pivot value of the chart: its rows, and where a click on it leads (empty for the rest and for no value); `swatch` names its colour."""

    name: str
    total: int
    narrow: str
    swatch: str = ""


@dataclass(frozen=True, slots=True)
class ChartPart:
    """The chart with its legend. `data` is what the kit's chart tag takes."""

    data: dict[str, Any]
    slices: tuple[Slice, ...]
    step: str
    total: int


@dataclass(frozen=True, slots=True)
class GridPart:
    """One page of the table. `any_mail` is False when the lake has no mail at all; it is asked only when nothing was found."""

    columns: tuple[GridColumn, ...]
    rows: tuple[GridRow, ...]
    total: int
    any_mail: bool = True


def step_words(seconds: int) -> str:
    """“per hour”, “per 6 hours”, “per day”."""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % size == 0:
            count = seconds // size
            return f"per {unit}" if count == 1 else f"per {count} {unit}s"
    return f"per {seconds} seconds"


def time_label(moment: datetime, *, step_seconds: int) -> str:
    return moment.strftime("%Y-%m-%d" if step_seconds % 86400 == 0 else "%m-%d %H:%M")


def bucketed(state: ExplorerState) -> Bucketed:
    return lake.over_time(state.query, pivot=state.pivot.column)


def chart_part(state: ExplorerState) -> ChartPart:
    """The chart of the state's pivot over time."""
    found = bucketed(state)
    series = [
        {"name": visible(name) or NOTHING, "values": list(counts), **({"tone": TONES[name]} if name in TONES else {})}
        for name, counts in found.series.items()
    ]
    slices = tuple(
        Slice(visible(name) or NOTHING, sum(counts), _narrowed(state, state.pivot.column, name), _swatch(name, place))
        for place, (name, counts) in enumerate(found.series.items())
    )
    labels = [time_label(moment, step_seconds=found.step_seconds) for moment in found.times]
    return ChartPart(
        {"categories": labels, "series": series, "legend": False},
        slices,
        step_words(found.step_seconds),
        sum(one.total for one in slices),
    )


def _swatch(name: str, place: int) -> str:
    """The colour the chart gives the series at `place`: its tone, else the palette in turn."""
    tone = TONES.get(name, f"series-{place % PALETTE + 1}")
    return tone if tone.startswith("series-") else f"tone-{tone}"


def _narrowed(state: ExplorerState, column: str, value: str) -> str:
    if value == OTHER or not state.narrowable:
        return ""
    return state.with_filter(Condition(column, Operator.EQUAL_ANY, (value,))).address(tab=state.tab)


def chosen_columns(person: Prefers) -> tuple[GridColumn, ...]:
    """The columns this person keeps in the table, in their own order; the default ones before a first choice."""
    keys = person.preferences.get("explorer_columns") or ()
    known = {column.key: column for column in grid_columns()}
    chosen = tuple(replace(known[key], roomy=False) for key in keys if key in known)
    return chosen or tuple(one for one in grid_columns() if one.default)


def sources_of(columns: Sequence[GridColumn]) -> list[str]:
    """The lake columns that these grid columns and a row's key need."""
    return list(dict.fromkeys([*NEEDED, *(source for column in columns for source in column.sources)]))


def grid_part(state: ExplorerState, *, columns: tuple[GridColumn, ...], now: datetime) -> GridPart:
    """One page of rows with names and tags of their recipients."""
    first = (state.page - 1) * PAGE_SIZE
    query = state.query
    total = lake.count(query)
    found = (
        lake.rows(
            query,
            columns=sources_of(columns),
            order_by=state.sort,
            descending=state.descending,
            limit=PAGE_SIZE,
            offset=first,
        )
        if total > first
        else []
    )
    people = people_by_address(str(row["RecipientEmailAddress"]) for row in found)
    within = [*state.query_parameters, ("sort", state.sort), ("order", "desc" if state.descending else "asc")]
    rows = tuple(
        grid_row(
            row,
            columns=columns,
            people=people,
            place=first + place,
            within=within,
            left_out=state.left_out,
            whole=state.whole,
        )
        for place, row in enumerate(found)
    )
    return GridPart(columns, rows, total, any_mail=bool(total) or has_any_mail(now=now))


def has_any_mail(*, now: datetime) -> bool:
    """Whether the lake holds any mail, of any time."""
    ever = Query(MAIL, datetime(1990, 1, 1, tzinfo=UTC), now + timedelta(days=366))
    return bool(lake.rows(ever, columns=("Timestamp",), limit=1))


def exported(state: ExplorerState, *, columns: Sequence[GridColumn]) -> Iterator[list[dict[str, Any]]]:
    """All rows of the query in batches, without a cap."""
    return lake.stream(state.query, columns=sources_of(columns))
