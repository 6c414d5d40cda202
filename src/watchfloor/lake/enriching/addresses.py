"""Where an address lies, offline: country and network from geoip2fast's packaged data (GeoLite2), loaded at the first question.

The data take about 100 MB in each process that asks. They name no city, and networks by their operator instead of by number.
"""

import csv
import ipaddress
import logging
import threading
from functools import cache, lru_cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from watchfloor.lake.locations import Place

log = logging.getLogger(__name__)
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

DATA = "geoip2fast-asn-ipv6.dat.gz"
REMEMBERED = 65_536
PUBLIC = "Public"
PRIVATE = "Private"
_SHARED = ipaddress.ip_network("100.64.0.0/10")
_loading = threading.Lock()


@lru_cache(maxsize=REMEMBERED)
def place_of(ip: str) -> Place:
    """Where the address lies; all empty for what is no address, without a country for one that is not public.

    Takes IPv4, IPv6, IPv4 in IPv6, with or without brackets and zone. Microseconds for an address met before.
    """
    address = address_of(ip)
    if address is None:
        return Place()
    kind = _kind(address)
    if kind != PUBLIC:
        return Place(kind=kind)
    found = _located(str(address))
    if found is None or found.is_private or not found.country_code.isalpha():
        return Place(kind=kind)
    latitude, longitude = _middles().get(found.country_code, (None, None))
    operator = found.asn_name if _within(address, found.asn_cidr) else ""
    return Place(found.country_code, found.country_name, operator, found.cidr, latitude, longitude, kind)


def _within(address: Address, network: str) -> bool:
    """The library names the operator of the network that begins last below an address, even where that ends before it."""
    try:
        return address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def kind_of(ip: str) -> str:
    """Public, Private, Loopback, LinkLocal, Multicast, Broadcast, Teredo or Reserved, as RemoteIPType has them; "" for no address."""
    return place_of(ip).kind


def address_of(ip: str) -> Address | None:
    """The address written here, with or without brackets and zone, IPv4 in IPv6 as IPv4; None when it is none."""
    try:
        address = ipaddress.ip_address(ip.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _kind(address: Address) -> str:
    if address.is_loopback:
        return "Loopback"
    if isinstance(address, ipaddress.IPv6Address) and address.teredo:
        return "Teredo"
    if str(address) == "255.255.255.255":
        return "Broadcast"
    if address.is_link_local:
        return "LinkLocal"
    if address.is_multicast:
        return "Multicast"
    if address.is_unspecified or address.is_reserved:
        return "Reserved"
    shared = isinstance(address, ipaddress.IPv4Address) and address in _SHARED
    return PRIVATE if address.is_private or shared else PUBLIC


def _located(ip: str) -> Any:
    try:
        return _database().lookup(ip)
    except Exception:
        log.exception("the address %s could not be looked up", ip)
        return None


def _database() -> Any:
    with _loading:
        return _loaded()


@cache
def _loaded() -> Any:
    library: Any = import_module("geoip2fast")
    # With its whole path: by its name alone the library would take a file of the working folder first.
    return library.GeoIP2Fast(geoip2fast_data_file=str(files("geoip2fast") / DATA))


@cache
def _middles() -> dict[str, tuple[float, float]]:
    """A point in the middle of each country, degrees north and east, rounded as public-domain gazetteers have them."""
    text = files(__package__).joinpath("countries.csv").read_text(encoding="utf-8")
    return {code: (float(north), float(east)) for code, north, east in csv.reader(text.splitlines())}
