"""The pages of the frame: they translate, nothing else."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import refused, requires
from watchfloor.kernel.clock import utc_now
from watchfloor.portal.cards import card as card_of
from watchfloor.portal.finding import find, sole_hit
from watchfloor.portal.home import filled, shown_cards
from watchfloor.portal.recognising import recognise
from watchfloor.ui.selectors import gallery_samples, settings_groups


def actor_of(request: HttpRequest) -> Actor:
    """The person `requires` let in."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@requires(Permission.HOME_READ)
def home(request: HttpRequest) -> HttpResponse:
    """What an analyst sees first."""
    complete = "complete" in request.GET
    cards = shown_cards(actor=actor_of(request), now=utc_now(), complete=complete)
    return render(request, "portal/home.html", {"cards": cards, "complete": complete})


@requires(Permission.HOME_READ)
def home_card(request: HttpRequest, key: str) -> HttpResponse:
    """One card, for the page that is already there. The card's own permission counts too."""
    card = card_of(key)
    if card is None:
        raise Http404
    if not actor_of(request).may(card.permission):
        return refused(request, card.permission)
    return render(request, "portal/card.html", {"shown": filled(card, now=utc_now())})


@requires(Permission.HOME_READ)
def search(request: HttpRequest) -> HttpResponse:
    """Global search; the only exact match is opened at once."""
    text = request.GET.get("q", "").strip()
    wanted = recognise(text)
    groups = find(wanted, actor=actor_of(request), now=utc_now())
    sole = sole_hit(wanted, groups)
    if sole and "stay" not in request.GET:
        return redirect(sole.href)
    return render(request, "portal/search.html", {"search_text": text, "wanted": wanted, "groups": groups})


@requires(Permission.SETTINGS_READ)
def settings(request: HttpRequest) -> HttpResponse:
    """The settings pages a person may open, in groups, or those that say what is searched for."""
    text = request.GET.get("q", "").strip()[:100]
    groups = settings_groups(actor=actor_of(request), search=text)
    return render(request, "portal/settings.html", {"groups": groups, "search_text": text})


@requires(Permission.HOME_READ)
def gallery(request: HttpRequest) -> HttpResponse:
    """Every component in every state."""
    if "toast" in request.GET:
        messages.success(request, "Saved. This goes away by itself.")
        messages.error(request, "The mailbox could not be reached. This stays until you dismiss it.")
    return render(request, "ui/gallery.html", gallery_samples(now=utc_now()))


@requires(Permission.HOME_READ)
def gallery_flyout(request: HttpRequest) -> HttpResponse:
    """A sample fly-out with neighbours."""
    text = request.GET.get("number", "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
    context = {
        **gallery_samples(now=utc_now()),
        "number": number,
        "previous": f"/gallery/flyout?number={number - 1}" if number > 1 else "",
        "next": f"/gallery/flyout?number={number + 1}",
    }
    return render(request, "ui/gallery/flyout.html", context)
