"""Whose addresses are ours: the one rule for reports, digests, protected links and what entries may name."""

from collections.abc import Collection, Iterable

from django.db.models import Q

from watchfloor.connectors.selectors import tenant_facts
from watchfloor.identities.models import DirectoryPerson

AT_ONCE = 2000
OUR_PEOPLE = Q(external=False) | Q(leading__startswith="CSV ") | Q(leading="")
"""Not the strangers whom only connected systems hold (guests, file shares); one in an imported list is there on purpose."""


def is_own_domain(domain: str, *, own: Collection[str]) -> bool:
    """Whether a domain (any case) is one of `own` or below one. Asks no database, for those who decide about each mail."""
    domain = domain.lower()
    return bool(domain) and any(domain == one or domain.endswith(f".{one}") for one in own)


def ours_among(addresses: Iterable[str], *, if_unset: bool) -> frozenset[str]:
    """Those of `addresses` that are ours, in lower case.

    Ours is an address of our domains or below one, and that of a living person of the directory who is no stranger there. While
    no domain of ours is set nobody can tell, and the answer is all of them with `if_unset`, else the directory's people alone.
    One query for up to 2,000 addresses of other domains, none where there are none.
    """
    wanted = {address.strip().lower() for address in addresses if "@" in address}
    own = tenant_facts().own_domains
    if not own and if_unset:
        return frozenset(wanted)
    found = {address for address in wanted if is_own_domain(address.rpartition("@")[2], own=own)}
    others = sorted(wanted - found)
    for start in range(0, len(others), AT_ONCE):
        people = DirectoryPerson.objects.filter(
            OUR_PEOPLE, address__in=others[start : start + AT_ONCE], deleted_at=None
        )
        found.update(people.values_list("address", flat=True))
    return frozenset(found)


def is_ours(address: str, *, if_unset: bool) -> bool:
    """The same of one address."""
    return bool(ours_among([address], if_unset=if_unset))
