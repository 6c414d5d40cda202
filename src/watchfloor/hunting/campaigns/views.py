"""The campaigns page: the shell first, then chart and list as fragments; one answer for all without JavaScript (`complete=1`)."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.hunting.campaigns import chart, listing
from watchfloor.hunting.campaigns.feedback import spoken
from watchfloor.hunting.campaigns.figures import tagged
from watchfloor.hunting.campaigns.known import campaigns
from watchfloor.hunting.campaigns.noting import MAIL
from watchfloor.hunting.campaigns.state import CampaignsState, read_campaigns_state
from watchfloor.hunting.explorer.editing import changed, done, found_at, place_of, with_part
from watchfloor.hunting.explorer.filters import raw_of, read_filter, typed_condition
from watchfloor.hunting.explorer.page import typed_again
from watchfloor.hunting.explorer.rights import asked_by
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput
from watchfloor.kernel.text import csv_line
from watchfloor.ui.services import render_page

PAGE = "hunting/campaigns/list.html"
EXPORTED = (
    "Campaign ID",
    "Name",
    "Sample subject",
    "Type",
    "Subtype",
    "Tags of recipients",
    "Messages",
    "Targeted",
    "Recipients",
    "Inboxed",
    "Clicked",
    "Click rate",
    "Visited",
    "First mail (UTC)",
    "Last mail (UTC)",
    "Grouping found right by",
    "Grouping doubted by",
)


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor


def _state(request: Asked) -> CampaignsState:
    state = read_campaigns_state(request.GET, now=utc_now())
    asked_by(state.asked, request.actor)
    return state


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def listed(request: Asked) -> HttpResponse:
    """The shell: time, filters, and the places for chart and list."""
    state = _state(request)
    if "property" in request.GET:
        return _with_typed_filter(request, state)
    if "do" in request.GET:
        return HttpResponseRedirect(state.asking(done(state.asked, request.GET["do"])))
    context = listing.shell(state, editing=request.GET.get("edit", ""), into=request.GET.get("into", ""))
    if request.GET.get("complete"):
        context |= {
            "complete": True,
            **listing.chart_part(state),
            **listing.results(state),
        }
    return render_page(request, PAGE, context)


def _with_typed_filter(request: Asked, state: CampaignsState) -> HttpResponse:
    """Take in a condition that was typed and go to the address that holds it; what is wrong is shown where it was typed."""
    given, into = request.GET, request.GET.get("into", "")
    place = given.get("editing", "")
    try:
        condition = typed_condition(
            column=given["property"], operator=given.get("operator", ""), typed=given.getlist("value")
        )
    except BadInput as error:
        if not given["property"] and not any(given.getlist("value")):
            return HttpResponseRedirect(state.address())
        context = (
            listing.shell(state, editing=place, into=into) | typed_again(given, table=MAIL) | {"typed_error": error}
        )
        return render_page(request, PAGE, context)
    added = read_filter(raw_of(condition))
    if place and found_at(state.asked.filters, place_of(place)):
        return HttpResponseRedirect(
            state.explored(filters=changed(state.asked.filters, place_of(place), lambda _: [added]))
        )
    return HttpResponseRedirect(state.asking(with_part(state.asked, added, into=place_of(into))))


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def chart_fragment(request: Asked) -> HttpResponse:
    """The chart as a fragment."""
    return render(request, "hunting/campaigns/chart.html", listing.chart_part(_state(request)))


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def results(request: Asked) -> HttpResponse:
    """The current tab as a fragment."""
    context = listing.results(_state(request))
    return render(request, "hunting/campaigns/results.html", context)


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def chart_csv(request: Asked) -> HttpResponseBase:
    """The chart's numbers, days down and values across (CA-03)."""
    state = _state(request)
    found = chart.counted(state, campaigns(state.wanted))
    lines = [csv_line(["Day (UTC)", *(name or chart.NOTHING for name in found.series)])]
    for place, day in enumerate(found.times):
        lines.append(csv_line([f"{day:%Y-%m-%d}", *(values[place] for values in found.series.values())]))
    return _as_file(iter(lines), name="campaigns-chart.csv")


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def list_csv(request: Asked) -> HttpResponseBase:
    """Every campaign of the list with its figures, in its order (CA-04)."""
    return _as_file(_lines(_state(request)), name="campaigns.csv")


def _lines(state: CampaignsState) -> Iterator[str]:
    yield csv_line(EXPORTED)
    found = listing.ranked(state, campaigns(state.wanted))
    said = spoken(one.campaign.pk for one in found)
    tags = tagged(state.asked.query, [one.campaign for one in found])
    for one in found:
        row, grouping = one.campaign, said.get(one.campaign.pk)
        rate = "" if one.click_rate is None else f"{one.click_rate:.3f}"
        carried = ", ".join(f"{tag}: {number}" for tag, number in tags.get(row.pk, {}).items())
        who = (row.pk, row.name, row.subject, row.threat, row.subtype, carried)
        counts = (one.messages, one.targeted_words, one.recipients, one.inboxed, one.clicked, rate, one.visited)
        life = (f"{row.first_at:%Y-%m-%d %H:%M:%S}", f"{row.last_at:%Y-%m-%d %H:%M:%S}")
        yield csv_line([*who, *counts, *life, *((grouping.right, grouping.wrong) if grouping else (0, 0))])


def _as_file(lines: Iterator[str], *, name: str) -> HttpResponseBase:
    return StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
