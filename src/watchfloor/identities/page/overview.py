"""The first tab: who it is, whether they are at risk, and what the risk is (US-20..25, US-36)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from watchfloor.access.contracts import Permission
from watchfloor.identities.contracts import AccountLine
from watchfloor.identities.page.devices import devices
from watchfloor.identities.page.exposure import exposure, level
from watchfloor.identities.page.known import Known
from watchfloor.identities.page.memberships import groups_of
from watchfloor.identities.page.registry import panels_of
from watchfloor.identities.scoring.selectors import points_of
from watchfloor.kernel.text import visible

SEVERITIES = ("high", "medium", "low", "informational")
TONES = {"high": "danger", "medium": "warning", "low": "series-5", "informational": "neutral"}
MONTH = timedelta(days=30)
MOST_POINTS = 8


def overview(known: Known) -> Mapping[str, Any]:
    """What the template of the tab shows."""
    person = known.person
    signs = exposure(person, known.accounts, now=known.now)
    points = [one for one in points_of(person.pk, 60) if one.worth(known.now) > 0]
    return {
        "contact": contact(known),
        "may_manage": known.actor.may(Permission.IDENTITY_MANAGE),
        "who_attrs": {"hx-get": f"{person.href}/who", "hx-target": "#flyout"},
        "seen": seen(known),
        "accounts": known.accounts,
        "flags": flags(known.accounts),
        "signs": signs,
        "exposure": level(signs, known.accounts),
        "severities": severities(known),
        "device_count": len(devices(known, back=MONTH)),
        "risk_panels": panels_of(person.pk, actor=known.actor, place="risk"),
        "group_count": len(groups_of(person.pk)),
        "points": [(one, one.worth(known.now)) for one in points[:MOST_POINTS]],
        "point_count": len(points),
    }


def contact(known: Known) -> list[tuple[Any, ...]]:
    """How to reach them, and who they are."""
    person = known.person
    place = visible(", ".join(part for part in (person.office, person.city, person.country) if part))
    numbers = {"Phone": person.phone, "Mobile": person.mobile}
    return [
        ("Email", visible(person.address)),
        *((label, visible(value)) for label, value in numbers.items() if value),
        *([("Office", place)] if place else []),
        *([("Employee ID", visible(person.employee_id))] if person.employee_id else []),
    ]


def seen(known: Known) -> list[tuple[Any, ...]]:
    """Since when and until when."""
    person = known.person
    created = person.created_at or min((one.created_at for one in known.accounts if one.created_at), default=None)
    last = max((one.last_sign_in_at for one in known.accounts if one.last_sign_in_at), default=None)
    return [
        ("First seen by Watchfloor", person.first_seen_at),
        ("Last seen", person.last_seen_at),
        ("Last sign-in", last),
        ("Created at its source", created),
    ]


def flags(accounts: tuple[AccountLine, ...]) -> list[tuple[str, tuple[str, ...]]]:
    """Account-control flags, each with the accounts that have it (US-24)."""
    found: dict[str, list[str]] = {}
    for account in accounts:
        for flag in account.flags if account.deleted_at is None else ():
            found.setdefault(flag, []).append(f"{account.label} ({account.provider})")
    return [(flag, tuple(names)) for flag, names in found.items()]


def severities(known: Known) -> Mapping[str, Any]:
    """The card's chart: alerts not yet resolved, by severity; each bar opens the list."""
    active = known.threat.active
    shown = [one for one in SEVERITIES if active.get(one)]
    series = [
        {
            "name": one.capitalize(),
            "values": [active[one]],
            "tone": TONES[one],
            "href": f"{known.person.href}/alerts?severity={one}&status=new&status=inProgress&range=180d",
        }
        for one in shown
    ]
    return {"categories": ["Alerts"], "series": series, "horizontal": True} if shown else {}
