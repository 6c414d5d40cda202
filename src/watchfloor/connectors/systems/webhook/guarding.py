"""Where a webhook may go: the address is looked up once, checked, and connected to as checked.

Looking it up a second time would let a name answer with a public address first and with one of our own machines then.
"""

import ipaddress
import socket

from watchfloor.kernel.errors import BadInput, Unreachable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

INSIDE = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15"),
        *("::1/128", "fc00::/7"),
    )
)
"""Networks of one's own: allowed by a setting of the connection."""
NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "224.0.0.0/4", "240.0.0.0/4", "100.100.100.200/32"),
        *("168.63.129.16/32", "::/128", "fe80::/10", "fec0::/10", "ff00::/8", "fd00:ec2::/32", "fd20:ce::254/128"),
        # Addresses that carry one of IPv4 where only the local translator knows: nobody can say where they lead.
        *("64:ff9b:1::/48", "2001::/32"),
    )
)
"""Link-local, the metadata services of clouds, multicast, reserved: never, whatever a setting says."""
_CARRYING = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("::/96"))
"""NAT64, and the first way IPv4 was written in IPv6, which some systems still follow; `::` and `::1` are their own."""


def plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 one carries inside (mapped, compatible, 6to4, NAT64), else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if int(address) > 1 and any(address in network for network in _CARRYING):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def refusal(address: Address, *, inside_allowed: bool) -> str:
    """Why we do not connect to this address; "" when we may."""
    address = plain(address)
    if any(address in network for network in NEVER):
        return "is link-local, reserved, or a cloud's metadata service; webhooks never go there"
    if not inside_allowed and any(address in network for network in INSIDE):
        return "is of a private network; allow that in the connection if you mean it"
    return ""


def where(host: str, port: int, *, inside_allowed: bool) -> list[tuple[socket.AddressFamily, str]]:
    """The addresses of a host, all of them allowed. Raises BadInput when one is not, Unreachable when there is none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"{host} has no address: {error}") from None
    addresses = []
    for family, _, _, _, place in found:
        text = str(place[0]).partition("%")[0]
        why = refusal(ipaddress.ip_address(text), inside_allowed=inside_allowed)
        if why:
            raise BadInput(f"{host} leads to {text}, which {why}", place="url")
        addresses.append((socket.AddressFamily(family), text))
    if not addresses:
        raise Unreachable(f"{host} has no address")
    return addresses
