"""The tab of clicks on links of the mails found (TE-029): a chart of its own, and the way to the view of clicks."""

from dataclasses import replace
from typing import Any

from watchfloor.hunting.explorer.catalogue import CLICK_PIVOTS, CLICKS, VIEWS
from watchfloor.hunting.explorer.charting import chart_of
from watchfloor.hunting.explorer.contracts import Filter, Reader
from watchfloor.hunting.explorer.filters import raw_of, read_filter
from watchfloor.hunting.explorer.state import ExplorerState
from watchfloor.lake import selectors as lake


def clicks_tab(state: ExplorerState, _: Reader) -> dict[str, Any]:
    """Clicks over time, split by the tab's own pivot (parameter `of`)."""
    pivot = next((one for one in CLICK_PIVOTS if one.column == state.own_value("of")), CLICK_PIVOTS[0])
    found = lake.over_time(state.query, pivot=f"{CLICKS}.{pivot.column}")
    return {
        "clicked": chart_of(found, narrow=lambda _: ""),
        "click_pivot": pivot,
        "click_pivots": [(one, state.with_own(of=one.column).address(), one == pivot) for one in CLICK_PIVOTS],
        "all_clicks": all_clicks(state),
    }


def all_clicks(state: ExplorerState) -> str:
    """The view of clicks, asked about the same mails; what the present view asks by itself becomes a filter there."""
    view = next(one for one in VIEWS if one.table == CLICKS)
    own: tuple[Filter, ...] = tuple(read_filter(raw_of(one)) for one in state.view.conditions)
    known = {one.raw for one in state.filters}
    asked = replace(state, filters=(*state.filters, *(one for one in own if one.raw not in known)))
    return asked.in_view(view).address()
