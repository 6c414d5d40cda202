"""What the trackers page shows, tab by tab."""

from datetime import datetime
from typing import Any

from django.http import QueryDict

from watchfloor.access.contracts import Actor, Permission
from watchfloor.hunting.campaigns.listing import sentence as campaigns_sentence
from watchfloor.hunting.explorer.page import sentence
from watchfloor.hunting.models import Tracker
from watchfloor.hunting.trackers.counting import trend_of
from watchfloor.hunting.trackers.keeping import (
    CAMPAIGNS,
    DEFAULT_DAYS,
    MOST_DAYS,
    campaigns_state_of,
    readable,
    state_of,
    time_of,
    view_label,
    view_of,
)
from watchfloor.hunting.trackers.trending import families, trending_campaigns
from watchfloor.kernel.errors import WatchfloorError

Context = dict[str, Any]
HOME = "/trackers"
TABS = (("saved", "Saved queries"), ("tracked", "Tracked queries"), ("trending", "Trending campaigns"))


def read_tab(parameters: QueryDict) -> str:
    """The tab an address names; the first when it names none."""
    asked = parameters.get("tab", "")
    return asked if asked in dict(TABS) else TABS[0][0]


def page(tab: str, *, by: Actor, now: datetime) -> Context:
    """The page with its saved or tracked queries; what is trending comes as a fragment."""
    every = list(readable(by))
    counts = {"saved": len(every), "tracked": sum(one.tracked for one in every)}
    shown = [one for one in every if one.tracked] if tab == "tracked" else every
    return {
        "tab": tab,
        "tabs": [(key, label, f"{HOME}?tab={key}", counts.get(key)) for key, label in TABS],
        "may_save": by.may(Permission.QUERY_SAVE),
        "rows": [line(one, by=by, now=now) for one in shown] if tab != "trending" else [],
    }


def line(row: Tracker, *, by: Actor, now: datetime) -> Context:
    """One saved query: what it asks in words, when, and how it goes."""
    return {
        "row": row,
        "type": view_label(row.parameters),
        "words": words(row, now=now),
        "time": time_words(row),
        "trend": trend_of(row) if row.tracked and row.last_at else None,
        "own": row.owner_id == by.id,
        "edit": {"hx-get": f"/trackers/{row.pk}/edit", "hx-target": "#flyout"},
    }


def words(row: Tracker, *, now: datetime) -> str:
    """The query as a sentence; what is wrong with it when it cannot be read any more."""
    try:
        start, end = time_of(row, now=now)
        if view_of(row.parameters) == CAMPAIGNS:
            return campaigns_sentence(campaigns_state_of(row, start=start, end=end, now=now))
        return sentence(state_of(row, start=start, end=end, now=now))
    except WatchfloorError as error:
        return f"It cannot be read: {error.message}"


def time_words(row: Tracker) -> str:
    """“Last 7 days”, or the exact dates."""
    if row.relative_days is not None:
        return "Last day" if row.relative_days == 1 else f"Last {row.relative_days} days"
    return f"{row.start:%Y-%m-%d %H:%M} to {row.end:%Y-%m-%d %H:%M} UTC"


def trending(*, now: datetime) -> Context:
    """Families and campaigns of the last days."""
    try:
        return {"families": families(now=now), "campaigns": trending_campaigns(now=now)}
    except WatchfloorError as error:
        return {"trouble": error}


def form(values: Context, *, key: int | None, explored: bool = False) -> Context:
    """The form's context: `explored` for a query that was opened through Explorer and may be saved as another."""
    return {"values": values, "key": key, "explored": explored, "most_days": MOST_DAYS}


def values_of(row: Tracker) -> Context:
    """A saved query as the form's values."""
    return {
        "name": row.name,
        "parameters": row.parameters,
        "dates": "exact" if row.relative_days is None else "relative",
        "days": row.relative_days or DEFAULT_DAYS,
        "start": f"{row.start:%Y-%m-%dT%H:%M}" if row.start else "",
        "end": f"{row.end:%Y-%m-%dT%H:%M}" if row.end else "",
        "shared": row.shared,
        "tracked": row.tracked,
    }
