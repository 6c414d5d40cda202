"""Live rows (real-time detections): what comes in while one looks, if it fits the present question."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from watchfloor.hunting.explorer.catalogue import DEFAULT_PRESET
from watchfloor.hunting.explorer.cells import grid_row
from watchfloor.hunting.explorer.columns import MAIL
from watchfloor.hunting.explorer.contracts import GridColumn, GridRow
from watchfloor.hunting.explorer.lookups import More
from watchfloor.hunting.explorer.parts import people_of, sources_of
from watchfloor.hunting.explorer.state import ExplorerState
from watchfloor.kernel.errors import BadInput
from watchfloor.lake import selectors as lake

MOST_NEW = 50
"""Rows of one answer; a flood is counted, and its newest rows are shown."""
LONGEST_SILENCE = 45
"""Seconds between two questions after which rows may be gone from the hot tier: the page is then read anew."""
AHEAD = timedelta(days=1)
"""How far after now a row may be dated and still be shown: clocks differ."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to where somebody has read, and when: `<position>.<seconds>` in addresses."""

    position: int
    asked_at: int

    def __str__(self) -> str:
        return f"{self.position}.{self.asked_at}"


@dataclass(frozen=True, slots=True)
class NewRows:
    """What came in: rows newest first, how many there were in all, the next cursor. `stale`: read the whole page again."""

    rows: tuple[GridRow, ...]
    found: int
    cursor: Cursor
    stale: bool = False


def read_cursor(text: str) -> Cursor:
    """Raises BadInput."""
    position, _, seconds = text.partition(".")
    if not (position.isascii() and position.isdigit() and seconds.isascii() and seconds.isdigit() and len(text) < 40):
        raise BadInput("a place in the stream looks like 120.1732000000", place="after")
    return Cursor(int(position), int(seconds))


def can_be_live(state: ExplorerState) -> bool:
    """New rows can only come into a range that ends now."""
    return state.preset is not None and not state.whole


def is_live(state: ExplorerState) -> bool:
    """Whether new rows are to come in by themselves: newest first, on the first page."""
    newest_first = state.sort == "Timestamp" and state.descending and state.page == 1
    return state.own_value("live") == "1" and can_be_live(state) and newest_first


def live_part(state: ExplorerState, *, now: datetime) -> Mapping[str, Any]:
    """The switch, and where the page asks for new rows. The cursor is taken before the rows are read: none is missed."""
    on = is_live(state)
    calm = replace(state, sort="Timestamp", descending=True, page=1, whole=False, left_out=frozenset())
    if state.preset is None:
        calm = replace(calm, preset=DEFAULT_PRESET)
    return {
        "live": on,
        "live_switch": calm.with_own(live="" if on else "1").address() if can_be_live(state) or on else "",
        "live_address": state.address("/explorer/live") if on else "",
        "live_after": str(Cursor(lake.tail_position(state.view.table), int(now.timestamp()))) if on else "",
    }


def new_rows(state: ExplorerState, *, columns: tuple[GridColumn, ...], after: Cursor, now: datetime) -> NewRows:
    """The rows above `after` that fit, as rows of the table."""
    cursor = Cursor(after.position, int(now.timestamp()))
    if now.timestamp() - after.asked_at > LONGEST_SILENCE:
        return NewRows((), 0, cursor, stale=True)
    query = replace(state.query, end=max(state.end, now + AHEAD))
    tail = lake.tail(query, after=after.position, columns=sources_of(columns, view=state.view), limit=MOST_NEW)
    people = people_of(tail.rows, columns=columns)
    more: More = {}  # nothing happened yet to what came in this second, and no archive is searched for it
    rows = tuple(
        replace(
            grid_row(
                row,
                view=state.view,
                columns=columns,
                people=people,
                more=more,
                place=0,
                within=(),
                left_out=frozenset(),
                whole=False,
            ),
            summary=_summary(row) if state.view.table == MAIL else "",
        )
        for row in tail.rows
    )
    return NewRows(rows, tail.found, replace(cursor, position=tail.position), stale=tail.behind)


def _summary(row: Mapping[str, Any]) -> str:
    """The fly-out of a mail that has no place in the query yet."""
    recipient = urlencode({"recipient": row["RecipientEmailAddress"]})
    return f"/email/{quote(str(row['NetworkMessageId']))}/summary?{recipient}"
