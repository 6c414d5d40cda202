"""Where a form leads: a redirect for a page, HTMX's own for a fly-out."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect


def go(request: Any, address: str) -> HttpResponse:
    """On to `address`."""
    if not request.htmx:
        return HttpResponseRedirect(address)
    response = HttpResponse(status=204)
    response.headers["HX-Redirect"] = address
    return response
