"""The values a filter can have, offered with how many rows of the present question have them."""

from dataclasses import dataclass

from watchfloor.hunting.explorer.contracts import Property
from watchfloor.hunting.explorer.filters import typed_words
from watchfloor.hunting.explorer.properties import RECIPIENT_TAG
from watchfloor.hunting.explorer.state import ExplorerState
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.lake import selectors as lake

MOST = 12


@dataclass(frozen=True, slots=True)
class Offered:
    """One value to tick; `typed` is how it is written in a list of values, `count` None where nobody counted."""

    value: str
    typed: str
    count: int | None = None


def uncounted(chosen: Property | None) -> tuple[Offered, ...]:
    """The known values of a discrete property."""
    return tuple(Offered(value, value) for value in chosen.choices) if chosen else ()


def offered(state: ExplorerState, chosen: Property | None) -> tuple[Offered, ...]:
    """All values of a discrete property, the commonest of another, each with its rows; no counts where the lake cannot tell."""
    if chosen is None or chosen.number or chosen.column == RECIPIENT_TAG:
        return uncounted(chosen)
    most = max(MOST, len(chosen.choices))
    try:
        counts = dict(lake.top(state.query, column=chosen.column, limit=most))
    except WatchfloorError:
        return uncounted(chosen)
    if chosen.choices:
        return tuple(Offered(value, value, counts.get(value, 0)) for value in chosen.choices)
    return tuple(Offered(value, typed_words([value]), count) for value, count in counts.items() if value)
