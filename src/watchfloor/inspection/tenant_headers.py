"""Which headers of a mail our own Microsoft 365 tenant wrote. Everything else in the block may be the sender's.

Exchange Online puts two groups of headers around those that came in. On top, above the Received line of its border
(`by ….mail.protection.outlook.com`), stand the further hops and the results of authentication. At the bottom, after
everything the sender wrote, stand the levels and ids; they begin with `X-MS-Exchange-Organization-…`, names that Exchange
takes out of mail from outside. Filters' reports of other tenants are renamed `…-Untrusted` or `…-Original` and have no
meaning here. A mail that another server took in last, or that some other tenant's block ends, tells us nothing.
"""

from dataclasses import dataclass

from watchfloor.inspection.contracts import Envelope, Header, TenantFacts
from watchfloor.inspection.delivery import hop_of, is_outside

ANY = "any"
"""In place of a tenant's id: whoever's export it is. For collections, never for mail that strangers hand in."""
_BORDER = ".mail.protection.outlook.com"
_HOSTS = (".outlook.com", ".office365.com", ".exchangelabs.com")
_OWN = "x-ms-exchange-organization-"
_COUNT = "x-incomingheadercount"
_TENANTS = ("x-eoptenantattributedmessage", "x-ms-exchange-crosstenant-id")


@dataclass(frozen=True, slots=True)
class TenantBlock:
    """The headers `tenant` wrote: `above` its border's Received line, and `below` the sender's; `border_ip` gave it the mail."""

    tenant: str
    above: tuple[Header, ...]
    below: tuple[Header, ...]
    border_ip: str = ""

    def last(self, name: str) -> str:
        """The value of the lowest header of that lower-case name below the sender's, "" when there is none."""
        return next((header.value for header in reversed(self.below) if header.name.lower() == name), "")


def tenant_block(headers: tuple[Header, ...], envelope: Envelope, facts: TenantFacts) -> TenantBlock | None:
    """What our own tenant wrote; None when no tenant is named, the mail came here by other ways, or the block is another's.

    A mail that an outside client hands to us cannot be an export, whatever its headers say.
    """
    wanted = {ANY} if envelope.exported else facts.microsoft_tenants
    if not wanted or is_outside(envelope.client_ip):
        return None
    border = _border(headers)
    begin = _begin(headers)
    if border is None or begin is None:
        return None
    below = headers[max(begin, border + 1) :]
    tenant = _tenant(below)
    if not tenant or (ANY not in wanted and tenant not in wanted):
        return None
    return TenantBlock(tenant, headers[:border], below, hop_of(headers[border].value).ip)


def _border(headers: tuple[Header, ...]) -> int | None:
    """Where the Received line of Microsoft's border stands; every hop above it must be Microsoft's too.

    Only `by` counts, which the trusted hop above vouches for: a client can greet as any host.
    """
    for place, header in enumerate(headers):
        if header.name.lower() != "received":
            continue
        by = hop_of(header.value).by
        if by.endswith(_BORDER):
            return place
        if not by.endswith(_HOSTS):
            return None
    return None


def _begin(headers: tuple[Header, ...]) -> int | None:
    """Where Microsoft's headers below the sender's begin: at the first protected name, and after the count of those that came in."""
    names = [header.name.lower() for header in headers]
    first = next((place for place, name in enumerate(names) if name.startswith(_OWN)), None)
    if first is None:
        return None
    counted = max((place for place, name in enumerate(names) if name == _COUNT), default=-1)
    return max(first, counted + 1)


def _tenant(below: tuple[Header, ...]) -> str:
    """The id of the tenant a block is of, "" when it names none or two."""
    named = {header.value.strip().lower().partition(":")[0] for header in below if header.name.lower() in _TENANTS} - {
        ""
    }
    return named.pop()[:60] if len(named) == 1 else ""
