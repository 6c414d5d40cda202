"""Recipients per day of the campaigns that are shown, split by what a person chooses (CA-02, CA-03)."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from watchfloor.hunting.campaigns.figures import PEOPLE, joined, narrowed
from watchfloor.hunting.campaigns.noting import CLUSTER
from watchfloor.hunting.campaigns.state import NAME, OWN_PIVOTS, SUBTYPE, CampaignsState
from watchfloor.hunting.models import KnownCampaign
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import OTHER, Bucketed, Query

DAY = 86400
MOST_SERIES = 8
NOTHING = "(none)"
TONES = {"Phish": "danger", "Malware": "series-4", "Delivered": "info", "Junked": "warning", "Blocked": "danger"}
Series = Mapping[str, Sequence[int]]


def counted(state: CampaignsState, campaigns: Sequence[KnownCampaign]) -> Bucketed:
    """Per day: different recipients of each campaign, for the campaign's own pivots; else rows, a mail to one recipient each."""
    inside = narrowed(state.asked.query, campaigns)
    if state.pivot not in OWN_PIVOTS:
        return lake.over_time(inside, pivot=state.pivot.column, step_seconds=DAY, top=MOST_SERIES)
    label = _labels(state)
    by_id = {one.pk: label(one) for one in campaigns}
    counts: dict[str, Counter[datetime]] = {}
    for row in lake.summed(inside, by=("Bucket", CLUSTER), measures=(PEOPLE,), same=joined(campaigns)):
        if row[CLUSTER] in by_id:
            counts.setdefault(by_id[row[CLUSTER]], Counter())[row["Bucket"]] += row["recipients"]
    return _bucketed(inside, counts)


def _labels(state: CampaignsState) -> Callable[[KnownCampaign], str]:
    if state.pivot == NAME:
        return lambda one: one.name
    if state.pivot == SUBTYPE:
        return lambda one: one.subtype
    return lambda one: one.threat


def _bucketed(query: Query, counts: Mapping[str, Counter[datetime]]) -> Bucketed:
    """The biggest series, the rest as OTHER, on all days of the query."""
    empty = days_of(query.start, query.end)
    order = sorted(counts, key=lambda name: (-counts[name].total(), name))
    series = {name: tuple(counts[name][day] for day in empty) for name in order[:MOST_SERIES]}
    rest: Counter[datetime] = sum((counts[name] for name in order[MOST_SERIES:]), Counter())
    if rest:
        series[OTHER] = tuple(rest[day] for day in empty)
    return Bucketed(empty, series, DAY)


def days_of(start: datetime, end: datetime) -> tuple[datetime, ...]:
    """Midnights (UTC) of the days that [start, end) touches."""
    first = start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return tuple(first + timedelta(days=number) for number in range((end - first - timedelta(microseconds=1)).days + 1))


def drawn(found: Bucketed) -> dict[str, Any]:
    """The chart as the kit's tag takes it."""
    series = [
        {"name": visible(name) or NOTHING, "values": list(values), **({"tone": TONES[name]} if name in TONES else {})}
        for name, values in found.series.items()
    ]
    return {"categories": [f"{day:%Y-%m-%d}" for day in found.times], "series": series}
