"""The fragments other pages ask for: the investigations of an incident, of an alert, of a mail, of a remediation; what waits there."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.investigations import selectors
from watchfloor.investigations.incident_clusters import HEADS, clusters_of
from watchfloor.investigations.rendering import DecisionLine, Line
from watchfloor.investigations.views import DECIDERS, actor_of
from watchfloor.kernel.clock import utc_now
from watchfloor.response.selectors import alerts_of_remediation
from watchfloor.ui.services import stamp

SENDING_RULES = frozenset({"sending-limit", "user-restricted", "suspicious-sending", "internal-phish"})


@requires(Permission.INCIDENT_READ)
@require_GET
def of_an_incident(request: HttpRequest, incident: int) -> HttpResponse:
    """The runs of an incident, and what waits for a decision in them (IN-35)."""
    found = selectors.of_incident(incident, by=actor_of(request))
    now = utc_now()
    context = {"rows": [Line.of(one, now=now) for one in found], **_waiting(request, incident, tab="investigations")}
    return render(request, "investigations/beside.html", context)


@requires(Permission.INCIDENT_READ)
@require_GET
def evidence_of_an_incident(request: HttpRequest, incident: int) -> HttpResponse:
    """What its investigations recommend about the evidence, and the clusters as they are counted now (IN-36, IN-37)."""
    clusters = clusters_of(incident, by=actor_of(request), now=utc_now())
    context = {"clusters": clusters, "cluster_heads": HEADS, **_waiting(request, incident, tab="evidence")}
    return render(request, "investigations/beside_evidence.html", context)


def _waiting(request: HttpRequest, incident: int, *, tab: str) -> dict[str, Any]:
    actor, now = actor_of(request), utc_now()
    waiting = selectors.waiting_in_incident(incident, by=actor)
    return {
        "incident": incident,
        "decide_href": f"/investigations/of-incident/{incident}/decide",
        "tab": tab,
        "waiting": [DecisionLine.of(one, now=now) for one in waiting],
        "seen": stamp(now),
        "may_decide": bool(actor.permissions & DECIDERS),
        "may_read": actor.may(Permission.EMAIL_METADATA_READ),
    }


@requires(Permission.INCIDENT_READ)
@require_GET
def of_an_alert(request: HttpRequest, alert_id: str) -> HttpResponse:
    """The runs of an alert, a button to begin one, and who may not send where it is about sending (AI-85)."""
    actor = actor_of(request)
    context = _panel(request, selectors.of_alert(alert_id, by=actor), f"alert={alert_id}")
    rule = selectors.rule_of_alert(alert_id) if actor.may(Permission.IDENTITY_READ) else ""
    return render(request, "investigations/panel.html", {**context, "sending": rule in SENDING_RULES})


@requires(Permission.EMAIL_METADATA_READ)
@require_GET
def of_a_message(request: HttpRequest, network_message_id: str) -> HttpResponse:
    """The runs that met a mail, and a button to begin one; nothing for people who may not read incidents."""
    if not actor_of(request).may(Permission.INCIDENT_READ):
        return HttpResponse()
    found = selectors.of_message(network_message_id, by=actor_of(request))
    return render(request, "investigations/panel.html", _panel(request, found, f"message={network_message_id}"))


@requires(Permission.ACTION_CENTER_READ)
@require_GET
def of_a_remediation(request: HttpRequest, remediation_id: UUID) -> HttpResponse:
    """The run that recommended a remediation (AC-03), and those of the alerts it belongs to (EA-64); nothing where there is none."""
    actor = actor_of(request)
    if not actor.may(Permission.INCIDENT_READ):
        return HttpResponse()
    runs = [*selectors.of_remediation(str(remediation_id), by=actor)]
    for alert in alerts_of_remediation(str(remediation_id)):
        runs += selectors.of_alert(alert, by=actor)
    rows = [Line.of(one, now=utc_now()) for one in dict.fromkeys(runs)]
    return render(request, "investigations/of_remediation.html", {"rows": rows})


def _panel(request: HttpRequest, found: Any, query: str) -> dict[str, Any]:
    may_start = actor_of(request).may(Permission.EMAIL_ACTION_PROPOSE)
    rows = [Line.of(one, now=utc_now()) for one in found]
    return {"rows": rows, "new": f"/investigations/new?{query}" if may_start else ""}
