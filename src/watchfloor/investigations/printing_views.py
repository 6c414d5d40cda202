"""The PDF of an investigation."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_GET

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.investigations.printing import investigation_pdf
from watchfloor.investigations.selectors import investigation
from watchfloor.investigations.views import actor_of
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import WatchfloorError


@requires(Permission.INCIDENT_READ)
@require_GET
def pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The document, or back to the page with why there is none."""
    found = investigation(pk, by=actor_of(request))
    try:
        document = investigation_pdf(pk=pk, by=actor_of(request), at=utc_now())
    except WatchfloorError as error:
        messages.error(request, f"The PDF could not be made: {error.message}")
        return HttpResponseRedirect(found.href)
    answer = HttpResponse(document, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="investigation-{pk}.pdf"'
    return answer
