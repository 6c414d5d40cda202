"""The incidents and alerts that name a person, with the filters of the queues (US-26)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from watchfloor.access.contracts import Permission
from watchfloor.identities.page.known import Known
from watchfloor.incidents import selectors

PAGE = 30


def queue_of(known: Known, parameters: Any, *, alerts: bool) -> Mapping[str, Any]:
    """One page of the listing; all statuses and severities unless some are chosen."""
    given = parameters.copy()
    if "severity" not in given:
        given["severity"] = "any"
    statuses = ("new", "inProgress", "resolved") if alerts else ("active", "inProgress", "resolved", "redirected")
    chosen = replace(selectors.read_filter(given, statuses=statuses, range="180d"), naming=known.every_name or ("",))
    read = selectors.alert_queue if alerts else selectors.incident_queue
    number = parameters.get("page", "1")
    page = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    listing = read(chosen, now=known.now, me=known.actor.id, page=page, size=PAGE)
    part = "alerts" if alerts else "incidents"
    kept = [(name, value) for name in parameters for value in parameters.getlist(name) if name != "page"]
    return {
        "alerts": alerts,
        "chosen": chosen,
        "listing": listing,
        "href": f"{known.person.href}/{part}?{urlencode(kept)}",
        "views": [
            ("incidents", "Incidents", f"{known.person.href}/incidents", known.threat.incidents),
            ("alerts", "Alerts", f"{known.person.href}/alerts", known.threat.alerts),
        ],
        "may_manage": known.actor.may(Permission.INCIDENT_MANAGE),
        "part": part,
    }
