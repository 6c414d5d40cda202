"""Value statistics as a fly-out, as a page of their own without JavaScript, and as a file."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.hunting.explorer import values
from watchfloor.hunting.explorer.answers import csv_file, flyout
from watchfloor.hunting.explorer.rights import asked_by
from watchfloor.hunting.explorer.state import read_state
from watchfloor.hunting.explorer.views import Asked
from watchfloor.kernel.clock import utc_now


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def statistics(request: Asked) -> HttpResponse:
    """The values of one column in the present question."""
    state = asked_by(read_state(request.GET, now=utc_now()), request.actor)
    asked = values.read_asked(request.GET, state)
    context = {"state": state, **values.statistics(state, asked, by=request.actor)}
    return flyout(request, "hunting/explorer/values.html", context)


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def export(request: Asked) -> HttpResponse:
    """All of them as CSV."""
    state = asked_by(read_state(request.GET, now=utc_now()), request.actor)
    asked = values.read_asked(request.GET, state)
    values.counted(state, asked, by=request.actor, limit=1)  # what is refused is refused before the file begins
    return csv_file(values.lines_of_csv(state, asked, by=request.actor), name="explorer-values.csv")
