"""The rows of a query as a table: heads, selection, paging, column chooser."""

from collections.abc import Mapping
from typing import Any

from watchfloor.hunting.explorer.catalogue import PAGE_SIZE, PRESETS
from watchfloor.hunting.explorer.columns import grid_columns
from watchfloor.hunting.explorer.contracts import Reader
from watchfloor.hunting.explorer.live import live_part
from watchfloor.hunting.explorer.parts import GridPart, chosen_columns, grid_part
from watchfloor.hunting.explorer.rights import may_act, may_act_on_people, may_investigate, readable
from watchfloor.hunting.explorer.state import ExplorerState
from watchfloor.hunting.explorer.values import values_address
from watchfloor.ui.paging import page_links


def rows_tab(state: ExplorerState, reader: Reader) -> dict[str, Any]:
    """What the tab of rows is given: the table, what may be done with it, and where to look when nothing fits."""
    live = live_part(state, now=reader.now)  # before the rows are read, so that none falls between
    columns = readable(chosen_columns(reader.person, table=state.view.table), reader.by)
    part = grid_part(state, columns=columns, now=reader.now, counted=reader.found)
    return {
        "wider": wider(state),
        "clear": state.address(filters=(), any_of=False, page=1),
        "may_act": may_act(reader.by),
        "may_act_on_people": may_act_on_people(reader.by),
        "may_investigate": may_investigate(reader.by),
        "export": state.address("/explorer/export.csv"),
        "chart_address": state.address("/explorer/chart"),
        **live,
        **table(state, part),
        **export_form(state, reader),
        "dense": bool(reader.person.preferences.get("explorer_dense")),
    }


def export_form(state: ExplorerState, reader: Reader) -> dict[str, Any]:
    """What is exported: the columns and the kind of file of last time, else those the table shows."""
    table = state.view.table
    kept = (reader.person.preferences.get("explorer_exports") or {}).get(table) or {}
    chosen = set(kept.get("columns") or (one.key for one in chosen_columns(reader.person, table=table)))
    return {
        "export_choices": [(one, one.key in chosen) for one in grid_columns(table)],
        "export_kind": kept.get("kind", "csv"),
        "export_address": state.address("/explorer/export"),
    }


def table(state: ExplorerState, part: GridPart) -> dict[str, Any]:
    """The table with its selection, paging and column chooser."""
    shown = {column.key for column in part.columns}
    return {
        "grid": part,
        "heads": [head(state, column) for column in part.columns],
        "column_choices": [(column, column.key in shown) for column in grid_columns(state.view.table)],
        "columns_address": state.address("/explorer/columns"),
        "selection_address": state.address("/explorer/selection"),
        "select_all": state.address(whole=True, left_out=frozenset()),
        "select_none": state.address(whole=False),
        "selected_total": part.total - len(state.left_out),
        "pages": page_links(page=state.page, total=part.total, size=PAGE_SIZE, href=""),
        "pager_href": state.address(page=1),
        "page_size": PAGE_SIZE,
    }


def head(state: ExplorerState, column: Any) -> Mapping[str, Any]:
    """One column's head: a second click on the sorted column turns the order round."""
    current = bool(column.sort) and column.sort == state.sort
    turned = not state.descending if current else column.kind in ("time", "number", "size")
    return {
        "column": column,
        "href": state.address(sort=column.sort, descending=turned, page=1) if column.sort else "",
        "sorted": ("descending" if state.descending else "ascending") if current else "",
        "statistics": values_address(state, column),
    }


def wider(state: ExplorerState) -> tuple[str, str] | None:
    """The next longer time range and its address; None at the longest or for a custom range beyond it."""
    length = state.end - state.start
    longer = next((one for one in PRESETS if one.length > length), None)
    return (longer.label, state.address(preset=longer, page=1)) if longer else None
