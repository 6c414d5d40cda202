"""The gate before every view, and the first line of every verb."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render

from watchfloor.access.chain import audit_verb, lacks, record
from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.models import Person
from watchfloor.access.selectors import actor_of, granters, roles_with

audit_verb("page.open", "{actor} opened {target}", description="Somebody asked for a page without having its right")

View = Callable[..., HttpResponseBase]


def requires(permission: Permission) -> Callable[[View], View]:
    """Let only people with `permission` into a view; others read why not and who can grant it.

    The view gets `request.actor`. `view.permission` is what the house test reads. Whoever was given a one-time password
    chooses their own first.
    """
    if not isinstance(permission, Permission):
        raise TypeError(f"requires() takes a Permission, not {permission!r}")

    def decorate(view: View) -> View:
        @wraps(view)
        def gate(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            person = request.user
            if not isinstance(person, Person):
                return to_sign_in(request)
            if person.must_change_password:
                return _go(request, "/password")
            actor = actor_of(person)
            request.actor = actor  # type: ignore[attr-defined]
            if not actor.may(permission):
                record(by=actor, verb="page.open", outcome="refused", target_type="page", target=request.path)
                return refused(request, permission)
            return view(request, *args, **kwargs)

        gate.permission = permission  # type: ignore[attr-defined]
        return gate

    return decorate


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """The way to the sign-in page and back to here; says so when a session has ended."""
    here = request.get_full_path()
    if _by_htmx(request):
        current = urlsplit(request.headers.get("HX-Current-URL", ""))
        here = f"{current.path}?{current.query}" if current.query else current.path
    elif request.method != "GET":
        here = ""
    ended = "&ended=1" if request.COOKIES.get("sessionid") else ""
    return _go(request, f"/sign-in?next={quote(here or '/', safe='/')}{ended}")


def refused(request: HttpRequest, permission: Permission) -> HttpResponse:
    """Says which right is missing, which roles have it, and who can give them: a page, or a fragment for htmx."""
    context = {"permission": permission, "roles": roles_with(permission), "granters": granters()}
    if not _by_htmx(request):
        return render(request, "access/refused.html", context, status=403)
    response = render(request, "access/refused_fragment.html", context, status=403)
    response.headers["Vary"] = "HX-Request"
    return response


def authorise(by: Actor, permission: Permission) -> None:
    """Raise Forbidden unless `by` holds `permission`; the first line of every verb that is not `audited`."""
    if not by.may(permission):
        raise lacks(by, permission)


def _by_htmx(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request")) and not request.headers.get("HX-Boosted")


def _go(request: HttpRequest, address: str) -> HttpResponse:
    """A redirect of the whole page; htmx would put the target's HTML into a corner of the old one."""
    if not _by_htmx(request):
        return HttpResponseRedirect(address)
    response = HttpResponse(status=204)
    response.headers["HX-Redirect"] = address
    return response
