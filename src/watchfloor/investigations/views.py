"""The list of investigations and the page of one: translate, nothing else."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.investigations import exporting, selectors, services
from watchfloor.investigations.models import Recommendation
from watchfloor.investigations.rendering import Line
from watchfloor.investigations.tabs import TABS, tab_context
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.ui.services import render_page, seen_at

EXPORTS = {
    "log": ("AirLogs.csv", exporting.LOG, exporting.log_rows),
    "actions": ("AirActions.csv", exporting.ACTIONS, exporting.action_rows),
    "clusters": ("AirClusters.csv", exporting.CLUSTERS, exporting.cluster_rows),
    "entities": ("AirEntities.csv", exporting.ENTITIES, exporting.entity_rows),
}
DECIDERS = frozenset(
    {
        Permission.EMAIL_ACTION_MANAGE,
        Permission.IDENTITY_ACTION_MANAGE,
        Permission.IDENTITY_RISK_MANAGE,
        Permission.DETECTION_TUNE,
    }
)


def actor_of(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def reason_of(request: HttpRequest) -> str:
    """What somebody gave as the reason, in a form that every database takes."""
    return request.POST.get("reason", "").replace("\x00", "").strip()[:1000]


@requires(Permission.INCIDENT_READ)
@require_GET
def investigations(request: HttpRequest) -> HttpResponse:
    """The list, with its filters in the URL (AI-60, AI-61)."""
    listing, now = selectors.read_listing(request.GET), utc_now()
    page = Paginator(selectors.listed(listing, by=actor_of(request), now=now), listing.size).get_page(listing.page)
    parameters = request.GET.copy()
    parameters.pop("page", None)
    context = {
        "listing": listing,
        "rows": [Line.of(one, now=now) for one in page.object_list],
        "total": page.paginator.count,
        "page": page.number,
        "choices": selectors.choices(),
        "sizes": selectors.SIZES,
        "query": parameters.urlencode(),
        "pager_href": f"/investigations?{parameters.urlencode()}",
        "may_read_people": actor_of(request).may(Permission.IDENTITY_READ),
        "may_start": actor_of(request).may(Permission.EMAIL_ACTION_PROPOSE),
    }
    return render_page(request, "investigations/list.html", context)


@requires(Permission.INCIDENT_READ)
@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """The listed investigations as CSV, all pages."""
    now = utc_now()
    found = selectors.listed(selectors.read_listing(request.GET), by=actor_of(request), now=now).iterator(
        chunk_size=1000
    )
    return exporting.csv_answer("Investigations.csv", exporting.LIST, exporting.list_rows(found, now=now))


@requires(Permission.INCIDENT_READ)
@require_GET
def investigation(request: HttpRequest, pk: int) -> HttpResponse:
    """One investigation in its tabs (AI-63)."""
    found = selectors.investigation(pk, by=actor_of(request))
    tab = request.GET.get("tab", "graph")
    tab = tab if tab in {key for key, _ in TABS} else "graph"
    actor = actor_of(request)
    context = tab_context(
        found, tab, may_read=actor.may(Permission.EMAIL_METADATA_READ), now=utc_now(), asked_for=request.GET
    )
    context |= {
        "may_decide": bool(actor.permissions & DECIDERS),
        "may_stop": found.open and actor.may(Permission.EMAIL_ACTION_PROPOSE),
        "may_propose": actor.may(Permission.EMAIL_ACTION_PROPOSE),
    }
    return render(request, f"investigations/tab_{tab}.html", context)


@requires(Permission.INCIDENT_READ)
@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is, polled while it works; when it has ended, the whole page anew."""
    found = selectors.investigation(pk, by=actor_of(request))
    if not found.working and getattr(request, "htmx", None):
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = tab_context(found, "graph", may_read=False, now=utc_now())
    return render(request, "investigations/progress.html", context)


@requires(Permission.EMAIL_METADATA_READ)
@require_GET
def export_part(request: HttpRequest, pk: str, part: str) -> HttpResponse:
    """The log, the actions or the clusters as CSV."""
    name, header, rows = EXPORTS[part]
    return exporting.csv_answer(name, header, rows(selectors.investigation(int(pk), by=actor_of(request))))


@requires(Permission.INCIDENT_READ)
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve or reject what is chosen, or all that waits (AI-73); the verbs ask for the right."""
    found = selectors.investigation(pk, by=actor_of(request))
    _decide(request, list(found.recommendations.filter(status="Pending approval")))
    return HttpResponseRedirect(f"{found.href}?tab=pending")


@requires(Permission.INCIDENT_READ)
@require_POST
def decide_in_incident(request: HttpRequest, incident: int) -> HttpResponse:
    """The same in an incident, across its investigations."""
    _decide(request, list(selectors.waiting_in_incident(incident, by=actor_of(request))))
    tab = "evidence" if request.POST.get("tab") == "evidence" else "investigations"
    return HttpResponseRedirect(f"/incidents/{incident}?tab={tab}")


def _decide(request: HttpRequest, waiting: list[Recommendation]) -> None:
    """Only what waits here can be chosen here; “all” are those that stood on the page, not what was recommended since."""
    upto = seen_at(request)
    rows = {int(one) for one in request.POST.getlist("row") if one.isdecimal() and len(one) < 18}
    everything = request.POST.get("scope") == "all"
    chosen = [one.pk for one in waiting if ((upto is None or one.created_at < upto) if everything else one.pk in rows)]
    verb = services.approve if request.POST.get("decision") == "approve" else services.reject
    reason = reason_of(request)
    done = sum(attempt(request, verb, recommendation=one, reason=reason, at=utc_now()) for one in chosen)
    if done:
        messages.success(request, f"{done} {'approved' if verb is services.approve else 'rejected'}.")
    if not chosen:
        messages.warning(request, "Choose at least one recommendation that still waits.")


@requires(Permission.EMAIL_ACTION_PROPOSE)
@require_POST
def agree(request: HttpRequest, pk: int) -> HttpResponse:
    """Say whether what would be done is right."""
    found = selectors.investigation(pk, by=actor_of(request))
    agreed = request.POST.get("agreed") == "yes"
    chosen = [int(one) for one in request.POST.getlist("row") if one.isdecimal() and len(one) < 18]
    for one in found.recommendations.filter(pk__in=chosen).values_list("pk", flat=True):
        attempt(request, services.agree, recommendation=one, agreed=agreed, at=utc_now())
    return HttpResponseRedirect(f"/investigations/{pk}?tab=pending")


@requires(Permission.EMAIL_ACTION_PROPOSE)
@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """End it now."""
    selectors.investigation(pk, by=actor_of(request))
    attempt(request, services.stop, investigation=pk, reason=reason_of(request), at=utc_now())
    return HttpResponseRedirect(f"/investigations/{pk}")


def attempt(request: HttpRequest, verb: Any, **arguments: Any) -> bool:
    """Call a verb; its refusal becomes a message."""
    try:
        verb(by=actor_of(request), **arguments)
    except WatchfloorError as error:
        messages.error(request, error.message)
        return False
    return True
