"""The shape of a signal and of what it saw. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from watchfloor.identities.scoring.activity import Activity, Kind
from watchfloor.identities.scoring.contracts import Factor
from watchfloor.identities.scoring.past import Past


@dataclass(frozen=True, slots=True)
class Hit:
    """What a signal saw. `value` is what it is about (a country, an address): the same value counts once a day.

    `share` 0 to 1 is how much of the signal's weight it earns; `facts` fill the signal's sentence.
    """

    value: str
    share: float = 1.0
    facts: Mapping[str, str] = field(default_factory=dict)
    factors: tuple[Factor, ...] = ()


FACT = re.compile(r"\{(\w+)\}")
Look = Callable[[Activity, Past], Hit | None]


@dataclass(frozen=True, slots=True)
class Signal:
    """One sign. `weight` is the most points it gives to a person of usual importance; `words` its sentence with {facts};
    `needs` what data it reads, in words; `on` the kinds of activity it looks at; `learned` that it compares, so that it is silent
    while the organisation is learned.
    """

    key: str
    title: str
    weight: float
    words: str
    needs: str
    look: Look
    techniques: tuple[str, ...] = ()
    learned: bool = False
    on: tuple[Kind, ...] = tuple(Kind)

    @property
    def says(self) -> str:
        """Its sentence with the names of its facts: “Mail is sent on to [whom]”."""
        return FACT.sub(lambda fact: f"[{fact[1].replace('_', ' ')}]", self.words)
