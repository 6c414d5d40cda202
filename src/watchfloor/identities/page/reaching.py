"""An address that belongs to nobody we know: what is known of it all the same."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from watchfloor.access.contracts import Actor, Permission
from watchfloor.incidents.selectors import alerts_naming
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query

BACK = timedelta(days=180)


def unknown(address: str, *, actor: Actor, now: datetime) -> Mapping[str, Any]:
    """Its alerts, and how many mails came from it or went to it in half a year; only what the actor may see."""
    name = address.strip().lower()[:320]
    alerts = alerts_naming((name,), start=now - BACK, end=now, limit=20) if actor.may(Permission.INCIDENT_READ) else ()
    return {"address": name, "alerts": alerts, "mails": _mails(name, now) if _may_mail(actor, name) else ()}


def _may_mail(actor: Actor, name: str) -> bool:
    return "@" in name and actor.may(Permission.EMAIL_METADATA_READ)


def _mails(name: str, now: datetime) -> list[tuple[str, int, str]]:
    found = []
    for label, column in (
        ("Mails received", "RecipientEmailAddress"),
        ("Mails that name it as sender", "SenderFromAddress"),
    ):
        query = Query("EmailEvents", now - BACK, now, (Condition(column, Operator.EQUAL_ANY, (name,)),))
        found.append((label, lake.count(query), f"/explorer?{lake.parameters_of(query)}"))
    return found


def page_of(address: str) -> str:
    """Where the page of whoever bears this name is found."""
    return f"/identities/of/{quote(address, safe='@')}"
