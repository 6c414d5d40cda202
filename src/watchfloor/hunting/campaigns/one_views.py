"""The page of one campaign: head and timeline first, flow and tab as fragments; the person's word on its grouping."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.hunting.campaigns import feedback, one_page, report
from watchfloor.hunting.campaigns.known import campaign
from watchfloor.hunting.campaigns.one_state import CampaignState, read_campaign_state
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput
from watchfloor.ui.services import render_page


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor


def _state(request: Asked, key: int) -> CampaignState:
    return read_campaign_state(campaign(key), request.GET)


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def detail(request: Asked, key: int) -> HttpResponse:
    """The page; a name the campaign had before leads to the one it has now."""
    state = _state(request, key)
    if state.campaign.pk != key:
        return HttpResponseRedirect(state.address())
    context = one_page.page(state, by=request.actor)
    if request.GET.get("complete"):
        context |= {"complete": True, **one_page.flow_part(state), **one_page.tab_part(state)}
    return render_page(request, "hunting/campaigns/one.html", context)


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def flow(request: Asked, key: int) -> HttpResponse:
    """The flow as a fragment."""
    return render(request, "hunting/campaigns/flow.html", one_page.flow_part(_state(request, key)))


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def part(request: Asked, key: int) -> HttpResponse:
    """The current tab as a fragment."""
    return render(request, "hunting/campaigns/part.html", one_page.tab_part(_state(request, key)))


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def threat_report(request: Asked, key: int) -> HttpResponse:
    """The threat report of its whole life as a PDF."""
    row = campaign(key)
    made = report.report(campaign=row, by=request.actor, now=utc_now())
    name = f'attachment; filename="{report.file_name(row)}"'
    return HttpResponse(made, content_type="application/pdf", headers={"Content-Disposition": name})


@require_POST
@requires(Permission.EMAIL_METADATA_READ)
def say(request: Asked, key: int) -> HttpResponse:
    """Keep whether its mails were grouped correctly."""
    answer = request.POST.get("correct", "")
    if answer not in ("yes", "no"):
        raise BadInput("say whether the mails were grouped correctly", place="correct")
    said = feedback.say(
        key=key, correct=answer == "yes", note=request.POST.get("note", ""), by=request.actor, now=utc_now()
    )
    messages.success(request, "Thank you. Your word stands on the campaign and in the list.")
    return HttpResponseRedirect(f"/campaigns/{said.campaign}#grouping-feedback")
