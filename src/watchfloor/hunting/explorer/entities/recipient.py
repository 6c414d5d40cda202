"""The fly-out of a recipient (TE-085, TE-086): who it is, their mail, alerts that name them, what they did last."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from watchfloor.access.contracts import Permission
from watchfloor.hunting.explorer.entities.knowing import About, Alerts, actions, literal, mails
from watchfloor.identities.contracts import DirectoryEntry, RecentActivity
from watchfloor.identities.selectors import names_of, person, person_of_name, recent_activity, risk_of, tags_of
from watchfloor.incidents.selectors import alerts_naming, named_in
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.kernel.text import visible
from watchfloor.mail.selectors import why_not

HALF_YEAR = timedelta(days=180)
THREE = 3


def recipient(about: About) -> dict[str, Any]:
    """Everything as far as the reader may; people's accounts and deeds need the right to read people."""
    known = person(about.value)
    pk = person_of_name(about.value) if about.by.may(Permission.IDENTITY_READ) else None
    hunt = f"EmailEvents | where RecipientEmailAddress =~ {literal(about.value)} | sort by Timestamp desc"
    return {
        "title": visible(known.name if known and known.name else about.value),
        "subtitle": visible(about.value) if known and known.name else "",
        "tags": [visible(tag) for tag in known.tags] if known and not pk else (),
        "page_href": f"/identities/{pk}" if pk else "",
        "facts": _facts(known),
        "signs": tags_of(pk, now=about.now) if pk else (),
        "risk": risk_of(pk) if pk else None,
        "mails": mails(about),
        "alerts": _alerts(about, pk),
        "activity": _activity(about, pk),
        "why_no_activity": "" if about.by.may(Permission.IDENTITY_READ) else why_not(Permission.IDENTITY_READ),
        "activity_href": f"/identities/{pk}/timeline" if pk else "",
        "actions": actions(about, hunt=hunt, block=None),
    }


def _facts(known: DirectoryEntry | None) -> list[tuple[str, str]]:
    if known is None:
        return [("Directory", "No connected directory knows this address")]
    return [
        ("Title", known.title),
        ("Department", known.department),
        ("Manager", known.manager),
        ("Priority account", "Yes" if known.priority else "No"),
    ]


def _alerts(about: About, pk: int | None) -> Alerts | None:
    """By all of their names where the person is known, else by the address."""
    if not about.by.may(Permission.INCIDENT_READ):
        return None
    names = names_of(pk).addresses if pk else (about.value,)
    start = about.now - HALF_YEAR
    counted = named_in(names, since=start)
    newest = alerts_naming(names, start=start, end=about.now, limit=THREE)
    href = f"/identities/{pk}/alerts" if pk else f"/alerts?{urlencode({'search': about.value})}"
    return Alerts(newest, counted.alerts, tuple(counted.active.items()), href)


def _activity(about: About, pk: int | None) -> tuple[RecentActivity, ...]:
    """The last three things they did; a lake that cannot answer in time leaves the section empty."""
    if pk is None:
        return ()
    try:
        return recent_activity(pk, THREE, actor=about.by, now=about.now)
    except WatchfloorError:
        return ()
