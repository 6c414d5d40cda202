"""What the views of these pages have in common: who asks, and where they go next."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from watchfloor.access.contracts import Actor

LIST = "/hunting/sigma"


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor
    htmx: Any


def go(request: Asked, address: str) -> HttpResponse:
    """Off to a page of ours, for a browser as for htmx."""
    if not request.htmx:
        return HttpResponseRedirect(address)
    response = HttpResponse(status=204)
    response.headers["HX-Redirect"] = address
    return response


def safe_return(request: Asked) -> str:
    """Where a form says it came from, if that is one of these pages."""
    wanted = request.POST.get("return", "")
    return wanted if wanted == LIST or wanted.startswith((f"{LIST}?", f"{LIST}/")) else LIST
