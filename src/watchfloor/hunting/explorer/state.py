"""The state of Explorer: read from an address, written to an address. The address is the whole state, so a link shows the same page.

Parameters: `view`, `range` (a preset) or `from` and `to`, `match`, `f` (repeated), `pivot`, `tab`, `sort`, `order`, `show` (list: no chart), `page`,
`pick`, `except`;
and what a tab alone understands, kept as it stands: OWN.
`from`, `to`, `match` and `f` mean what `lake.selectors.query_from_parameters` says.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import QueryDict

from watchfloor.hunting.explorer.catalogue import (
    DEFAULT_PRESET,
    PRESETS,
    VIEWS,
    pivots_of,
)
from watchfloor.hunting.explorer.columns import MAIL, grid_columns
from watchfloor.hunting.explorer.contracts import ExplorerView, Filter, Pivot, Preset, Tab
from watchfloor.hunting.explorer.filters import group_filter, moved, raw_of, read_filter
from watchfloor.kernel.errors import BadInput
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Part, Query

MOST_FILTERS = 50
"""Each filter's address names all the others: 900 made a page of 58 MB in 41 s."""
MOST_CONDITIONS = 90
"""Fewer than the lake takes, which also counts those of the view."""
YEARS = range(1970, 2200)
OWN = ("of", "by", "find", "live", "tracker")
"""Parameters of single tabs: what a ranking ranks, its order, what is searched in it; whether new rows come in by themselves;
and the saved query the page was opened from."""
LONGEST_OWN = 200
LONGEST = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class ExplorerState:
    """Everything an Explorer page depends on besides the data. `preset` is None for a custom range; `page` counts from 1."""

    view: ExplorerView
    start: datetime
    end: datetime
    preset: Preset | None
    any_of: bool
    filters: tuple[Filter, ...]
    pivot: Pivot
    tab: Tab
    sort: str = "Timestamp"
    descending: bool = True
    page: int = 1
    whole: bool = False
    left_out: frozenset[str] = frozenset()
    range_error: str = ""
    own: tuple[tuple[str, str], ...] = ()
    charted: bool = True

    @property
    def conditions(self) -> tuple[Part, ...]:
        """The person's own conditions that can be used."""
        return tuple(one.condition for one in self.filters if one.condition is not None)

    @property
    def faulty(self) -> bool:
        return any(one.faulty for one in self.filters)

    @property
    def query(self) -> Query:
        """What is asked of the lake. A view's condition always holds, beside the person's own or their alternatives."""
        return Query(
            table=self.view.table,
            start=self.start,
            end=self.end,
            conditions=self.conditions,
            any_of=self.any_of,
            required=self.view.conditions,
        )

    @property
    def narrowable(self) -> bool:
        """Whether one condition more narrows the query: always, since alternatives become a group beside which it stands."""
        return True

    def parameters(self, **changes: Any) -> list[tuple[str, str]]:
        """The state as parameters, defaults left out. `changes` are fields of this record."""
        state = replace(self, **changes)
        found = [("view", state.view.key)]
        if state.preset is not None:
            found.append(("range", state.preset.key))
        else:
            found += [("from", written(state.start)), ("to", written(state.end))]
        if state.any_of:
            found.append(("match", "any"))
        found += [("f", one.raw) for one in state.filters]
        found += [("pivot", state.pivot.column), ("tab", state.tab.key)]
        if (state.sort, state.descending) != ("Timestamp", True):
            found += [("sort", state.sort), ("order", "desc" if state.descending else "asc")]
        if not state.charted:
            found.append(("show", "list"))
        if state.page > 1:
            found.append(("page", str(state.page)))
        if state.whole:
            found.append(("pick", "query"))
            found += [("except", key) for key in sorted(state.left_out)]
        return [*found, *state.own]

    def own_value(self, name: str) -> str:
        """What the tab's own parameter says, "" for nothing."""
        return dict(self.own).get(name, "")

    def with_own(self, **changes: str) -> "ExplorerState":
        """This state with other parameters of its tab, on the first page; "" takes one away."""
        kept = {**dict(self.own), **changes}
        return replace(self, own=tuple((name, kept[name]) for name in OWN if kept.get(name)), page=1)

    def address(self, path: str = "/explorer", **changes: Any) -> str:
        return f"{path}?{urlencode(self.parameters(**changes))}"

    def with_filter(self, condition: Condition) -> "ExplorerState":
        """This state with one condition more, on its first page."""
        added = read_filter(raw_of(condition), table=self.view.table)
        if added.raw in {one.raw for one in self.filters}:
            return replace(self, page=1)
        several = self.any_of and len(self.filters) > 1
        kept = (group_filter(self.filters, any_of=True),) if several else self.filters
        return replace(self, filters=(*kept, added), any_of=False, page=1)

    def in_view(self, view: ExplorerView) -> "ExplorerState":
        """The same question asked in another view: its filters name their own table where the rows are of another one."""
        if view.table == self.view.table:
            return replace(self, view=view, pivot=pivots_of(view)[0], tab=view.tabs[0], own=(), page=1)
        filters = tuple(moved(one, of=self.view.table, to=view.table) for one in self.filters)
        return replace(
            self,
            view=view,
            filters=filters,
            pivot=pivots_of(view)[0],
            tab=view.tabs[0],
            sort="Timestamp",
            own=(),
            page=1,
            whole=False,
        )

    def without_filter(self, place: int) -> "ExplorerState":
        kept = tuple(one for number, one in enumerate(self.filters) if number != place)
        return replace(self, filters=kept, page=1)

    @property
    def query_parameters(self) -> list[tuple[str, str]]:
        """The lake's own parameters of the query, range fixed: what an action on the whole query is given."""
        return parse_qsl(lake.parameters_of(self.query), keep_blank_values=True)


