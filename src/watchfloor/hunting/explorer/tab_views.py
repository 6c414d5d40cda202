"""What the tabs of rankings and of the map offer besides themselves: files, and the fly-out of a country."""

from django.http import HttpResponse
from django.views.decorators.http import require_GET

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.hunting.explorer import origin, ranking
from watchfloor.hunting.explorer.answers import csv_file, flyout
from watchfloor.hunting.explorer.rankings import RANKINGS
from watchfloor.hunting.explorer.rights import asked_by
from watchfloor.hunting.explorer.state import read_state
from watchfloor.hunting.explorer.views import Asked
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import NotFound


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def ranking_csv(request: Asked) -> HttpResponse:
    """The ranking of a tab, whole (LM-04)."""
    state = asked_by(read_state(request.GET, now=utc_now()), request.actor)
    if state.tab.key not in RANKINGS.get(state.view.table, {}):
        raise NotFound("this tab is no ranking", place="tab")
    return csv_file(ranking.csv_lines(state), name=f"explorer-{state.tab.key}.csv")


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def origin_csv(request: Asked) -> HttpResponse:
    """Sending addresses with country and network."""
    return csv_file(
        origin.csv_lines(asked_by(read_state(request.GET, now=utc_now()), request.actor)), name="explorer-origin.csv"
    )


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def country(request: Asked) -> HttpResponse:
    """One country of the map."""
    state = asked_by(read_state(request.GET, now=utc_now()), request.actor)
    context = {"state": state, **origin.country(state, request.GET.get("value", ""))}
    return flyout(request, "hunting/explorer/country.html", context)
