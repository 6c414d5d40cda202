"""The figures of a report: counts over time or a ranking, as a chart and as lines, each with the way to its rows."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import OTHER, Bucketed, Measure
from watchfloor.lake.selectors import BUCKET
from watchfloor.portal.reports.asking import explorer, only
from watchfloor.portal.reports.contracts import Asked, Figures, Line

HOUR, DAY = 3600, 86400
SERIES = 8
RANKED, CHARTED = 100, 15
TONES = {
    "Delivered": "info",
    "Junked": "warning",
    "Blocked": "danger",
    "Malware": "series-4",
    "Phish": "danger",
    "Spam": "warning",
    "No threat": "neutral",
    "Allowed": "info",
    "Blocked and clicked through": "danger",
    "Phishing": "danger",
    "No threats": "success",
    "No threats found": "success",
    OTHER: "neutral",
}


def series_figures(one: Asked) -> Figures:
    """Counts per hour, day or week, split by the chosen breakdown."""
    found, total = _counted(one)
    parts = [(value, named(one, value), counts) for value, counts in found.series.items()]
    series = [
        {"name": name, "values": list(counts), "href": _href(one, value), **tone(name)} for value, name, counts in parts
    ]
    lines = tuple(
        Line(name, sum(counts), share(sum(counts), total), _href(one, value)) for value, name, counts in parts
    )
    return Figures(
        kind="stacked",
        data={"categories": labels(found.times, found.step_seconds), "series": series},
        heads=(one.by.label, f"{one.tab.noun.capitalize()}s", "Share"),
        lines=lines,
        total=total,
        sentence=sentence(one),
        title=f"{one.tab.noun.capitalize()}s {per(found.step_seconds)} by {lowered(one.by.label)}",
    )


def ranking_figures(one: Asked) -> Figures:
    """The most frequent values, at most a hundred, the first of them in the chart."""
    ranking = lake.top(one.query, column=one.by.column, limit=RANKED)
    total = lake.count(one.query)
    lines = tuple(Line(visible(value), count, share(count, total), _href(one, value)) for value, count in ranking)
    shown = lines[:CHARTED]
    bars = {"name": f"{one.tab.noun.capitalize()}s", "values": [line.count for line in shown]}
    data = {"categories": [line.name for line in shown], "series": [bars] if shown else [], "horizontal": True}
    heads = (one.by.label, f"{one.tab.noun.capitalize()}s", "Share")
    title = f"{one.by.label} with most {one.tab.noun}s"
    return Figures("bar", data, heads, lines, total, sentence(one), title)


def sentence(one: Asked) -> str:
    """What is shown, in words."""
    return lake.sentence(one.query)


def share(count: int, total: int) -> float:
    return round(100 * count / total, 1) if total else 0.0


def step(one: Asked) -> int:
    """Hours for two days, days for four months, then weeks: at most 120 bars."""
    length = one.end - one.start
    if length <= timedelta(days=2):
        return HOUR
    return DAY if length <= timedelta(days=120) else 7 * DAY * max(1, -(-length.days // 840))


def per(seconds: int) -> str:
    """“per hour”, “per day”, “per week”."""
    if seconds < DAY:
        return "per hour"
    return "per day" if seconds == DAY else "per week" if seconds == 7 * DAY else f"per {seconds // DAY} days"


def lowered(label: str) -> str:
    """A label inside a sentence: URL domain stays as it is."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def labels(times: tuple[datetime, ...], seconds: int) -> list[str]:
    return [moment.strftime("%Y-%m-%d" if seconds >= DAY else "%m-%d %H:%M") for moment in times]


def _counted(one: Asked) -> tuple[Bucketed, int]:
    """Counts per time and value, and how many rows there are. A column of few values needs one question, not two."""
    column = lake.table(one.tab.table).column(one.by.column)
    if one.by.name or column.choices or column.listed:
        return _together(one)
    return lake.over_time(one.query, pivot=one.by.column, step_seconds=step(one), top=SERIES), lake.count(one.query)


def _together(one: Asked) -> tuple[Bucketed, int]:
    """One question for the counts of whole cells; a cell of several values counts for each of them."""
    seconds = step(one)
    columns = one.by.columns or (one.by.column,)
    rows = lake.summed(one.query, by=(BUCKET, *columns), measures=(Measure("rows"),), step_seconds=seconds)
    times = lake.bucket_starts(one.start, one.end, seconds)
    counts: dict[str, Counter[datetime]] = defaultdict(Counter)
    for row in rows:
        for name in _values(one, row):
            counts[name][row[BUCKET]] += row["rows"]
    series = {name: tuple(counts[name][moment] for moment in times) for name in most(counts)}
    return Bucketed(times, series, seconds), sum(row["rows"] for row in rows)


def _values(one: Asked, row: Mapping[str, Any]) -> tuple[str, ...]:
    if one.by.name is not None:
        return (one.by.name(row),)
    if lake.table(one.tab.table).column(one.by.column).listed:
        return lake.values_of(row, one.by.column, of=one.tab.table) or ("",)
    return (str(row[one.by.column] or ""),)


def most(counts: dict[str, Counter[Any]]) -> list[str]:
    """The biggest values, the rest added up as OTHER at the end."""
    order = sorted(counts, key=lambda name: (-counts[name].total(), name))
    rest = order[SERIES:]
    for name in rest:
        counts[OTHER] += counts[name]
    return [*order[:SERIES], *([OTHER] if rest else [])]


def named(one: Asked, value: str) -> str:
    return one.by.names.get(value, visible(value)) if value else one.by.empty


def tone(name: str) -> dict[str, str]:
    return {"tone": TONES[name]} if name in TONES else {}


def _href(one: Asked, value: str) -> str:
    """Where the rows of one value can be seen; the rest has no place of its own."""
    if value == OTHER or one.by.name is not None:
        return explorer(one.query, view=one.tab.view) if one.by.name else ""
    return explorer(only(one.query, one.by.column, value), view=one.tab.view)
