"""Email origin (TE-093): sending addresses of the present question by country and network, offline; private ones by their kind."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from watchfloor.hunting.explorer.contracts import Reader
from watchfloor.hunting.explorer.narrowing import entity_address, narrowed
from watchfloor.hunting.explorer.rankings import THREATS
from watchfloor.hunting.explorer.state import ExplorerState
from watchfloor.kernel.errors import NotFound
from watchfloor.kernel.text import csv_line, visible
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator

MOST = 20_000
"""Addresses that are looked up, most mails first, some microseconds each. The rest is counted, and said."""
FILTERED = 100
"""Addresses up to which “only this country” is one filter."""
SHOWN = 100
SPLITS = tuple(split.condition for split in THREATS)
UNKNOWN = "Unknown place"
OUTSIDE = frozenset({"", "Public"})
"""Kinds of what is no address, or of one that lies somewhere."""
UNSAID = "No sending address is known"


@dataclass(slots=True)
class Origin:
    """Where mail comes from: a country (`code` of two letters), or a kind of address that lies in none."""

    name: str
    code: str = ""
    messages: int = 0
    threats: list[int] = field(default_factory=lambda: [0] * len(SPLITS))
    addresses: dict[str, int] = field(default_factory=dict)
    networks: dict[str, int] = field(default_factory=dict)

    def add(self, address: str, rows: int, threats: Sequence[int], network: str) -> None:
        """Count the mails of one address in."""
        self.messages += rows
        self.threats = [have + more for have, more in zip(self.threats, threats, strict=True)]
        self.addresses[address] = rows
        if network:
            self.networks[network] = self.networks.get(network, 0) + rows

    @property
    def key(self) -> str:
        return self.code or self.name

    @property
    def biggest(self) -> str:
        """The network most of it comes from."""
        return visible(max(self.networks, key=lambda name: self.networks[name])) if self.networks else ""


@dataclass(frozen=True, slots=True)
class Origins:
    """All of them, most mails first. `unplaced` mails came from addresses beyond the first MOST; `without` name no address. There are
    `addresses` different ones, or more when `at_least`."""

    found: tuple[Origin, ...]
    addresses: int
    unplaced: int
    without: int
    at_least: bool = False


def origins(state: ExplorerState) -> Origins:
    """One question for the addresses with their mails; where each lies is known here."""
    tally = lake.tallied(state.query, column="SenderIP", limit=MOST, splits=SPLITS)
    found: dict[str, Origin] = {}
    lines = zip(tally.values, tally.rows, zip(*tally.splits, strict=True), lake.whereabouts(tally.values), strict=True)
    for address, rows, threats, place in lines:
        name = place.country or (UNKNOWN if place.kind in OUTSIDE else f"{place.kind} address")
        key = place.code or name
        origin = found.get(key) or found.setdefault(key, Origin(name, place.code))
        origin.add(address, rows, threats, place.operator)
    ordered = sorted(found.values(), key=lambda one: (-one.messages, one.name))
    unplaced = tally.all_rows - sum(tally.rows)
    return Origins(tuple(ordered), tally.distinct, unplaced, tally.empty, at_least=tally.at_least)


def origin_tab(state: ExplorerState, reader: Reader) -> Mapping[str, Any]:
    """The map and the table beside it."""
    found = origins(state)
    return {
        "origins": found,
        "lines": [(one, _fly_out(state, one), _only(state, one)) for one in found.found],
        "map": {
            "noun": "mails",
            "countries": [
                {"name": one.code, "label": one.name, "value": one.messages} for one in found.found if one.code
            ],
        },
        "heads": [split.label for split in THREATS],
        "export": state.address("/explorer/origin.csv", page=1),
        "without_address": narrowed(state, "SenderIP", "", tab=state.view.tabs[0]) if found.without else "",
    }


def _fly_out(state: ExplorerState, one: Origin) -> str:
    return f"{state.address('/explorer/country', page=1)}&{urlencode({'value': one.key})}"


def _only(state: ExplorerState, one: Origin) -> str:
    """“Only this” for a country of few addresses; "" where the filter would be too long or would widen."""
    if not state.narrowable or len(one.addresses) > FILTERED:
        return ""
    condition = Condition("SenderIP", Operator.EQUAL_ANY, tuple(one.addresses))
    return state.with_filter(condition).address(tab=state.view.tabs[0])


def country(state: ExplorerState, key: str) -> dict[str, Any]:
    """The fly-out of one country: its networks and addresses. Raises NotFound."""
    one = next((one for one in origins(state).found if one.key == key), None)
    if one is None:
        raise NotFound("no mail of the present question came from there")
    return {
        "origin": one,
        "threats": list(zip([split.label for split in THREATS], one.threats, strict=True)),
        "networks": sorted(one.networks.items(), key=lambda item: -item[1])[:SHOWN],
        "addresses": [
            (
                address,
                count,
                entity_address(state, "SenderIP", address),
                narrowed(state, "SenderIP", address, tab=state.view.tabs[0]),
            )
            for address, count in list(one.addresses.items())[:SHOWN]
        ],
        "more": max(0, len(one.addresses) - SHOWN),
        "only": _only(state, one),
    }


def csv_lines(state: ExplorerState) -> Iterator[str]:
    """One line an address: country, network, mails, threats."""
    heads = [split.label for split in THREATS]
    yield csv_line(("Country", "Network", "Address", "Mails", *heads, "First seen (UTC)", "Last seen (UTC)"))
    for one in lake.values(state.query, column="SenderIP", limit=MOST * 20, splits=SPLITS).found:
        place = lake.place_of(one.value)
        times = (f"{one.first:%Y-%m-%d %H:%M:%S}", f"{one.last:%Y-%m-%d %H:%M:%S}")
        yield csv_line((place.country or place.kind, place.asn, one.value, one.rows, *one.splits, *times))
