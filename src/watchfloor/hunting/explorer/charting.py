"""Counts over time as the chart of a page: colours, names, and where a click on a value leads."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from watchfloor.hunting.explorer.state import ExplorerState, written
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import OTHER, Bucketed, Condition, Operator

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
    part = chart_of(found, narrow=lambda name: _narrowed(state, state.pivot.column, name))
    return replace(part, data={**part.data, "brush": brush_of(found, state)})


def brush_of(found: Bucketed, state: ExplorerState) -> dict[str, Any]:
    """What lets a time be chosen by dragging: the buckets' starts, their end, and the address with {from} and {to}."""
    kept = [pair for pair in state.parameters(page=1) if pair[0] not in ("range", "from", "to")]
    end = found.times[-1] + timedelta(seconds=found.step_seconds) if found.times else state.end
    return {
        "starts": [written(moment) for moment in found.times],
        "end": written(end),
        "href": f"/explorer?{urlencode([*kept, ('from', '{from}'), ('to', '{to}')])}",
    }


def counts_rows(state: ExplorerState) -> bool:
    """Whether the chart's total is the number of rows: not where a row has several values of the pivot, or none of its own table."""
    pivot = state.pivot.column
    return "." not in pivot and not lake.table(state.view.table).column(pivot).listed


def chart_of(found: Bucketed, *, narrow: Callable[[str], str]) -> ChartPart:
    """Counts as a chart; `narrow` gives the address that a value leads to, "" for none."""
    series = [
        {"name": visible(name) or NOTHING, "values": list(counts), **({"tone": TONES[name]} if name in TONES else {})}
        for name, counts in found.series.items()
    ]
    slices = tuple(
        Slice(visible(name) or NOTHING, sum(counts), narrow(name), _swatch(name, place))
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
