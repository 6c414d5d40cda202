"""The panel of questions asked, and forgetting them."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.hunting.explorer.history import forget, tree
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput


class Request(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def history(request: Request) -> HttpResponse:
    """The tree as a fly-out; the page it is opened from is marked in it."""
    here = request.headers.get("HX-Current-URL", request.headers.get("Referer", ""))
    return render(
        request, "hunting/explorer/history.html", {"asked": tree(by=request.actor, now=utc_now(), referer=here)}
    )


@require_POST
@requires(Permission.EMAIL_METADATA_READ)
def forget_asked(request: Request) -> HttpResponse:
    """Forget one question (`key`), or all without one, and go back."""
    key = request.POST.get("key", "")
    if key and not (key.isascii() and key.isdigit() and len(key) < 19):
        raise BadInput("that is no question", place="key")
    forget(key=int(key) if key else None, by=request.actor)
    back = request.headers.get("Referer", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return HttpResponseRedirect(back if safe else "/explorer")
