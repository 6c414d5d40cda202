"""Value statistics of any column of the present question: common and rare values, how many there are, since when and until when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from watchfloor.access.contracts import Actor
from watchfloor.access.services import authorise
from watchfloor.hunting.explorer.catalogue import pivots_of
from watchfloor.hunting.explorer.columns import in_lake
from watchfloor.hunting.explorer.contracts import GridColumn
from watchfloor.hunting.explorer.narrowing import entity_address, narrowed
from watchfloor.hunting.explorer.properties import RECIPIENT_TAG, properties
from watchfloor.hunting.explorer.state import ExplorerState, page_number
from watchfloor.hunting.explorer.tagged import tag_values
from watchfloor.kernel.errors import BadInput
from watchfloor.kernel.text import csv_line, visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Table
from watchfloor.lake.selectors import Order, Values

SIZE = 25
CHUNK = 20_000
LONGEST_FIND = 200
ORDERS = {
    "common": ("Common", Order()),
    "rare": ("Rare", Order(descending=False)),
    "new": ("New", Order("first")),
    "latest": ("Latest", Order("last")),
    "value": ("A to Z", Order("value", descending=False)),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which column's values, in which order, which page, only those that contain `find`."""

    column: str
    order: str = "common"
    find: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class ValueLine:
    """One value ready to show; `share` is its part of all rows in percent; `only`, `without` and `entity` are addresses or ""."""

    value: str
    rows: int
    share: float
    first: datetime
    last: datetime
    only: str
    without: str
    entity: str


def read_asked(parameters: QueryDict, state: ExplorerState) -> Asked:
    """What an address asks for; without a column, that of the chart's pivot. Raises BadInput for an unknown column."""
    column = parameters.get("column") or state.pivot.column
    if not in_lake(column, table=state.view.table) and column not in properties(state.view.table):
        raise BadInput(f"there is no column “{visible(column[:80])}”", place="column")
    order = parameters.get("sorted", "")
    return Asked(
        column,
        order if order in ORDERS else "common",
        parameters.get("holding", "").strip()[:LONGEST_FIND],
        page_number(parameters.get("values", "1")),
    )


def counted(state: ExplorerState, asked: Asked, *, by: Actor, limit: int = SIZE, offset: int | None = None) -> Values:
    """The values themselves; those of another table need the right that table needs. Raises Forbidden."""
    authorise(by, _owner(state, asked.column).permission)
    first = (asked.page - 1) * limit if offset is None else offset
    order = ORDERS[asked.order][1]
    if asked.column == RECIPIENT_TAG:
        return tag_values(state, order=order, limit=limit, offset=first, contains=asked.find)
    return lake.values(state.query, column=asked.column, order=order, limit=limit, offset=first, contains=asked.find)


def statistics(state: ExplorerState, asked: Asked, *, by: Actor) -> dict[str, Any]:
    """What the fly-out shows."""
    found = counted(state, asked, by=by)
    whole = found.rows + found.empty
    return {
        "asked": asked,
        "label": label_of(state, asked.column),
        "values": found,
        "whole": whole,
        "lines": [_line(state, asked, one, whole) for one in found.found],
        "without_value": narrowed(state, asked.column, "") if found.empty and asked.column != RECIPIENT_TAG else "",
        "orders": [(key, label, address(state, asked, order=key)) for key, (label, _) in ORDERS.items()],
        "columns": columns(state, by=by),
        "kept": [*state.parameters(page=1), ("sorted", asked.order)],
        "export": address(state, asked, path="/explorer/values.csv"),
        "first": (asked.page - 1) * SIZE + 1,
        "last": (asked.page - 1) * SIZE + len(found.found),
        "before": address(state, asked, page=asked.page - 1) if asked.page > 1 else "",
        "after": address(state, asked, page=asked.page + 1) if asked.page * SIZE < found.distinct else "",
    }


def _line(state: ExplorerState, asked: Asked, one: lake.ValueCount, whole: int) -> ValueLine:
    return ValueLine(
        value=visible(one.value),
        rows=one.rows,
        share=100 * one.rows / whole if whole else 0,
        first=one.first,
        last=one.last,
        only=narrowed(state, asked.column, one.value),
        without=narrowed(state, asked.column, one.value, denied=True),
        entity=entity_address(state, asked.column, one.value),
    )


def address(
    state: ExplorerState, asked: Asked, *, path: str = "/explorer/values", order: str = "", page: int = 1
) -> str:
    """The address of one page of the statistics."""
    own = {"column": asked.column, "sorted": order or asked.order, "holding": asked.find, "values": str(page)}
    kept = {name: value for name, value in own.items() if value and (name, value) != ("values", "1")}
    return f"{state.address(path, page=1)}&{urlencode(kept)}"


def values_address(state: ExplorerState, column: GridColumn) -> str:
    """The statistics of a table's column; "" for times, of which nearly every one is different."""
    name = column.looked_up or (RECIPIENT_TAG if column.kind == "tags" else column.sources[0])
    return "" if column.kind == "time" else address(state, Asked(name))


def label_of(state: ExplorerState, column: str) -> str:
    """“Sender domain”."""
    if column in properties(state.view.table):
        return properties(state.view.table)[column].label
    table, _, name = column.rpartition(".")
    return lake.table(table or state.view.table).column(name).label or name


def columns(state: ExplorerState, *, by: Actor) -> Sequence[tuple[str, list[tuple[str, str]]]]:
    """Every column whose values can be counted here, by group: pivots first."""
    pivots = [(one.column, one.label) for one in pivots_of(state.view)]
    found = [("Pivots", pivots)]
    for group, members in groupby(properties(state.view.table).values(), key=lambda one: one.group):
        rest = [(one.column, one.label) for one in members if by.may(_owner(state, one.column).permission)]
        if rest:
            found.append((group, rest))
    return found


def _owner(state: ExplorerState, column: str) -> Table:
    return lake.table(column.rpartition(".")[0] or state.view.table)


def lines_of_csv(state: ExplorerState, asked: Asked, *, by: Actor) -> Iterator[str]:
    """Every value, a page at a time so that memory stays flat."""
    yield csv_line((label_of(state, asked.column), "Rows", "First seen (UTC)", "Last seen (UTC)"))
    offset = 0
    while True:
        page = counted(state, asked, by=by, limit=CHUNK, offset=offset).found
        for one in page:
            yield csv_line((one.value, one.rows, f"{one.first:%Y-%m-%d %H:%M:%S}", f"{one.last:%Y-%m-%d %H:%M:%S}"))
        offset += CHUNK
        if len(page) < CHUNK:
            return
