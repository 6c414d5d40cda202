"""The fly-out that asks what to print of an incident, and the PDF (IN-18)."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.incidents import selectors
from watchfloor.incidents.printing import SECTIONS, Wanted, incident_pdf
from watchfloor.incidents.views import actor
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.ui.services import render_page

KEYS = tuple(key for key, _ in SECTIONS)


@requires(Permission.INCIDENT_READ)
def ask(request: HttpRequest, incident: int) -> HttpResponse:
    """What to print."""
    context = {"incident": selectors.incident(incident), "sections": SECTIONS}
    return render_page(request, "incidents/export.html", context)


@requires(Permission.INCIDENT_READ)
def pdf(request: HttpRequest, incident: int) -> HttpResponse:
    """The PDF of the chosen sections; without a choice all of them."""
    chosen = tuple(key for key in KEYS if key in request.GET.getlist("section")) or KEYS
    rows = request.GET.get("rows", "")
    wanted = Wanted(chosen, int(rows) if rows.isdecimal() and len(rows) < 7 else 0)
    try:
        document = incident_pdf(incident=incident, wanted=wanted, by=actor(request), at=utc_now())
    except WatchfloorError as error:
        selectors.incident(incident)  # one that is not there answers so
        messages.error(request, f"The PDF could not be made: {error}")
        return redirect(f"/incidents/{incident}")
    response = HttpResponse(document, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="incident-{incident}.pdf"'
    return response
