"""The fly-out of a person (US-05..08): threat, exposure, accounts, devices, contact, organisation, groups, actions."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from watchfloor.identities.page.devices import devices
from watchfloor.identities.page.exposure import exposure, level
from watchfloor.identities.page.known import Known
from watchfloor.identities.page.memberships import groups_of
from watchfloor.identities.page.overview import contact
from watchfloor.identities.page.registry import actions_of, panels_of

WEEK = timedelta(days=7)
MOST = 5


def summary(known: Known) -> Mapping[str, Any]:
    """What the template shows; five of each kind, the rest on the page."""
    person = known.person
    signs = exposure(person, known.accounts, now=known.now)
    found = devices(known, back=WEEK)
    groups = groups_of(person.pk)
    return {
        "person": person,
        "tags": known.tags,
        "risk": known.risk,
        "threat": known.threat,
        "signs": signs[:MOST],
        "exposure": level(signs, known.accounts),
        "accounts": known.accounts[:MOST],
        "more_accounts": max(0, len(known.accounts) - MOST),
        "devices": found[:MOST],
        "more_devices": max(0, len(found) - MOST),
        "groups": groups[:MOST],
        "group_count": len(groups),
        "contact": contact(known),
        "actions": actions_of(person.pk, actor=known.actor),
        "panels": panels_of(person.pk, actor=known.actor, place="flyout"),
    }
