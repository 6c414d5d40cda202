"""The organisation around a person (US-22): managers above, colleagues beside, reports below."""

from collections.abc import Mapping
from typing import Any

from watchfloor.identities.models import DirectoryPerson
from watchfloor.identities.page.known import Known

MOST_ABOVE = 12
MOST = 200


def organisation(known: Known) -> Mapping[str, Any]:
    """What the fly-out shows; a circle of managers ends where it closes."""
    person = known.person
    living = DirectoryPerson.objects.filter(deleted_at__isnull=True).exclude(pk=person.pk)
    reports = living.filter(manager=person.address).order_by("name")
    beside = living.filter(manager=person.manager).order_by("name") if person.manager else living.none()
    return {
        "person": person,
        "managers": _above(person.manager, {person.address}),
        "reports": list(reports[:MOST]),
        "report_count": reports.count(),
        "colleagues": list(beside[:MOST]),
        "colleague_count": beside.count(),
    }


def _above(manager: str, seen: set[str]) -> list[DirectoryPerson]:
    """From the top down to the direct manager."""
    found: list[DirectoryPerson] = []
    while manager and manager not in seen and len(found) < MOST_ABOVE:
        seen.add(manager)
        row = DirectoryPerson.objects.filter(address=manager).first()
        if row is None:
            break
        found.append(row)
        manager = row.manager
    return found[::-1]
