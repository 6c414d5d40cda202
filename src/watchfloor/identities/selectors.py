"""Reads of the directory; each is one query, however many addresses are asked for."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Max

from watchfloor.identities.contracts import DirectoryEntry
from watchfloor.identities.detail import people_by_id, person_by_id
from watchfloor.identities.finding import account_refs, accounts_of, names_of, people_of_names, person_of_name
from watchfloor.identities.groups import group_by_id, tree_of
from watchfloor.identities.models import DirectoryPerson
from watchfloor.identities.ours import OUR_PEOPLE, is_ours, is_own_domain, ours_among
from watchfloor.identities.page.recent import recent_activity
from watchfloor.identities.reach import paths_to_sensitive
from watchfloor.identities.scoring.selectors import (
    history_of,
    points_by_evidence,
    points_of,
    risk_of,
    riskiest,
    risks_of,
)
from watchfloor.identities.suggesting import merged_into, suggestions_of
from watchfloor.identities.tags import tags_of, tags_of_people

__all__ = [
    "account_refs",
    "accounts_of",
    "addresses_by_tag",
    "addresses_tagged",
    "directory_version",
    "entry_of",
    "everyone",
    "group_by_id",
    "history_of",
    "is_ours",
    "is_own_domain",
    "merged_into",
    "names_of",
    "ours_among",
    "paths_to_sensitive",
    "people_by_address",
    "people_by_id",
    "people_of_names",
    "person",
    "person_by_id",
    "person_of_name",
    "points_by_evidence",
    "points_of",
    "recent_activity",
    "risk_of",
    "riskiest",
    "risks_of",
    "suggestions_of",
    "tags_of",
    "tags_of_people",
    "tree_of",
]


def entry_of(row: DirectoryPerson) -> DirectoryEntry:
    """The contract of a stored row."""
    return DirectoryEntry(
        address=row.address,
        name=row.name,
        department=row.department,
        title=row.title,
        manager=row.manager,
        groups=tuple(row.groups),
        tags=tuple(row.tags),
    )


def people_by_address(addresses: Iterable[str]) -> dict[str, DirectoryEntry]:
    """Those of `addresses` (any case) that the directory knows, keyed by lower-case address. No query when none is given."""
    wanted = {address.lower() for address in addresses if address}
    if not wanted:
        return {}
    return {row.address: entry_of(row) for row in DirectoryPerson.objects.filter(address__in=wanted)}


def person(address: str) -> DirectoryEntry | None:
    """The person with this address (any case), or None."""
    return people_by_address([address]).get(address.lower())


def everyone() -> tuple[DirectoryEntry, ...]:
    """The whole directory by name; what impersonation checks compare display names with.

    Left out are who was merged into somebody else, and strangers whom only connected systems hold (guests, file shares);
    a stranger in an imported list is there on purpose.
    """
    return tuple(map(entry_of, DirectoryPerson.objects.filter(OUR_PEOPLE, merged_into__isnull=True)))


def directory_version() -> tuple[int, datetime | None]:
    """Changes with every import: how many people there are, and when the last of them was written."""
    found = DirectoryPerson.objects.aggregate(people=Count("id"), at=Max("imported_at"))
    return found["people"], found["at"]


def addresses_by_tag() -> dict[str, tuple[str, ...]]:
    """Every tag that somebody carries, with the addresses that do: one query over those who carry any."""
    found: dict[str, list[str]] = {}
    for address, tags in DirectoryPerson.objects.exclude(tags=[]).values_list("address", "tags"):
        for tag in tags:
            found.setdefault(tag, []).append(address)
    return {tag: tuple(sorted(found[tag])) for tag in sorted(found)}


def addresses_tagged(tag: str) -> tuple[str, ...]:
    """Addresses that carry `tag` (exactly as written), sorted. Tags are JSON, so the filter runs here for both databases."""
    rows = DirectoryPerson.objects.exclude(tags=[]).values_list("address", "tags")
    return tuple(sorted(address for address, tags in rows if tag in tags))
