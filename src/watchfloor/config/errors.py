"""Error pages for addresses that no view answers: whoever is signed in keeps the navigation."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from watchfloor.access.selectors import actor_of
from watchfloor.ui import errors

Handler = Callable[[HttpRequest, Exception], HttpResponse]


def _in_the_frame(handler: Handler) -> Handler:
    """No gate has named the actor when the address itself is unknown; a person who must choose a password first stays outside."""

    def answer(request: HttpRequest, exception: Exception) -> HttpResponse:
        person = getattr(request, "user", None)
        known = person is not None and person.is_authenticated and not person.must_change_password
        if known and getattr(request, "actor", None) is None:
            request.actor = actor_of(person)  # type: ignore[attr-defined, arg-type]
        return handler(request, exception)

    return answer


bad_request = _in_the_frame(errors.bad_request)
permission_denied = _in_the_frame(errors.permission_denied)
page_not_found = _in_the_frame(errors.page_not_found)
