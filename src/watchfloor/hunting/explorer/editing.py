"""Changing one place of a question: places are numbers from the outside in, as “0.2” for the third part of the first group."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from watchfloor.hunting.explorer.contracts import Filter
from watchfloor.hunting.explorer.filters import denied, group_filter
from watchfloor.hunting.explorer.state import ExplorerState
from watchfloor.kernel.errors import BadInput

Place = tuple[int, ...]
NOWHERE: Place = (9999,)
Change = Callable[[Filter], Sequence[Filter]]


def place_of(text: str) -> Place:
    """The place that “0.2” names; empty for the whole question, NOWHERE for what is no place."""
    parts = text.split(".") if text else []
    if not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts) or len(parts) > 20:
        return NOWHERE
    return tuple(map(int, parts))


def found_at(filters: Sequence[Filter], place: Place) -> Filter | None:
    """The filter that stands there; None where nothing does."""
    if not place or place[0] >= len(filters):
        return None
    one = filters[place[0]]
    return one if len(place) == 1 else found_at(one.parts, place[1:])


def changed(filters: Sequence[Filter], place: Place, change: Change) -> tuple[Filter, ...]:
    """The filters with the one at `place` made into others: none takes it away, and a group left empty with it."""
    kept: list[Filter] = []
    for number, one in enumerate(filters):
        if number != place[0]:
            kept.append(one)
        elif len(place) == 1:
            kept += change(one)
        elif parts := changed(one.parts, place[1:], change):
            kept.append(group_filter(parts, any_of=one.any_of, negated=one.negated))
    return tuple(kept)


def with_part(state: ExplorerState, added: Filter, *, into: Place) -> ExplorerState:
    """One filter more, in the group at `into`, or beside all the others."""
    if not into:
        known = added.raw in {one.raw for one in state.filters}
        return replace(state, filters=state.filters if known else (*state.filters, added), page=1)
    group = found_at(state.filters, into)
    if group is None:
        raise BadInput("that group is not in the question any more", place="into")
    parts = group.parts or (group,)
    grown = group_filter((*parts, added), any_of=group.any_of, negated=group.negated)
    return replace(state, filters=changed(state.filters, into, lambda _: [grown]), page=1)


def done(state: ExplorerState, text: str) -> ExplorerState:
    """The state after what “verb:place” says. Raises BadInput for a verb or place there is not."""
    verb, _, where = text.partition(":")
    place = place_of(where)
    if verb == "flip":
        return replace(state, any_of=not state.any_of, filters=tuple(map(_flipped, state.filters)), page=1)
    if verb not in _VERBS or found_at(state.filters, place) is None:
        raise BadInput("that cannot be done to this question", place="do")
    change = _VERBS[verb](state)
    return replace(state, filters=changed(state.filters, place, change), page=1)


def _flipped(one: Filter) -> Filter:
    """Every “all of” made “any of”, and the other way round (TE-032)."""
    if not one.parts:
        return one
    return group_filter([_flipped(part) for part in one.parts], any_of=not one.any_of, negated=one.negated)


def _joined(one: Filter) -> list[Filter]:
    return [group_filter(one.parts, any_of=not one.any_of, negated=one.negated)] if one.parts else [one]


def _opened(one: Filter) -> list[Filter]:
    """A group's parts without its brackets; one that denies keeps them."""
    return list(one.parts) if one.parts and not one.negated else [one]


_VERBS: dict[str, Callable[[ExplorerState], Change]] = {
    "not": lambda state: lambda one: [denied(one, table=state.view.table)],
    "join": lambda _: _joined,
    "group": lambda state: lambda one: [group_filter([one], any_of=not state.any_of)],
    "ungroup": lambda _: _opened,
    "remove": lambda _: lambda _one: [],
}
