"""The way a mail came: hops, the sender's IP and its direction."""

import ipaddress
import re
from dataclasses import dataclass

from watchfloor.inspection.addresses import domain_of
from watchfloor.inspection.contracts import Authentication, Envelope, Header, TenantFacts

_FROM = re.compile(r"\bfrom\s+(\S{1,255})", re.IGNORECASE)
_BY = re.compile(r"\bby\s+(\S{1,255})", re.IGNORECASE)
_WITH = re.compile(r"\bwith\s+([a-z0-9]{2,20})", re.IGNORECASE)
_BRACKET = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]{3,45})\]")
_PAREN = re.compile(r"\(([0-9A-Fa-f:.]{7,45})\)")
# Not `is_private`: the documentation networks are outside addresses to us.
_INSIDE = tuple(
    ipaddress.ip_network(net)
    for net in [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "100.64.0.0/10",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    ]
)


@dataclass(frozen=True, slots=True)
class Hop:
    """One Received header: who gave it (`host`, `ip`), who took it (`by`), how (`protocol`, e.g. ESMTPSA)."""

    host: str
    ip: str
    by: str
    protocol: str


def hops_of(headers: tuple[Header, ...]) -> tuple[Hop, ...]:
    """The Received headers, newest first, at most 50."""
    return tuple(hop_of(header.value) for header in headers if header.name.lower() == "received")[:50]


def hop_of(value: str) -> Hop:
    """One Received value, read leniently."""
    value = value[:4000]
    giver = value.split(" by ", 1)[0] if value.lower().startswith("from") else ""
    found = _BRACKET.search(giver) or _PAREN.search(giver)
    host, by, protocol = _FROM.search(giver), _BY.search(value), _WITH.search(value)
    return Hop(
        host[1].lower() if host else "",
        valid_ip(found[1]) if found else "",
        by[1].lower().strip(".;") if by else "",
        protocol[1].upper() if protocol else "",
    )


def valid_ip(text: str) -> str:
    """The address in its usual form, IPv4 where it is one inside IPv6; "" for what is no address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def is_outside(ip: str) -> bool:
    """Whether `ip` is a valid address that belongs to no private network."""
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    return not any(address in network for network in _INSIDE if network.version == address.version)


def border_end(headers: tuple[Header, ...]) -> int:
    """How many of the topmost headers our own servers wrote: all above the second outside hop."""
    outside = 0
    for place, header in enumerate(headers):
        if header.name.lower() == "received" and (outside or is_outside(hop_of(header.value).ip)):
            outside += 1
            if outside == 2:
                return place
    return len(headers)


def sender_ip(envelope: Envelope, hops: tuple[Hop, ...]) -> str:
    """The address that gave us the mail: the transport's, else the first outside one in the Received headers, else ""."""
    given = valid_ip(envelope.client_ip)
    if is_outside(given):
        return given
    return next((hop.ip for hop in hops if is_outside(hop.ip)), given)


def direction_of(
    *,
    sender: str,
    recipients: tuple[str, ...],
    ip: str,
    hops: tuple[Hop, ...],
    authentication: Authentication,
    facts: TenantFacts,
) -> str:
    """Inbound, Outbound or Intra-org (TE-045).

    A From of our own domain counts as ours only when nothing speaks against it: it came from inside, by an
    authenticated session, or authentication passed; otherwise it is a forgery that comes in.
    """
    if not facts.own_domains or not is_own(domain_of(sender), facts):
        return "Inbound"
    handed_in = next((hop for hop in hops if is_outside(hop.ip)), None)
    authenticated = handed_in is not None and handed_in.protocol.endswith("A")
    if is_outside(ip) and not authenticated and authentication.composite not in ("pass", "softpass"):
        return "Inbound"
    ours = [is_own(domain_of(recipient), facts) for recipient in recipients]
    return "Intra-org" if not ours or all(ours) else "Outbound"


def is_own(domain: str, facts: TenantFacts) -> bool:
    """Whether `domain` is one of the organisation's or below one."""
    return bool(domain) and any(domain == own or domain.endswith("." + own) for own in facts.own_domains)
