"""Addresses that start from one value: only this, not this, its fly-out, and a hunting query."""

from urllib.parse import urlencode

from watchfloor.hunting.explorer.columns import MAIL
from watchfloor.hunting.explorer.contracts import Tab
from watchfloor.hunting.explorer.entity_links import ENTITIES
from watchfloor.hunting.explorer.state import ExplorerState
from watchfloor.lake.contracts import Condition, Operator

OWN_SHA256 = {MAIL}
"""Tables whose SHA256 is that of a mail, not of a file."""


def narrowed(state: ExplorerState, column: str, value: str, *, denied: bool = False, tab: Tab | None = None) -> str:
    """Explorer's address with “only this” added, or “not this”; "" beside alternatives, where one more would widen.

    It shows `tab`, the present one when none is given.
    """
    if not state.narrowable:
        return ""
    operator = Operator.EQUAL_NONE if denied else Operator.EQUAL_ANY
    cleared = state.with_own(of="", by="", find="")
    return cleared.with_filter(Condition(column, operator, (value,))).address(tab=tab or state.tab)


def entity_address(state: ExplorerState, column: str, value: str) -> str:
    """The fly-out of one value in the present question; "" for columns whose values have none."""
    table, _, name = column.rpartition(".")
    kind = ENTITIES.get(name, "")
    if not kind or not value or (name == "SHA256" and (table or state.view.table) in OWN_SHA256):
        return ""
    return f"{state.address(f'/explorer/{kind}', page=1)}&{urlencode({'value': value})}"
