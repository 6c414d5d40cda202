"""What each part of Explorer shows. A part asks the lake once or twice and the directory once, however many rows there are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from watchfloor.hunting.explorer.catalogue import PAGE_SIZE
from watchfloor.hunting.explorer.cells import People, Row, grid_row
from watchfloor.hunting.explorer.columns import MAIL, grid_columns
from watchfloor.hunting.explorer.contracts import ExplorerView, GridColumn, GridRow, Prefers
from watchfloor.hunting.explorer.lookups import looked_up
from watchfloor.hunting.explorer.state import ExplorerState
from watchfloor.identities.selectors import people_by_address
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Query


@dataclass(frozen=True, slots=True)
class GridPart:
    """One page of the table. `any_row` is False when the lake has no such row at all; it is asked only when nothing was found."""

    columns: tuple[GridColumn, ...]
    rows: tuple[GridRow, ...]
    total: int
    any_row: bool = True


def preference_of(table: str) -> str:
    """The name of the preference that keeps the columns of rows of `table`."""
    return "explorer_columns" if table == MAIL else f"explorer_columns_{table}"


def chosen_columns(person: Prefers, *, table: str = MAIL) -> tuple[GridColumn, ...]:
    """The columns this person keeps in the table, in their own order; the default ones before a first choice."""
    keys = person.preferences.get(preference_of(table)) or ()
    known = {column.key: column for column in grid_columns(table)}
    chosen = tuple(replace(known[key], roomy=False) for key in keys if key in known)
    return chosen or tuple(one for one in grid_columns(table) if one.default)


def sources_of(columns: Sequence[GridColumn], *, view: ExplorerView) -> list[str]:
    """The lake columns that these grid columns and a row's key need."""
    key = ("NetworkMessageId", view.person) if view.mailed else ("ReportId", view.person)
    subject = ("Subject",) if view.table == MAIL else ()
    return list(dict.fromkeys(["Timestamp", *key, *subject, *(one for column in columns for one in column.sources)]))


def grid_part(
    state: ExplorerState, *, columns: tuple[GridColumn, ...], now: datetime, counted: int | None = None
) -> GridPart:
    """One page of rows with names and tags of their recipients."""
    first = (state.page - 1) * PAGE_SIZE
    query = state.query
    total = lake.count(query) if counted is None else counted
    found = (
        lake.rows(
            query,
            columns=sources_of(columns, view=state.view),
            order_by=state.sort,
            descending=state.descending,
            limit=PAGE_SIZE,
            offset=first,
        )
        if total > first
        else []
    )
    people = people_of(found, columns=columns)
    more = looked_up(found, columns=columns, query=query)
    within = [*state.query_parameters, ("sort", state.sort), ("order", "desc" if state.descending else "asc")]
    rows = tuple(
        grid_row(
            row,
            view=state.view,
            columns=columns,
            people=people,
            more=more,
            place=first + place,
            within=within,
            left_out=state.left_out,
            whole=state.whole,
        )
        for place, row in enumerate(found)
    )
    return GridPart(columns, rows, total, any_row=bool(total) or has_any(state.view.table, now=now))


def people_of(found: Sequence[Row], *, columns: Sequence[GridColumn]) -> People:
    """The people that these rows' cells name, in one question; none where no column shows any."""
    named = {column.sources[0] for column in columns if column.kind in ("person", "tags")}
    return people_by_address(str(row[name]) for row in found for name in named if row[name]) if named else {}


def has_any(table: str, *, now: datetime) -> bool:
    """Whether the lake holds any row of `table`, of any time."""
    ever = Query(table, datetime(1990, 1, 1, tzinfo=UTC), now + timedelta(days=366))
    return bool(lake.rows(ever, columns=("Timestamp",), limit=1))
