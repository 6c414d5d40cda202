"""What is trending in this organisation's own mail: malware families and campaigns, today against the week before (TT-05)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from watchfloor.hunting.campaigns.chart import days_of
from watchfloor.hunting.campaigns.figures import MAILS, joined, narrowed
from watchfloor.hunting.campaigns.known import Wanted, campaigns
from watchfloor.hunting.campaigns.noting import CLUSTER, MAIL
from watchfloor.hunting.explorer.state import written
from watchfloor.hunting.trackers.counting import Trend
from watchfloor.kernel.text import visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import OTHER, Condition, Operator, Query

DAYS = 8
MOST = 20
DAY = 86400
MALWARE = Condition("ThreatTypes", Operator.EQUAL_ANY, ("Malware",))


@dataclass(frozen=True, slots=True)
class Trending:
    """One malware family or campaign: `href` is its page or Explorer."""

    name: str
    kind: str
    trend: Trend
    href: str


def window(now: datetime) -> tuple[datetime, datetime]:
    """Today and the seven days before, whole days in UTC."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=DAYS - 1), midnight + timedelta(days=1)


def families(*, now: datetime) -> list[Trending]:
    """Malware families by their messages of the last days, those that grew most first: two questions."""
    start, end = window(now)
    found = lake.over_time(Query(MAIL, start, end, (MALWARE,)), pivot="ThreatNames", step_seconds=DAY, top=MOST)
    return _ranked(
        Trending(visible(name), "Malware family", Trend(counts), _explored(name, start, end))
        for name, counts in found.series.items()
        if name not in ("", OTHER)
    )


def _explored(family: str, start: datetime, end: datetime) -> str:
    only = Condition("ThreatNames", Operator.EQUAL_ANY, (family,))
    asked = lake.parameters_of(Query(MAIL, start, end, (only,)))
    return f"/explorer?{urlencode({'view': 'malware'})}&{asked}"


def trending_campaigns(*, now: datetime) -> list[Trending]:
    """Campaigns by their messages of the last days: one question."""
    start, end = window(now)
    known = campaigns(Wanted(start, end))
    if not known:
        return []
    counts: dict[int, dict[datetime, int]] = defaultdict(dict)
    inside = narrowed(Query(MAIL, start, end), known)
    for row in lake.summed(inside, by=("Bucket", CLUSTER), measures=(MAILS,), same=joined(known)):
        counts[row[CLUSTER]][row["Bucket"]] = row["messages"]
    days = days_of(start, end)
    query = urlencode({"from": written(start), "to": written(end)})
    return _ranked(
        Trending(
            visible(one.name),
            one.threat,
            Trend(tuple(counts[one.pk].get(day, 0) for day in days)),
            f"{one.href}?{query}",
        )
        for one in known
        if one.pk in counts
    )


def _ranked(found: Iterable[Trending]) -> list[Trending]:
    return sorted(found, key=lambda one: (-one.trend.today, -sum(one.trend.counts), one.name))[:MOST]
