"""Error pages in the house look, and which page each of our errors becomes."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from watchfloor.kernel.errors import (
    BadInput,
    Conflict,
    Forbidden,
    NotConfigured,
    NotFound,
    Unreachable,
    WatchfloorError,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What a person reads: `title` says what happened, `advice` what to do next."""

    status: int
    title: str
    advice: str


PAGES = {
    400: ErrorPage(400, "That request could not be understood", "Go back and check what you entered."),
    403: ErrorPage(
        403, "You may not do that", "Reload the page and try again; if it stays, ask who manages people here."
    ),
    404: ErrorPage(404, "There is nothing here", "The address may be mistyped, or the thing was removed."),
    409: ErrorPage(409, "That changed meanwhile", "Reload the page to see how it is now."),
    500: ErrorPage(500, "Something went wrong on our side", "The error is in the log under the request id below."),
    503: ErrorPage(503, "That cannot be reached now", "Try again in a moment; Settings shows what is not connected."),
}
STATUS_OF: tuple[tuple[type[WatchfloorError], int], ...] = (
    (BadInput, 400),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (NotConfigured, 503),
    (Unreachable, 503),
)


def error_page(request: HttpRequest, *, status: int, message: str = "") -> HttpResponse:
    """The page of `status`: in the frame for somebody signed in (request.actor), bare otherwise."""
    page = PAGES[status]
    actor = getattr(request, "actor", None)
    layout = "ui/page.html" if actor else "ui/bare.html"
    context = {"layout": layout, "page": page, "message": message}
    return HttpResponse(render_to_string("ui/error.html", context, request=request), status=status)


def status_of(error: WatchfloorError) -> int:
    """The HTTP status one of our errors becomes; 500 for a kind without one."""
    return next((status for kind, status in STATUS_OF if isinstance(error, kind)), 500)


class OurErrors:
    """Middleware: an error of the kernel's kinds leaving a view becomes its page, with its own words."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, WatchfloorError):
            return None
        status = status_of(error)
        if status >= 500:
            log.warning("%s: %s", request.path, error)
        return error_page(request, status=status, message=str(error))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """The last page: it needs no database and no context processor, for either may be what broke."""
    return HttpResponse(render_to_string("ui/server_error.html", {"page": PAGES[500]}), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form sent from a page that was open too long, or from elsewhere."""
    return error_page(request, status=403, message="The form's token is missing or too old.")
