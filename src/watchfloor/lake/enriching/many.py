"""Where many addresses lie: a search in the packaged data's own sorted lists, half a microsecond each; `place_of` takes sixteen.

Only for plain public IPv4 addresses that a country holds; all others, some thousands of IPv6 ones among them, are asked of `place_of`.
"""

import socket
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import chain
from threading import Thread

from watchfloor.lake.enriching.addresses import _loaded, _loading, address_of, place_of

NOT_COUNTRIES = 16
"""Entries of the packaged list of countries below this one name private and reserved networks."""
SPECIAL = (
    *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
    *("192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
)
"""Networks of addresses that mean nothing, or something else, outside."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What a count by country needs of a place."""

    code: str
    country: str
    operator: str
    kind: str


class _Ranges:
    """Networks in order: where each begins and ends, and the number of what it belongs to."""

    def __init__(self, starts: Iterable[Sequence[int]], sizes: Iterable[Sequence[int]], of: Iterable[Sequence[int]]):
        rows = zip(chain.from_iterable(starts), chain.from_iterable(sizes), chain.from_iterable(of), strict=True)
        self.starts, self.ends, self.of = array("Q"), array("Q"), array("l")
        for start, size, number in rows:
            if start >= 2**32:
                break  # sorted: from here on they are IPv6
            self.starts.append(start)
            self.ends.append(start + 2 ** (32 - size))
            self.of.append(number)

    def holding(self, address: int) -> int:
        """The number of the network that holds an address, -1 for none."""
        at = bisect_right(self.starts, address) - 1
        return self.of[at] if at >= 0 and address < self.ends[at] else -1


class _Index:
    """The packaged data as sorted lists. `found` keeps one object for each country and operator met."""

    def __init__(self) -> None:
        data = import_module("geoip2fast.geoip2fast")
        self.countries = [name.split(":", 1) for name in data.mainListNamesCountry]
        self.operators: Sequence[str] = data.mainListNamesASN
        self.lands = _Ranges(data.mainListFirstIP, data.mainListNetlength, data.mainListIDCountryCodes)
        self.nets = _Ranges(data.mainListFirstIPASN, data.mainListNetlengthASN, data.mainListIDASN)
        self.special = _Ranges(*zip(*(([_number(one)], [int(one.split("/")[1])], [1]) for one in SPECIAL), strict=True))
        self.found: dict[tuple[int, int], Whereabouts] = {}

    def of(self, ip: str) -> Whereabouts:
        """Where one address lies."""
        try:
            address = int.from_bytes(socket.inet_pton(socket.AF_INET, ip))
        except (OSError, ValueError):
            return _slowly(ip)
        land = self.lands.holding(address)
        if land < NOT_COUNTRIES or self.special.holding(address) > 0:
            return _slowly(ip)
        key = land, self.nets.holding(address)
        if key not in self.found:
            code, name = self.countries[land]
            self.found[key] = Whereabouts(code, name, self.operators[key[1]] if key[1] >= 0 else "", "Public")
        return self.found[key]


def whereabouts(ips: Sequence[str]) -> Iterator[Whereabouts]:
    """Where each of these addresses lies by the packaged data; the same as `place_of` says."""
    return map(_index().of, ips)


def warm() -> None:
    """Read the packaged data in a thread of its own, if nobody did yet: half a second that the first map need not wait for."""
    if not _asked:
        _asked.append(True)
        Thread(target=_index, name="places", daemon=True).start()


_asked: list[bool] = []


@cache
def _held() -> _Index:
    _loaded()
    return _Index()


def _index() -> _Index:
    with _loading:
        return _held()


def _number(network: str) -> int:
    address = address_of(network.split("/")[0])
    assert address is not None
    return int(address)


def _slowly(ip: str) -> Whereabouts:
    place = place_of(ip)
    return Whereabouts(place.country_code, place.country, place.asn, place.kind)
