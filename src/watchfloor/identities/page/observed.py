"""What was observed of a person in the organisation (US-27, US-28): devices, places, groups, ways to sensitive accounts."""

from collections.abc import Mapping
from typing import Any

from watchfloor.identities.page.devices import Device, devices
from watchfloor.identities.page.known import Known
from watchfloor.identities.page.memberships import groups_of
from watchfloor.identities.page.places import places

SHOWN = 100


def observed(known: Known) -> Mapping[str, Any]:
    """What the template of the tab shows."""
    found = devices(known)
    seen = places(known)
    return {
        "devices": found[:SHOWN],
        "device_count": len(found),
        "used": _most_and_least(found),
        "locations": seen.locations,
        "apps": seen.apps,
        "addresses": seen.addresses,
        "map": seen.map,
        "groups": groups_of(known.person.pk),
    }


def _most_and_least(found: tuple[Device, ...]) -> tuple[Device, Device] | None:
    """The device used most and the one used least, when there are two that worked."""
    worked = [one for one in found if one.logons]
    return (worked[0], worked[-1]) if len(worked) > 1 else None
