"""What `render` asks for, as the kit's chart takes it."""

from collections.abc import Mapping, Sequence
from typing import Any

from watchfloor.hunting.advanced.cells import NUMBERS, Head, shown
from watchfloor.hunting.advanced.scattering import across_of, dots_of

KINDS: Mapping[str, str] = {
    "timechart": "line",
    "linechart": "line",
    "areachart": "stacked",
    "stackedareachart": "stacked",
    "barchart": "bar",
    "columnchart": "bar",
    "piechart": "donut",
    "scatterchart": "scatter",
    "anomalychart": "line",
}
OVER_TIME = frozenset({"timechart", "linechart", "areachart", "stackedareachart", "anomalychart"})
MOST_POINTS = 1000
MOST_SERIES = 20
Chart = dict[str, Any]


def chart_of(
    visualization: str,
    heads: Sequence[Head],
    rows: Sequence[Sequence[Any]],
    wishes: Mapping[str, str] | None = None,
) -> Chart | None:
    """{"kind", "data", "cut"}: `cut` says in words what is not drawn. None for a table, or rows without a number to draw.

    `wishes` are what `render ... with (...)` says: kind=stacked, xcolumn, ycolumns and series; a title is the page's.
    """
    kind = KINDS.get(visualization)
    if kind is None or not rows:
        return None
    wishes = wishes or {}
    numbers = [place for place, head in enumerate(heads) if head.type in NUMBERS]
    if not numbers:
        return _of_lists("line" if kind == "scatter" else kind, heads, rows)
    usual = across_of(heads) if kind == "scatter" else _axis(heads, numbers, timed=visualization in OVER_TIME)
    across = next(iter(_named(heads, wishes, "xcolumn")), usual)
    numbers = [place for place in _named(heads, wishes, "ycolumns") if place in numbers] or numbers
    split = _named(heads, wishes, "series") or [
        place for place, head in enumerate(heads) if place != across and head.type in ("string", "bool", "guid")
    ]
    numbers = [place for place in numbers if place != across]
    if kind == "scatter":
        return dots_of(heads, rows, across, numbers, split)
    categories, series = _table(heads, rows, across, numbers, split)
    timed = across >= 0 and heads[across].type == "datetime"
    stacked = kind == "bar" and wishes.get("kind", "").startswith("stacked")
    chart = _cut("stacked" if stacked else kind, times(categories) if timed else categories, series)
    if visualization == "barchart":
        chart["data"]["horizontal"] = True
    return chart


def _named(heads: Sequence[Head], wishes: Mapping[str, str], wish: str) -> list[int]:
    """The places of the columns that a property names, those that are there."""
    wanted = [one.strip(" '\"[]") for one in wishes.get(wish, "").split(",")]
    return [place for place, head in enumerate(heads) if head.name in wanted]


def _table(
    heads: Sequence[Head], rows: Sequence[Sequence[Any]], across: int, numbers: Sequence[int], split: Sequence[int]
) -> tuple[list[str], dict[str, list[Any]]]:
    """The labels across, in time's order or the rows', and each series' values under them; nothing counts as 0."""
    points: dict[str, dict[str, Any]] = {}
    names: dict[str, None] = {}
    for row in rows:
        values = points.setdefault(shown(row[across]) if across >= 0 else "", {})
        prefix = " ".join(shown(row[place]) for place in split)
        for place in numbers:
            name = _series(prefix, heads[place].name, alone=len(numbers) == 1)
            names[name] = None
            values[name] = row[place]
    categories = sorted(points) if across >= 0 and heads[across].type == "datetime" else list(points)
    return categories, {name: [points[one].get(name) or 0 for one in categories] for name in names}


def times(labels: Sequence[str]) -> list[str]:
    """Moments no longer than they need to be: days alone when all are midnights, minutes when no seconds differ."""
    for ending, length in (("T00:00:00Z", 10), (":00Z", 16)):
        if all(one.endswith(ending) for one in labels):
            return [one[:length].replace("T", " ") for one in labels]
    return [one.replace("T", " ").removesuffix("Z") for one in labels]


def _axis(heads: Sequence[Head], numbers: Sequence[int], *, timed: bool) -> int:
    """The column across: a time where that is drawn, else the first that is no number, else the first number when there are two."""
    times = [place for place, head in enumerate(heads) if timed and head.type == "datetime"]
    others = [place for place in range(len(heads)) if place not in numbers]
    return next(iter([*times, *others]), numbers[0] if len(numbers) > 1 else -1)


def _series(prefix: str, column: str, *, alone: bool) -> str:
    if not prefix:
        return column
    return prefix if alone else f"{prefix}: {column}"


def _of_lists(kind: str, heads: Sequence[Head], rows: Sequence[Sequence[Any]]) -> Chart | None:
    """What make-series gives: lists side by side, the one that holds texts (times) is across."""
    lists = [place for place in range(len(heads)) if isinstance(rows[0][place], list) and rows[0][place]]
    across = next((place for place in lists if isinstance(rows[0][place][0], str)), None)
    if across is None or len(lists) < 2:
        return None
    categories = times([shown(one) for one in rows[0][across]])
    named = [place for place in range(len(heads)) if place not in lists]
    series = {
        _series(" ".join(shown(row[p]) for p in named), heads[place].name, alone=len(lists) == 2): [
            value if isinstance(value, int | float) else 0 for value in row[place]
        ]
        for row in rows
        for place in lists
        if place != across
    }
    return _cut(kind, categories, series)


def _cut(kind: str, categories: list[str], series: dict[str, list[Any]]) -> Chart:
    """Bounded to what can be read; the largest series stay."""
    kept = sorted(series, key=lambda name: -sum(series[name]))[:MOST_SERIES]
    words = []
    if len(kept) < len(series):
        words.append(f"the {MOST_SERIES} largest of {len(series):,} series")
    if len(categories) > MOST_POINTS:
        words.append(f"the first {MOST_POINTS:,} of {len(categories):,} points")
    shown_categories = categories[:MOST_POINTS]
    data = {
        "categories": shown_categories,
        "series": [{"name": name, "values": series[name][:MOST_POINTS]} for name in series if name in set(kept)],
    }
    return {"kind": kind, "data": data, "cut": "; ".join(words)}
