"""The pages of one person: each tab, the fly-out, the export, and the way in by address."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.identities.page import flyout, reaching
from watchfloor.identities.page.chain import organisation as organisation_of
from watchfloor.identities.page.exporting import csv_of
from watchfloor.identities.page.files import files as files_of
from watchfloor.identities.page.files import hashed
from watchfloor.identities.page.insights import insights as insights_of
from watchfloor.identities.page.known import Known, known
from watchfloor.identities.page.lines import PERIODS, chosen, place_of
from watchfloor.identities.page.mails import mail as mail_of
from watchfloor.identities.page.observed import observed as observed_of
from watchfloor.identities.page.overview import overview as overview_of
from watchfloor.identities.page.queues import queue_of
from watchfloor.identities.page.shown import charted, facets
from watchfloor.identities.page.timeline import every_line
from watchfloor.identities.page.timeline import timeline as timeline_of
from watchfloor.identities.page.ways import SPANS
from watchfloor.identities.page.ways import ways as ways_of
from watchfloor.identities.selectors import person_of_name
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.ui.services import render_page


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor


def _known(request: Asked, pk: int) -> Known:
    return known(pk, actor=request.actor, now=utc_now())


def _page(request: Asked, found: Known, tab: str, context: Any) -> HttpResponse:
    """The tab within the frame; a number that was merged leads to the person it became."""
    if found.person.merged_from is not None:
        return redirect(f"{found.person.href}{request.path.removeprefix(f'/identities/{found.person.merged_from}')}")
    return render_page(request, f"identities/page/{tab}.html", {**found.frame(tab), **context})


@require_GET
@requires(Permission.IDENTITY_READ)
def overview(request: Asked, pk: int) -> HttpResponse:
    """Who it is, are they at risk, what is the risk."""
    found = _known(request, pk)
    return _page(request, found, "overview", overview_of(found))


@require_GET
@requires(Permission.IDENTITY_READ)
def summary(request: Asked, pk: int) -> HttpResponse:
    """The fly-out beside a list (US-05..08)."""
    return render(request, "identities/page/summary.html", flyout.summary(_known(request, pk)))


@require_GET
@requires(Permission.INCIDENT_READ)
def incidents(request: Asked, pk: int) -> HttpResponse:
    """Incidents of half a year that name the person."""
    found = _known(request, pk)
    return _page(request, found, "incidents", queue_of(found, request.GET, alerts=False))


@require_GET
@requires(Permission.INCIDENT_READ)
def alerts(request: Asked, pk: int) -> HttpResponse:
    """The same for alerts."""
    found = _known(request, pk)
    return _page(request, found, "incidents", queue_of(found, request.GET, alerts=True))


@require_GET
@requires(Permission.IDENTITY_READ)
def observed(request: Asked, pk: int) -> HttpResponse:
    """Devices, places, groups, and ways to sensitive accounts."""
    found = _known(request, pk)
    return _page(request, found, "observed", observed_of(found))


@require_GET
@requires(Permission.IDENTITY_READ)
def paths(request: Asked, pk: int) -> HttpResponse:
    """The ways to sensitive accounts, which the tab asks for after it stands."""
    days = request.GET.get("days", "")
    shown = ways_of(_known(request, pk), days=int(days) if days in map(str, SPANS) else 0)
    return render(request, "identities/page/paths.html", shown)


@require_GET
@requires(Permission.IDENTITY_READ)
def insights(request: Asked, pk: int) -> HttpResponse:
    """Questions asked of every account, which the tab asks for after it stands (US-29)."""
    return render(request, "identities/page/insights.html", insights_of(_known(request, pk)))


@require_GET
@requires(Permission.IDENTITY_READ)
def files(request: Asked, pk: int) -> HttpResponse:
    """Files they own, and files shared with them."""
    found = _known(request, pk)
    number = request.GET.get("page", "1")
    page = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1
    return _page(request, found, "files", files_of(found, shared=request.GET.get("view") == "shared", page=page))


@require_POST
@requires(Permission.IDENTITY_READ)
def file_hash(request: Asked, pk: int, file: int) -> HttpResponse:
    """The SHA-256 of one file, read now; what went wrong stands in its place, with the button to try again."""
    found = _known(request, pk)
    context: dict[str, Any] = {"person": found.person}
    try:
        context["file"] = hashed(found, file, by=request.actor)
    except WatchfloorError as error:
        context |= {"file": {"pk": file, "readable": True}, "trouble": error.message}
    return render(request, "identities/page/sha256.html", context)


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def mail(request: Asked, pk: int) -> HttpResponse:
    """Their mail: sent, received, threats, clicks."""
    found = _known(request, pk)
    return _page(request, found, "mail", mail_of(found, view=request.GET.get("view", "")))


@require_GET
@requires(Permission.IDENTITY_READ)
def organisation(request: Asked, pk: int) -> HttpResponse:
    """The organisation tree around the person, as a fly-out (US-22)."""
    return render(request, "identities/page/organisation.html", organisation_of(_known(request, pk)))


@require_GET
@requires(Permission.IDENTITY_READ)
def timeline(request: Asked, pk: int) -> HttpResponse:
    """Everything by the person and on them, newest first (US-50..57)."""
    found = _known(request, pk)
    wanted = chosen(request.GET, now=found.now)
    page = timeline_of(found.person.pk, wanted, actor=request.actor, now=found.now)
    home = f"{found.person.href}/timeline"
    context = {
        "page": page,
        "chosen": wanted,
        "meant": next((line.key for line in page.lines if wanted.means(line)), ""),
        "facets": facets(page, wanted),
        "periods": [(key, label) for key, (label, _) in PERIODS.items()],
        "chart": charted(page),
        "home": home,
        "older": f"{home}?{wanted.address(before=place_of(page.lines[-1]))}" if page.more else "",
        "newest": f"{home}?{wanted.address()}" if wanted.before else "",
        "slice": f"{home}?{wanted.slice_before().address()}" if not page.more else "",
        "export": f"{home}.csv?{wanted.address()}",
        "exports": {"data-exports": "person-timeline"},
    }
    return _page(request, found, "timeline", context)


@require_GET
@requires(Permission.IDENTITY_READ)
def timeline_export(request: Asked, pk: int) -> HttpResponse:
    """The whole timeline with the same filters and the columns that are shown, as a file that is written while it is read."""
    found = _known(request, pk)
    wanted = chosen(request.GET, now=found.now)
    lines = every_line(found.person.pk, wanted, actor=request.actor, now=found.now)
    columns = request.GET.getlist("column") if "column" in request.GET else None
    headers = {"Content-Disposition": f'attachment; filename="timeline-{found.person.pk}.csv"'}
    answer: Any = StreamingHttpResponse(csv_of(lines, columns), content_type="text/csv; charset=utf-8", headers=headers)
    return answer  # type: ignore[no-any-return]


@require_GET
@requires(Permission.IDENTITY_READ)
def by_address(request: Asked, address: str) -> HttpResponse:
    """The page of who bears this name, or what is known of a name nobody bears."""
    pk = person_of_name(address)
    if pk is not None:
        return HttpResponseRedirect(f"/identities/{pk}")
    context = reaching.unknown(address, actor=request.actor, now=utc_now())
    return render_page(request, "identities/page/unknown.html", context, status=404)