def read_state(parameters: QueryDict, *, now: datetime) -> ExplorerState:
    """The state an address asks for; what is unknown or malformed falls back to its default, and says so where a person typed it."""
    if len(parameters.getlist("f")) > MOST_FILTERS:  # dropping some would widen what an action is aimed at
        raise BadInput(f"at most {MOST_FILTERS} filters; one may hold many values", place="f")
    view = next((one for one in VIEWS if one.key == parameters.get("view")), VIEWS[0])
    start, end, preset, error = read_range(parameters, now=now)
    pivots = pivots_of(view)
    sortable = {column.sort for column in grid_columns(view.table) if column.sort}
    sort = parameters.get("sort", "")
    return ExplorerState(
        view=view,
        start=start,
        end=end,
        preset=preset,
        any_of=parameters.get("match") == "any",
        filters=read_filters(parameters, view=view),
        pivot=next((one for one in pivots if one.column == parameters.get("pivot")), pivots[0]),
        tab=next((one for one in view.tabs if one.key == parameters.get("tab")), view.tabs[0]),
        sort=sort if sort in sortable else "Timestamp",
        descending=parameters.get("order") != "asc",
        page=page_number(parameters.get("page", "1")),
        whole=parameters.get("pick") == "query"
        and view.table == MAIL,  # actions take whole questions about mails alone
        left_out=frozenset(parameters.getlist("except")),
        range_error=error,
        charted=parameters.get("show") != "list",
        own=tuple((name, str(parameters[name])[:LONGEST_OWN]) for name in OWN if parameters.get(name)),
    )


def read_filters(parameters: QueryDict, *, view: ExplorerView) -> tuple[Filter, ...]:
    """The filters of an address. Raises BadInput when they hold more conditions than a question may."""
    found = tuple(read_filter(raw, table=view.table) for raw in parameters.getlist("f"))
    if sum(one.leaves for one in found) > MOST_CONDITIONS:
        raise BadInput(f"at most {MOST_CONDITIONS} conditions; one may hold many values", place="f")
    return found


def page_number(text: str) -> int:
    """A page from 1; anything odd is the first."""
    return min(max(1, int(text)), 100_000) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def read_range(parameters: QueryDict, *, now: datetime) -> tuple[datetime, datetime, Preset | None, str]:
    """Start, end, preset (None for a custom range) and what was wrong with the typed times.

    A preset ends at the next full minute, so that what came this second is in it and the same minute asks the same query.
    """
    start, end = parameters.get("from", ""), parameters.get("to", "")
    error = ""
    if start and end and not parameters.get("range"):
        try:
            first, last = moment(start), moment(end)
        except ValueError:
            error = "A time must look like 2026-11-22 14:30"
        else:
            if first < last <= first + LONGEST:
                return first, last, None, ""
            error = "The end must lie after the start, within ten years"
    preset = next((one for one in PRESETS if one.key == parameters.get("range")), DEFAULT_PRESET)
    full = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return full - preset.length, full, preset, error


def moment(text: str) -> datetime:
    """An ISO time, in UTC when it names no zone. Raises ValueError, also for a year that no mail has."""
    found = datetime.fromisoformat(text.strip())
    if found.year not in YEARS:
        raise ValueError(f"the year {found.year} is out of range")
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def written(moment: datetime) -> str:
    """A time as addresses carry it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
