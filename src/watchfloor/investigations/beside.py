"""The fragments other pages ask for: the investigations of an incident, of an alert, of a mail, of a remediation; what waits there."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.investigations import selectors
from watchfloor.investigations.remedies import cluster_lines
from watchfloor.investigations.rendering import DecisionLine, Line
from watchfloor.investigations.views import DECIDERS, actor_of
from watchfloor.kernel.clock import utc_now
from watchfloor.ui.services import stamp

SENDING_RULES = frozenset({"sending-limit", "user-restricted", "suspicious-sending", "internal-phish"})
MOST_CLUSTERS = 50


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
    """What its investigations recommend about the evidence, and the clusters with their two counts (IN-36, IN-37)."""
    clusters = cluster_lines(selectors.clusters_of_incident(incident, by=actor_of(request), limit=MOST_CLUSTERS))
    may_read = actor_of(request).may(Permission.EMAIL_METADATA_READ)
    context = {"clusters": clusters, "may_read": may_read, **_waiting(request, incident, tab="evidence")}
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
    """The run that recommended a remediation (AC-03); nothing where a person thought of it."""
    found = selectors.of_remediation(str(remediation_id), by=actor_of(request))
    if not found or not actor_of(request).may(Permission.INCIDENT_READ):
        return HttpResponse()
    return render(request, "investigations/panel.html", {"rows": [Line.of(one, now=utc_now()) for one in found]})


def _panel(request: HttpRequest, found: Any, query: str) -> dict[str, Any]:
    may_start = actor_of(request).may(Permission.EMAIL_ACTION_PROPOSE)
    rows = [Line.of(one, now=utc_now()) for one in found]
    return {"rows": rows, "new": f"/investigations/new?{query}" if may_start else ""}
