"""Reads of hunting for other slices: campaigns that are going on, and the tracked queries everybody may read."""

from watchfloor.hunting.models import Tracker
from watchfloor.hunting.trackers.counting import Trend, trend_of
from watchfloor.hunting.trackers.trending import Trending, trending_campaigns

__all__ = ["Trend", "Trending", "shared_trackers", "trending_campaigns"]


def shared_trackers(*, limit: int) -> list[tuple[str, str, Trend]]:
    """(name, address, trend) of the shared tracked queries that were counted, the busiest today first."""
    rows = Tracker.objects.filter(shared=True, tracked=True).exclude(last_at=None)[:200]
    found = [(row.name, f"/trackers/{row.pk}/explore", trend_of(row)) for row in rows]
    return sorted(found, key=lambda one: (-one[2].today, one[0]))[:limit]
