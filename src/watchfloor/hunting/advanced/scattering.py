"""What `render scatterchart` asks for: each row a dot between two columns, as the kit's chart takes it."""

from collections.abc import Sequence
from typing import Any

from watchfloor.hunting.advanced.cells import NUMBERS, Head, shown

MOST_DOTS = 5000
MOST_SERIES = 20
AXES = {"datetime": "time"}


def across_of(heads: Sequence[Head]) -> int:
    """The column across: the first that is a number or a moment, when another number is left to draw; else the first that is none."""
    numbers = [place for place, head in enumerate(heads) if head.type in NUMBERS]
    measured = [place for place, head in enumerate(heads) if head.type in (*NUMBERS, *AXES)]
    if len(numbers) > 1 or (measured and measured[0] not in numbers):
        return measured[0]
    times = [place for place in measured if place not in numbers]
    others = [place for place in range(len(heads)) if place not in numbers]
    return next(iter([*times, *others]), numbers[0])


def dots_of(
    heads: Sequence[Head], rows: Sequence[Sequence[Any]], across: int, numbers: Sequence[int], split: Sequence[int]
) -> dict[str, Any] | None:
    """{"kind", "data", "cut"} as `charting.chart_of` gives it; a row without one of its two values has no dot. None without dots."""
    axis = "number" if heads[across].type in NUMBERS else AXES.get(heads[across].type, "category")
    series: dict[str, list[list[Any]]] = {}
    for row in rows:
        x = row[across] if axis == "number" else shown(row[across])
        for place in numbers:
            if row[place] is None or x is None or x == "":
                continue
            series.setdefault(_name(heads, row, place, numbers, split), []).append([x, row[place]])
    total, named = sum(map(len, series.values())), len(series)
    if not total:
        return None
    kept = sorted(series, key=lambda name: -len(series[name]))[:MOST_SERIES]
    left = MOST_DOTS
    drawn = []
    for name in [one for one in series if one in kept]:
        drawn.append({"name": name, "dots": series[name][:left]})
        left = max(0, left - len(series[name]))
    words = [f"the {MOST_SERIES} largest of {named:,} series"] if named > MOST_SERIES else []
    words += [f"the first {MOST_DOTS:,} of {total:,} dots"] if not left and total > MOST_DOTS else []
    up = heads[numbers[0]].name if len(numbers) == 1 else ""
    data = {"axis": axis, "across": heads[across].name, "up": up, "scatter": [one for one in drawn if one["dots"]]}
    return {"kind": "scatter", "data": data, "cut": "; ".join(words)}


def _name(heads: Sequence[Head], row: Sequence[Any], place: int, numbers: Sequence[int], split: Sequence[int]) -> str:
    prefix = " ".join(shown(row[one]) for one in split)
    if not prefix:
        return heads[place].name
    return prefix if len(numbers) == 1 else f"{prefix}: {heads[place].name}"
