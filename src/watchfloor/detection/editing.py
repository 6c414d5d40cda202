"""Changing one place of a policy's conditions: places are numbers from the outside in, as “0.2” for the third part of the first group."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from watchfloor.detection.contracts import Group
from watchfloor.detection.words import condition_words
from watchfloor.kernel.errors import BadInput
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import UNVALUED, Condition, Operator, Part

Place = tuple[int, ...]
JOINED = {"EmailEvents": ("EmailUrlInfo", "EmailAttachmentInfo"), "EmailPostDeliveryEvents": ("EmailEvents", "EmailUrlInfo"),
          "UrlClickEvents": ("EmailEvents",)}  # fmt: skip
"""The tables whose columns a policy on the first may ask too."""
OPERATORS = tuple(one for one in Operator if one is not Operator.REGEX)


@dataclass(frozen=True, slots=True)
class Line:
    """One part as the form lists it: `depth` groups stand around it; a group's `words` say how its parts are joined."""

    place: str
    words: str
    depth: int
    group: bool = False


def lines(parts: Sequence[Part], table: str, *, around: Place = ()) -> Iterator[Line]:
    """Every part, a group before what is in it."""
    for number, part in enumerate(parts):
        place = (*around, number)
        name = ".".join(map(str, place))
        if isinstance(part, Group):
            how = "Any of" if part.any_of else "All of"
            yield Line(name, f"Not: {how.lower()}" if part.negated else how, len(around), group=True)
            yield from lines(part.parts, table, around=place)
        else:
            yield Line(name, condition_words(part, table), len(around))


def columns_of(table: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """(table's description, (column, label) by label) of what a policy on `table` may ask."""
    found = []
    for name in (table, *JOINED.get(table, ())):
        owner = lake.table(name)
        few = [one for one in owner.columns if one.filterable]
        shown = few or [one for one in owner.columns if one.name not in ("Timestamp", "ReportId")]
        prefix = "" if name == table else f"{name}."
        pairs = sorted(((prefix + one.name, one.label or one.name) for one in shown), key=lambda pair: pair[1].lower())
        found.append((name, pairs))
    return found


def typed(*, column: str, operator: str, values: str) -> Condition:
    """The condition a person typed: values are separated by commas; one in double quotes may hold commas."""
    try:
        chosen = Operator(operator)
    except ValueError:
        raise BadInput("choose an operator", place="operator") from None
    if not column:
        raise BadInput("choose what the condition is about", place="column")
    try:
        separated = next(csv.reader([values.replace("\x00", "")], skipinitialspace=True), [])
    except csv.Error:
        raise BadInput("the quotes of the values do not fit", place="value") from None
    found = tuple(dict.fromkeys(one.strip() for one in separated if one.strip()))
    if not found and chosen not in UNVALUED:
        raise BadInput("write a value, or several separated by commas", place="value")
    return Condition(column, chosen, () if chosen in UNVALUED else found)


def place_of(text: str) -> Place:
    parts = text.split(".") if text else []
    if not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts) or len(parts) > 10:
        raise BadInput("that condition is not there", place="do")
    return tuple(map(int, parts))


def added(parts: Sequence[Part], new: Part, *, into: Place) -> tuple[Part, ...]:
    """One part more, in the group at `into`, or beside all others."""
    if not into:
        return (*parts, new)
    return changed(
        parts, into, lambda one: [replace(one, parts=(*one.parts, new))] if isinstance(one, Group) else [one]
    )


def done(parts: Sequence[Part], verb: str, place: Place) -> tuple[Part, ...]:
    """The parts after a verb at a place: remove, flip (all/any), not, group, ungroup. Raises BadInput for another."""
    if verb not in _VERBS or not place:
        raise BadInput("that cannot be done to the conditions", place="do")
    return changed(parts, place, _VERBS[verb])


def changed(parts: Sequence[Part], place: Place, change: Callable[[Part], Sequence[Part]]) -> tuple[Part, ...]:
    """The parts with the one at `place` made into others; a group left empty goes too."""
    kept: list[Part] = []
    for number, one in enumerate(parts):
        if number != place[0]:
            kept.append(one)
        elif len(place) == 1:
            kept += change(one)
        elif isinstance(one, Group) and (inside := changed(one.parts, place[1:], change)):
            kept.append(replace(one, parts=inside))
    return tuple(kept)


def _flip(one: Part) -> Sequence[Part]:
    return [replace(one, any_of=not one.any_of)] if isinstance(one, Group) else [one]


def _deny(one: Part) -> Sequence[Part]:
    return [replace(one, negated=not one.negated)] if isinstance(one, Group) else [Group((one,), negated=True)]


def _open(one: Part) -> Sequence[Part]:
    return one.parts if isinstance(one, Group) and not one.negated else [one]


_VERBS: dict[str, Callable[[Part], Sequence[Part]]] = {
    "remove": lambda one: [],
    "flip": _flip,
    "not": _deny,
    "group": lambda one: [Group((one,), any_of=True)],
    "ungroup": _open,
}
