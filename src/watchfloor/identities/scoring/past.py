"""What a signal may look at beside the activity: who the person is, what they did, what is usual around them. Pure."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

from watchfloor.identities.scoring import formulas
from watchfloor.identities.scoring.activity import Activity
from watchfloor.identities.scoring.contracts import LEARNING, Factor, Scale
from watchfloor.identities.scoring.habits import Habits, likely

LEAST_DAYS = 5.0
"""Person-days before somebody is compared with themselves."""
LEAST_ORGANISATION = 20.0
"""Person-days before the organisation tells what is usual; until then only plain signs give points."""


@dataclass(frozen=True, slots=True)
class Who:
    """One person as the scoring needs them. `importance` is privileged, sensitive, vip or "" with `why` in words."""

    pk: int
    name: str
    address: str = ""
    circles: tuple[str, ...] = ()
    importance: str = ""
    why: str = ""
    honeytoken: bool = False
    enabled: bool = True
    domains: frozenset[str] = frozenset()

    @property
    def factor(self) -> float:
        return formulas.IMPORTANCE.get(self.importance, 1.0)


Locate = Callable[[Activity], tuple[float, float] | None]


def nowhere(activity: Activity) -> tuple[float, float] | None:
    return activity.place


@dataclass
class Past:
    """The circles as they were before this activity."""

    who: Who
    activity: Activity
    person: Habits
    peers: list[Habits]
    organisation: Habits
    scale: Scale = field(default_factory=Scale)
    locate: Locate = nowhere

    @cached_property
    def day(self) -> int:
        return self.activity.at.toordinal()

    @cached_property
    def cold(self) -> bool:
        """Whether the person is too new to be compared with themselves."""
        return young(self.person, self.activity) or self.person.days(day=self.day) < LEAST_DAYS

    @cached_property
    def learning(self) -> bool:
        """Whether the organisation is too new to say what is usual."""
        return young(self.organisation, self.activity) or self.organisation.days(day=self.day) < LEAST_ORGANISATION

    def likely(self, feature: str, value: str) -> float:
        """How likely this value is for this person today."""
        person = None if self.cold else self.person
        return likely(feature, value, person=person, peers=self.peers, organisation=self.organisation, day=self.day)

    def newness(self, feature: str) -> float:
        """How likely it is that this person shows a new device, network or country on one day."""
        prior = (self.organisation.seen("first", feature, day=self.day) + 0.5) / (
            self.organisation.days(day=self.day) + 1
        )
        among = [_rate(one, feature, prior, day=self.day) for one in self.peers]
        prior = min(1.0, max(among, default=prior))
        return prior if self.cold else min(1.0, _rate(self.person, feature, prior, day=self.day))

    def known(self, feature: str, value: str) -> bool:
        """Whether the person has shown this value within memory."""
        return self.person.seen(feature, value, day=self.day) >= 0.1

    def compared(self, chance: float, what: str) -> tuple[Factor, ...]:
        """Why a chance surprises, for the reader."""
        circle = (
            "among colleagues (too new to compare with themselves)" if self.cold else "for this person and colleagues"
        )
        words = f"{what}: about 1 in {max(1, round(1 / chance)):,} {circle}"
        return (Factor("Surprise", f"{formulas.bits(chance):.1f} bits", words),)

    def habit(self, name: str) -> Any:
        """What `keep` kept of the person under this name."""
        return self.person.body.get(name)

    @cached_property
    def from_known_network(self) -> bool:
        """Whether the address is in a network that the operator or the source calls its own."""
        return self.activity.trusted or in_networks(self.activity.ip, self.scale.known_networks)


def _rate(circle: Habits, feature: str, prior: float, *, day: int) -> float:
    return formulas.share(circle.seen("first", feature, day=day), circle.days(day=day), prior=prior)


def young(habits: Habits, activity: Activity) -> bool:
    return habits.since is None or activity.at - habits.since < LEARNING


def in_networks(ip: str, networks: tuple[str, ...]) -> bool:
    """Whether an address lies in one of these networks (CIDR)."""
    if not ip or not networks:
        return False
    try:
        found = ipaddress.ip_address(ip)
    except ValueError:
        return False
    return any(found in ipaddress.ip_network(network, strict=False) for network in networks)


HOUR = timedelta(hours=1)
