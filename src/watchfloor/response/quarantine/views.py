"""The pages of quarantine for analysts: the list with its chart and filters, and one mail."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.selectors import person_of
from watchfloor.access.services import requires
from watchfloor.identities.selectors import addresses_by_tag
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.response.exports import as_csv
from watchfloor.response.quarantine import filtering, keeping, listing, searching
from watchfloor.response.quarantine.acting import VERBS, open_jobs
from watchfloor.response.quarantine.contracts import HeldReason, PolicyType
from watchfloor.response.quarantine.filtering import Listing, listed, read_listing
from watchfloor.response.quarantine.looking import note_search
from watchfloor.ui.services import render_page

MOST_COUNTED, MOST_SEARCHED = 100_000, 1_000
HOME = "/quarantine"
DIRECTIONS = ("Inbound", "Outbound", "Intra-org")


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor


def address_of(actor: Actor) -> str:
    """The mail address of who looks, "" for the product itself."""
    person = person_of(actor)
    return person.email.lower() if person else ""


@require_GET
@requires(Permission.QUARANTINE_READ)
def quarantine(request: Asked) -> HttpResponse:
    """The list, under the filters of the address or those used last (QU-02..05)."""
    if not request.GET and (last := keeping.last_used(request.actor)):
        return HttpResponseRedirect(f"{HOME}?{last}")
    chosen = read_listing(request.GET)
    keeping.remember(query=chosen.query, by=request.actor)
    note_search(by=request.actor, terms=chosen.terms)
    mails = listed(chosen, now=utc_now(), me=address_of(request.actor))
    start = (chosen.page - 1) * chosen.size
    most = MOST_SEARCHED if chosen.terms else MOST_COUNTED
    found, total = searching.one_page(
        mails, chosen.terms, order=chosen.order, start=start, size=chosen.size, most=max(most, start + chosen.size)
    )
    whole = request.GET.get("pick") == "query"
    context = {
        **_filters(chosen),
        "rows": listing.rows_of(found),
        "heads": listing.heads(chosen),
        "total": total,
        "more": total > most,
        "many": total > len(found),
        "whole": whole,
        "pager_href": f"{HOME}?{chosen.query}",
        "whole_href": f"{HOME}?{urlencode([*chosen.parameters(), ('pick', 'query')])}",
        "export_href": f"{HOME}/export.csv?{chosen.query}",
        "chart_href": f"{HOME}/chart?{chosen.query}",
        "saved": keeping.saved(request.actor),
        "verbs": [one for one in VERBS.values() if request.actor.may(one.permission)],
        "jobs": open_jobs(request.actor),
    }
    return render_page(request, "response/quarantine/list.html", context)


@require_GET
@requires(Permission.QUARANTINE_READ)
def chart(request: Asked) -> HttpResponse:
    """What came per day by reason, of all that the filters leave."""
    chosen = read_listing(request.GET)
    note_search(by=request.actor, terms=chosen.terms)
    mails = listed(chosen, now=utc_now(), me=address_of(request.actor))
    data = listing.per_day(searching.matching(mails, chosen.terms))
    return render(request, "response/quarantine/chart.html", {"data": data})


@require_GET
@requires(Permission.QUARANTINE_READ)
def export(request: Asked) -> HttpResponse:
    """All that the filters leave as CSV, in the shown columns."""
    chosen = read_listing(request.GET)
    note_search(by=request.actor, terms=chosen.terms)
    mails = listed(chosen, now=utc_now(), me=address_of(request.actor))
    found = searching.matching(mails, chosen.terms).order_by(*chosen.order)
    return as_csv("Quarantine.csv", listing.lines(found, chosen=request.GET.getlist("column")))


@require_GET
@requires(Permission.QUARANTINE_READ)
def pane(request: Asked) -> HttpResponse:
    """Every filter, in the fly-out."""
    chosen = read_listing(request.GET)
    return render(request, "response/quarantine/pane.html", {**_filters(chosen), "tags": list(addresses_by_tag())})


@require_POST
@requires(Permission.QUARANTINE_READ)
def save_filter(request: Asked) -> HttpResponse:
    """Keep the filters of the page under a name."""
    query = request.POST.get("query", "")
    try:
        name = keeping.save(name=request.POST.get("name", ""), query=query, by=request.actor)
        messages.success(request, f"Saved as “{name}”.")
    except WatchfloorError as error:
        messages.error(request, error.message)
    return HttpResponseRedirect(f"{HOME}?{keeping.cleaned(query)}")


@require_POST
@requires(Permission.QUARANTINE_READ)
def forget_filter(request: Asked) -> HttpResponse:
    """Delete saved filters."""
    keeping.forget(name=request.POST.get("name", ""), by=request.actor)
    messages.success(request, "The saved filter was deleted.")
    return HttpResponseRedirect(HOME)


def _filters(chosen: Listing) -> dict[str, Any]:
    """What the bar and the pane offer."""
    return {
        "chosen": chosen,
        "query": chosen.query,
        "received_spans": [(key, label) for key, (label, _) in filtering.RECEIVED.items()],
        "expires_spans": [(key, label) for key, (label, _) in filtering.EXPIRES.items()],
        "groups": [
            ("reason", "Quarantine reason", list(map(str, HeldReason)), chosen.chosen("reason")),
            ("status", "Release status", list(map(str, filtering.SHOWN_STATUSES)), chosen.chosen("status")),
            ("type", "Policy type", list(map(str, PolicyType)), chosen.chosen("type")),
            ("direction", "Direction", list(DIRECTIONS), chosen.chosen("direction")),
        ],
        "gone": list(filtering.GONE),
        "texts": [
            (field, filtering.LABELS[field], " ".join(chosen.chosen(field)))
            for field in ("subject", "sender", "recipient", "message")
        ],
        "carried": [pair for pair in chosen.parameters() if pair[0] in ("q", "sort", "size")],
        "beside": [pair for pair in chosen.parameters() if pair[0] not in ("q", "status", "received")],
    }
