"""The fragments other pages ask for: the investigations of an incident, of an alert."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.investigations.rendering import Line
from watchfloor.investigations.selectors import of_alert, of_incident
from watchfloor.investigations.views import actor_of
from watchfloor.kernel.clock import utc_now


@requires(Permission.INCIDENT_READ)
@require_GET
def of_an_incident(request: HttpRequest, incident: int) -> HttpResponse:
    """The runs of an incident (IN-35)."""
    rows = [Line.of(one, now=utc_now()) for one in of_incident(incident)]
    return render(request, "investigations/beside.html", {"rows": rows})


@requires(Permission.INCIDENT_READ)
@require_GET
def of_an_alert(request: HttpRequest, alert_id: str) -> HttpResponse:
    """The runs of an alert, and a button to begin one."""
    rows = [Line.of(one, now=utc_now()) for one in of_alert(alert_id)]
    new = f"/investigations/new?alert={alert_id}" if actor_of(request).may(Permission.EMAIL_ACTION_PROPOSE) else ""
    return render(request, "investigations/panel.html", {"rows": rows, "new": new})
