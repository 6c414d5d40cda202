"""The pages of the frame: they translate, nothing else."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.kernel.clock import utc_now
from watchfloor.ui.selectors import gallery_samples


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
    number = max(1, int(request.GET.get("number", "1") or 1)) if request.GET.get("number", "1").isdigit() else 1
    context = {
        **gallery_samples(now=utc_now()),
        "number": number,
        "previous": f"/gallery/flyout?number={number - 1}" if number > 1 else "",
        "next": f"/gallery/flyout?number={number + 1}",
    }
    return render(request, "ui/gallery/flyout.html", context)
