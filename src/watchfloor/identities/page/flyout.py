"""The fly-out of a person (US-05..08): threat, exposure, accounts, devices, contact, organisation, groups, actions."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from watchfloor.access.contracts import Permission
from watchfloor.identities.page.devices import devices
from watchfloor.identities.page.exposure import exposure, level
from watchfloor.identities.page.known import HALF_YEAR, Known
from watchfloor.identities.page.memberships import groups_of
from watchfloor.identities.page.overview import contact
from watchfloor.identities.page.registry import actions_of, panels_of
from watchfloor.incidents.contracts import AlertSummary
from watchfloor.incidents.selectors import alerts_naming

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
        "recent": _recent(known),
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


def _recent(known: Known) -> tuple[AlertSummary, ...]:
    """The last three alerts that name the person (TE-085)."""
    if not known.actor.may(Permission.INCIDENT_READ):
        return ()
    return alerts_naming(known.every_name, start=known.now - HALF_YEAR, end=known.now, limit=3)
