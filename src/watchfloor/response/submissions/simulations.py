"""Mail of the organisation's own phishing simulations, known by who it says it is from and by what sent it. Pure.

Both must fit, as in Defender's advanced delivery: a sender's domain alone is anybody's to write.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from watchfloor.inspection.services import domains_above
from watchfloor.kernel.errors import BadInput

WIDEST = {4: 16, 6: 32}


def pair_of(text: str) -> str:
    """“sim.example, 192.0.2.0/24” in one form. Raises BadInput."""
    domain, _, network = (part.strip().lower() for part in text.partition(","))
    try:
        where = ipaddress.ip_network(network, strict=False)
    except ValueError:
        raise BadInput(
            f"write “{text[:80]}” as its domain and the network that sends: sim.example, 192.0.2.0/24"
        ) from None
    if (
        "." not in domain
        or not domain.isascii()
        or set(domain) & set(" @/:")
        or where.prefixlen < WIDEST[where.version]
    ):
        raise BadInput(f"“{text[:80]}” needs a domain, and a network no wider than /{WIDEST[where.version]}")
    return f"{domain.removeprefix('*.')}, {where}"


def simulation_of(row: Mapping[str, Any], pairs: Iterable[str]) -> str:
    """The pair a mail (a row of EmailEvents) belongs to, "" when it is no simulation."""
    domains = {
        one
        for name in ("SenderFromAddress", "SenderMailFromAddress")
        for one in domains_above(str(row.get(name) or "").lower().rpartition("@")[2])
    }
    try:
        ip = ipaddress.ip_address(str(row.get("SenderIP") or ""))
    except ValueError:
        return ""
    for pair in pairs:
        domain, _, network = pair.partition(", ")
        if domain in domains and ip in ipaddress.ip_network(network):
            return pair
    return ""
