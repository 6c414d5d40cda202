"""What both queues have beside their rows: the filter pane, the columns a person chooses, filters saved under a name."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.incidents import keeping
from watchfloor.incidents.contracts import SEVERITIES, WORDS
from watchfloor.incidents.filters import SEVERAL, read_filter
from watchfloor.incidents.investigated import states_known
from watchfloor.incidents.managing import options_for
from watchfloor.incidents.offering import categories, entity_kinds, rules_known, sources_known, tags_known
from watchfloor.incidents.views import actor, may_manage, safe_return
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.ui.services import render_page

BAR = ("q", "status", "severity", "assigned", "range", "from", "to", "sort")
"""The fields of the bar; the pane carries them along."""


@requires(Permission.INCIDENT_READ)
def pane(request: HttpRequest, queue: str) -> HttpResponse:
    """The filter pane beside the queue: every property our data knows (IN-05, AL-02)."""
    chosen = read_filter(request.GET, statuses=(), range="180d")
    context = {
        "queue": queue,
        "chosen": chosen,
        "kept": [(name, value) for name in BAR for value in request.GET.getlist(name)],
        "choices": _choices(queue, chosen),
        "tags": tags_known(),
        "sorts": SEVERITIES,
        **options_for(statuses=()),
    }
    return render_page(request, "incidents/pane.html", context)


def _choices(queue: str, chosen: Any) -> list[tuple[str, str, Sequence[tuple[str, str]], tuple[str, ...]]]:
    """(field, legend, options, chosen) of every group of boxes."""
    groups = [
        ("category", "Category", categories(), chosen.categories),
        ("source", "Detection source", sources_known(), chosen.sources),
        ("rule", "Alert policy", rules_known(), chosen.rules),
        ("investigation", "Automated investigation", states_known(), chosen.investigations),
    ]
    if queue == "incidents":
        severities = [(one, WORDS[one]) for one in SEVERITIES]
        groups += [
            ("alert-severity", "Severity of an alert", severities, chosen.alert_severities),
            ("has", "Names a", entity_kinds(), chosen.has),
            ("several", "More than one", [(one, one.capitalize()) for one in SEVERAL], chosen.several),
        ]
    return groups


@require_POST
@requires(Permission.INCIDENT_READ)
def columns(request: HttpRequest, queue: str) -> HttpResponse:
    """Remember the columns in the order in which the form holds them; “usual” forgets them."""
    keys = [] if "usual" in request.POST else request.POST.getlist("column")
    keeping.choose_columns(queue=queue, keys=keys, by=actor(request))
    return redirect(safe_return(request, f"/{queue}"))


@require_POST
@requires(Permission.INCIDENT_READ)
def save(request: HttpRequest, queue: str) -> HttpResponse:
    """Keep the filter of the page under a name."""
    query = request.POST.get("query", "")
    try:
        kept = keeping.save_filter(
            queue=queue,
            name=request.POST.get("name", ""),
            query=query,
            shared="shared" in request.POST and may_manage(request),
            by=actor(request),
            at=utc_now(),
        )
    except WatchfloorError as error:
        messages.error(request, str(error))
        return redirect(f"/{queue}?{keeping.cleaned(query)}")
    messages.success(request, f"Saved as “{kept.name}”.")
    return redirect(f"/{queue}?{kept.query}")


@require_POST
@requires(Permission.INCIDENT_READ)
def forget(request: HttpRequest, number: int) -> HttpResponse:
    """Delete a saved filter."""
    queue = keeping.delete_filter(number=number, by=actor(request))
    messages.success(request, "The saved filter was deleted.")
    return redirect(safe_return(request, f"/{queue}"))
