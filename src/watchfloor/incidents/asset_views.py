"""The Assets tab of an incident: users, mailboxes and devices with counts, a device's fly-out, the list as CSV."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.incidents import selectors
from watchfloor.incidents.assets import KINDS, Asset, assets, counts
from watchfloor.incidents.contracts import WORDS, IncidentSummary
from watchfloor.incidents.devices import device_details
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.text import csv_line

KEYS = dict(KINDS)
ACTING = (Permission.IDENTITY_ACTION_MANAGE, Permission.IDENTITY_ACTION_PROPOSE, Permission.IDENTITY_RISK_MANAGE)
"""Whoever holds one of these may take ticked users on to an action; the action asks for what it needs."""


def asset_context(found: IncidentSummary, kind: str, *, actor: Actor) -> dict[str, Any]:
    """What the tab shows: one kind of asset, and how many there are of each."""
    kind = kind if kind in KEYS else "users"
    rows, heads = assets(found.id, kind, actor=actor)
    counted = counts(found.id, actor=actor)
    home = f"{found.href}?tab=assets"
    return {
        "kind": kind,
        "kinds": [(key, label, f"{home}&kind={key}", counted[key]) for key, label in KINDS],
        "assets": [(one, _flyout(found, one)) for one in rows],
        "heads": heads,
        "export": f"{found.href}/assets.csv?kind={kind}",
        "may_act": kind == "users" and any(map(actor.may, ACTING)),
    }


def _flyout(found: IncidentSummary, one: Asset) -> str:
    if one.item.type == "device":
        return f"{found.href}/device?{urlencode({'name': one.item.value})}"
    if one.item.type == "cloudApplication":
        return f"{found.href}/entity?{urlencode({'type': one.item.type, 'value': one.item.value})}"
    return one.facts.summary


@requires(Permission.INCIDENT_READ)
def export(request: HttpRequest, incident: int) -> HttpResponse:
    """One kind of asset as CSV."""
    kind = request.GET.get("kind", "")
    kind = kind if kind in KEYS else "users"
    rows, heads = assets(selectors.incident(incident).id, kind, actor=request.actor)  # type: ignore[attr-defined]
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="incident-{incident}-{kind}.csv"'
    response.write(csv_line(("Name", "Value", "Also", "Role", "Alerts", "First seen", "Last seen", *heads)))
    for one in rows:
        item = one.item
        times = (item.first_seen.isoformat(), item.last_seen.isoformat())
        told = [words for words, _ in one.facts.cells]
        response.write(
            csv_line(
                (one.name, item.value, ", ".join(one.also), WORDS.get(item.role, item.role), item.alerts, *times, *told)
            )
        )
    return response


@requires(Permission.INCIDENT_READ)
def device(request: HttpRequest, incident: int) -> HttpResponse:
    """The fly-out of a device: what it is, who signed in to it around the incident, its alerts (DV-07)."""
    found = selectors.incident(incident)
    name = request.GET.get("name", "")[:500]
    context = device_details(name, found, now=utc_now())
    return render(request, "incidents/device.html", {"incident": found, "name": name, **context})
