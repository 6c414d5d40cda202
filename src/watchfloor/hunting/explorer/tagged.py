"""User tags (TE-098): the directory's, not the lake's, so they are counted through the addresses that carry them."""

from dataclasses import replace

from watchfloor.hunting.explorer.state import ExplorerState
from watchfloor.identities.selectors import addresses_by_tag
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator
from watchfloor.lake.selectors import Order, ValueCount, Values


def tag_values(state: ExplorerState, *, order: Order, limit: int, offset: int, contains: str) -> Values:
    """The tags as `lake.selectors.values` gives other values: one question, however many tags and people there are.

    Rows of somebody with two tags count for both; rows of people without a tag are the empty ones.
    """
    people = addresses_by_tag()
    column = state.view.person
    everybody = tuple(sorted({address for addresses in people.values() for address in addresses}))
    met: dict[str, ValueCount] = {}
    if everybody:
        only = Condition(column, Operator.EQUAL_ANY, everybody)
        query = replace(state.query, required=(*state.query.required, only))
        met = {one.value.lower(): one for one in lake.values(query, column=column, limit=len(everybody)).found}
    found = [one for tag, addresses in people.items() if (one := _summed(tag, [met[a] for a in addresses if a in met]))]
    wanted = [one for one in found if contains.casefold() in one.value.casefold()]
    wanted.sort(key=lambda one: one.value)
    wanted.sort(key=lambda one: getattr(one, str(order.by)), reverse=order.descending)
    rest = lake.count(state.query) - sum(one.rows for one in met.values())
    return Values(tuple(wanted[offset : offset + limit]), len(wanted), sum(one.rows for one in wanted), rest)


def _summed(tag: str, parts: list[ValueCount]) -> ValueCount | None:
    if not parts:
        return None
    first, last = min(one.first for one in parts), max(one.last for one in parts)
    return ValueCount(tag, sum(one.rows for one in parts), first, last)
