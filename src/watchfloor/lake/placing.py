"""Where an address lies: as the administrator's list GeoIP says of its smallest network, else by the packaged data.

One's own networks are in no public data, and an operator knows better where a branch sits. Queries ask the same list by
geo_info_from_ip_address(). A process looks for a newer list at most every `FRESH` seconds.
"""

import ipaddress
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from threading import Lock

from watchfloor.lake.enriching import Whereabouts
from watchfloor.lake.enriching import place_of as packaged_place_of
from watchfloor.lake.enriching import whereabouts as packaged_whereabouts
from watchfloor.lake.enriching.addresses import REMEMBERED, address_of
from watchfloor.lake.lists import GEO_IP, rows_of
from watchfloor.lake.locations import Place
from watchfloor.lake.models import UploadedList

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

FRESH = 30.0


@dataclass(frozen=True, slots=True)
class Networks:
    """The list's places by network, the sizes it has of either version longest first, and when it was uploaded."""

    places: Mapping[Network, Place]
    sizes: Mapping[int, tuple[int, ...]]
    uploaded_at: datetime | None = None

    def place_of(self, ip: str) -> Place | None:
        """What the list says of the smallest network that holds the address."""
        address = address_of(ip) if self.places else None
        if address is None:
            return None
        networks = (ipaddress.ip_network(f"{address}/{size}", strict=False) for size in self.sizes[address.version])
        return next((self.places[network] for network in networks if network in self.places), None)


NONE = Networks({}, {4: (), 6: ()})


@dataclass(slots=True)
class _Known:
    networks: Networks = NONE
    until: float = 0.0


_known, _reading = _Known(), Lock()


def place_of(ip: str) -> Place:
    """Where the address lies; all empty for what is no address. Microseconds for an address met before."""
    networks = _current()
    listed = _listed(ip, networks.uploaded_at) if networks.places else None
    return listed or packaged_place_of(ip)


def whereabouts(ips: Sequence[str]) -> Iterator[Whereabouts]:
    """Where each of many addresses lies, for counting: about a microsecond each, ten where there is a list."""
    networks = _current()
    if not networks.places:
        return packaged_whereabouts(ips)
    return (Whereabouts(one.country_code, one.country, one.asn, one.kind) for one in map(place_of, ips))


def forget() -> None:
    """Look for the list anew at the next question: it was just changed."""
    with _reading:
        _known.until = 0.0


@lru_cache(maxsize=REMEMBERED)
def _listed(ip: str, _: datetime | None) -> Place | None:
    """With the packaged data's kind of address: a private network stays one wherever it lies."""
    found = _known.networks.place_of(ip)
    return replace(found, kind=packaged_place_of(ip).kind) if found else None


def _current() -> Networks:
    with _reading:
        if time.monotonic() >= _known.until:
            at = UploadedList.objects.filter(pk=GEO_IP).values_list("uploaded_at", flat=True).first()
            if at != _known.networks.uploaded_at:
                _known.networks = _networks(rows_of(GEO_IP), uploaded_at=at) if at else NONE
            _known.until = time.monotonic() + FRESH
        return _known.networks


def _networks(rows: Iterable[Mapping[str, str]], *, uploaded_at: datetime) -> Networks:
    places: dict[Network, Place] = {}
    for row in rows:
        try:
            network = ipaddress.ip_network(row.get("network", "").strip(), strict=False)
        except ValueError:
            continue  # a query refuses the list in words; pages do with the lines that can be read
        places[network] = _place(row, str(network))
    sizes = {
        version: tuple(sorted({one.prefixlen for one in places if one.version == version}, reverse=True))
        for version in (4, 6)
    }
    return Networks(places, sizes, uploaded_at)


def _place(row: Mapping[str, str], network: str) -> Place:
    country = row.get("country", "").strip()
    code = row.get("country_code", "").strip().upper() or (country.upper() if len(country) == 2 else "")
    return Place(
        country_code=code,
        country=country or code,
        asn=row.get("operator", "").strip(),
        network=network,
        latitude=_degrees(row.get("latitude", "")),
        longitude=_degrees(row.get("longitude", "")),
    )


def _degrees(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
