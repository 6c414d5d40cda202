"""A person's mail: sent, received, threats received, clicked links; each with its rows in Explorer."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from watchfloor.identities.page.known import Known
from watchfloor.kernel.errors import BadInput
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Condition, Operator, Query

BACK = timedelta(days=30)
SHOWN = 20
COLUMNS = (
    "Timestamp", "NetworkMessageId", "Subject", "SenderFromAddress", "RecipientEmailAddress", "ThreatTypes",
    "LatestDeliveryLocation", "EmailDirection",
)  # fmt: skip
CLICKS = ("Timestamp", "Url", "ActionType", "NetworkMessageId", "IPAddress", "ThreatTypes")
VIEWS = (("received", "Received"), ("threats", "Threats received"), ("sent", "Sent"), ("clicks", "Clicked links"))


def queries(known: Known) -> Mapping[str, Query]:
    """What each view asks, of 30 days; none when the person has no mail address."""
    mine = known.names.mails
    start, end = known.now - BACK, known.now
    if not mine:
        return {}
    received = Condition("RecipientEmailAddress", Operator.EQUAL_ANY, mine)
    sent = Condition("SenderFromAddress", Operator.EQUAL_ANY, mine)
    inside = Condition("EmailDirection", Operator.EQUAL_NONE, ("Inbound",))
    threat = Condition("ThreatTypes", Operator.EQUAL_NONE, ("",))
    clicked = Condition("AccountUpn", Operator.EQUAL_ANY, known.names.addresses)
    return {
        "received": Query("EmailEvents", start, end, (received,)),
        "threats": Query("EmailEvents", start, end, (received, threat)),
        "sent": Query("EmailEvents", start, end, (sent, inside)),
        "clicks": Query("UrlClickEvents", start, end, (clicked,)),
    }


def mail(known: Known, *, view: str) -> Mapping[str, Any]:
    """Totals, a chart and the last rows of one view."""
    asked = queries(known)
    view = view if view in dict(VIEWS) else "received"
    home = f"{known.person.href}/mail"
    totals = {key: lake.count(query) for key, query in asked.items()}
    context: dict[str, Any] = {
        "view": view,
        "views": [(key, label, f"{home}?view={key}", totals.get(key, 0)) for key, label in VIEWS],
        "has_mail": any(totals.values()),
        "explorer": explorer(asked[view]) if view in asked else "",
    }
    if not totals.get(view):
        return context
    return context | _rows(asked[view], view) | {"chart": _chart(asked[view])}


def explorer(query: Query) -> str:
    """Explorer with the same filter; clicks are shown there as their mails' URLs."""
    try:
        return f"/explorer?{lake.parameters_of(query)}" if query.table == "EmailEvents" else ""
    except BadInput:
        return ""


def _rows(query: Query, view: str) -> dict[str, Any]:
    if view == "clicks":
        rows = lake.rows(query, columns=CLICKS, limit=SHOWN)
        return {"clicks": [{**row, "href": _email(row["NetworkMessageId"])} for row in rows]}
    rows = lake.rows(query, columns=COLUMNS, limit=SHOWN)
    return {"mails": [{**row, "href": _email(row["NetworkMessageId"], row["RecipientEmailAddress"])} for row in rows]}


def _email(key: str, recipient: str = "") -> str:
    who = f"?recipient={quote(recipient, safe='')}" if recipient else ""
    return f"/email/{quote(key, safe='')}{who}" if key else ""


def _chart(query: Query) -> Mapping[str, Any]:
    pivot = "ActionType" if query.table == "UrlClickEvents" else "ThreatTypes"
    found = lake.over_time(query, pivot=pivot, step_seconds=86_400, top=6)
    series = [{"name": name or "No threat", "values": list(counts)} for name, counts in found.series.items()]
    return {"categories": [f"{at:%Y-%m-%d}" for at in found.times], "series": series}
