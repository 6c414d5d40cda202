"""What each tab below the chart shows: its key, its template, and the function that fills it.

A new tab is three lines: its name in `catalogue.TABS`, its place here, its template. The function is given the state and who
reads; what it raises as WatchfloorError stands in the tab's place.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from watchfloor.hunting.explorer.clicks import clicks_tab
from watchfloor.hunting.explorer.contracts import Reader
from watchfloor.hunting.explorer.grid import rows_tab
from watchfloor.hunting.explorer.origin import origin_tab
from watchfloor.hunting.explorer.ranking import ranking_tab
from watchfloor.hunting.explorer.rankings import RANKINGS
from watchfloor.hunting.explorer.state import ExplorerState


@dataclass(frozen=True, slots=True)
class Shown:
    """How one tab is shown: `context` gives what `template` needs besides `state` and `result_tabs`."""

    template: str
    context: Callable[[ExplorerState, Reader], Mapping[str, Any]]


SHOWN: dict[str, Shown] = {
    "email": Shown("hunting/explorer/rows.html", rows_tab),
    "clicks": Shown("hunting/explorer/clicks.html", clicks_tab),
    "origin": Shown("hunting/explorer/origin.html", origin_tab),
    **{key: Shown("hunting/explorer/ranking.html", ranking_tab) for of_table in RANKINGS.values() for key in of_table},
}
"""By the tab's key; the keys are those of `catalogue.TABS`."""
