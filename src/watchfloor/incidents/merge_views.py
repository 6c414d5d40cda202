"""Merging several incidents at once: what they share, which one stays, what forbids it (IN-42..44, LM-15)."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.incidents import selectors, services
from watchfloor.incidents.managing import text_of
from watchfloor.incidents.similar import similar_incidents
from watchfloor.incidents.views import actor, read_number, say
from watchfloor.kernel.errors import BadInput, NotFound, WatchfloorError
from watchfloor.ui.services import render_page

MOST = 50


def _chosen(parameters: Any) -> list[int]:
    numbers = [int(value) for value in parameters.getlist("row") if value.isdecimal() and len(value) < 10]
    return list(dict.fromkeys(numbers))[:MOST]


@requires(Permission.INCIDENT_MANAGE)
def choose(request: HttpRequest) -> HttpResponse:
    """The fly-out: the chosen incidents, one of which stays, each with what it shares with that one."""
    numbers = _chosen(request.POST if request.method == "POST" else request.GET)
    found = []
    for number in numbers:
        try:
            found.append(selectors.incident(number))
        except NotFound:
            continue
    stays = request.GET.get("into") or request.POST.get("into") or ""
    # The oldest stays unless somebody chooses: links that people have kept lead to it.
    into = next((one for one in found if str(one.id) == stays), min(found, key=lambda one: one.id, default=None))
    rows = []
    if into is not None:
        alike = {one.incident.id: one.words for one in similar_incidents(into.id, limit=500)}
        rows = [
            (one, alike.get(one.id, "shares no entity"), "" if one is into else services.why_not(one.id, into.id))
            for one in found
        ]
    context = {"rows": rows, "into": into, "possible": len(found) > 1}
    return render_page(request, "incidents/merge.html", context)


@require_POST
@requires(Permission.INCIDENT_MANAGE)
def merge_several(request: HttpRequest) -> HttpResponse:
    """Merge the chosen ones into the one that stays."""
    numbers = _chosen(request.POST)
    into = text_of(request.POST, "into")

    def act() -> list[str]:
        target = read_number(into)
        sources = [number for number in numbers if number != target]
        if not sources:
            raise BadInput("choose at least two incidents", place="row")
        done, refused = [], []
        for number in sources:
            try:
                services.merge(source=number, into=target, comment=text_of(request.POST, "comment"), by=actor(request))
                done.append(number)
            except WatchfloorError as error:
                refused.append(f"{number}: {error}")
        if refused and not done:
            raise BadInput("; ".join(refused[:5]), place="row")
        words = [f"{len(done)} merged into incident {target}"]
        return [*words, *(f"not {one}" for one in refused[:5])]

    return say(request, f"/incidents/{into}" if into.isdecimal() else "/incidents", act)
