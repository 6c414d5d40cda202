"""Signing in and out, choosing a password, and being locked out."""

from datetime import datetime
from typing import Any

from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from axes.utils import reset
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from watchfloor.access.contracts import Actor
from watchfloor.access.forms import NewPasswordForm, SignInForm
from watchfloor.access.models import Person
from watchfloor.access.selectors import actor_of, system_actor
from watchfloor.access.services import audit_verb, record, to_sign_in

audit_verb("session.sign_in", "{actor} signed in as {target}")
audit_verb("session.sign_out", "{actor} signed out")
audit_verb("session.password", "{actor} changed their password")

LOCKED = "locked after too many failures"
STRANGER = system_actor("somebody not signed in")


def own_path(address: str) -> str:
    """`address` when it is a path of this portal, else the home page: nobody is sent elsewhere after signing in."""
    own = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if own else "/"


@sensitive_post_parameters("password")
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page; signing in makes a new session id and goes on to `next`."""
    goal = own_path(request.POST.get("next") or request.GET.get("next", ""))
    if request.user.is_authenticated:
        return HttpResponseRedirect(goal)
    form = SignInForm(request, request.POST or None)
    if request.method == "POST":
        if form.is_valid():
            person = form.get_user()
            assert isinstance(person, Person)
            login(request, person)
            _note(actor_of(person), "success", person.email)
            return HttpResponseRedirect(goal)
        _note(STRANGER, "failure", _known_address(request), locked=bool(getattr(request, "axes_locked_out", False)))
    context = {"form": form, "next": goal, "ended": "ended" in request.GET, "out": "out" in request.GET}
    return render(request, "access/sign_in.html", context)


def _note(by: Actor, outcome: str, address: str, *, locked: bool = False) -> None:
    reason = LOCKED if locked else ""
    record(by=by, verb="session.sign_in", outcome=outcome, target_type="person", target=address, reason=reason)


def _known_address(request: HttpRequest) -> str:
    """The address tried, if somebody has it; people type passwords into the wrong field, so nothing else is kept."""
    typed = request.POST.get("username", "").strip().lower()
    return typed if Person.objects.filter(email=typed).exists() else "an unknown address"


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    if isinstance(request.user, Person):
        record(by=actor_of(request.user), verb="session.sign_out", outcome="success", target_type="session")
    logout(request)
    return HttpResponseRedirect("/sign-in?out=1")


@sensitive_post_parameters()
@never_cache
def password(request: HttpRequest) -> HttpResponse:
    """Choose a new password; whoever was given a one-time password comes here before anything else."""
    person = request.user
    if not isinstance(person, Person):
        return to_sign_in(request)
    form = NewPasswordForm(request, person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        person.must_change_password = False
        form.save()
        reset(username=person.email, ip=str(request.META.get("REMOTE_ADDR", "")))
        update_session_auth_hash(request, person)  # keeps this session, with a new id; all others end
        _note_password(person, "success")
        messages.success(request, "Your password is changed.")
        return HttpResponseRedirect("/")
    if form.wrong:
        locked_out = bool(getattr(request, "axes_locked_out", False))
        _note_password(person, "failure", LOCKED if locked_out else "the old password was wrong")
    return render(request, "access/password.html", {"form": form, "forced": person.must_change_password})


def _note_password(person: Person, outcome: str, reason: str = "") -> None:
    about = {"target_type": "person", "target": person.email, "reason": reason}
    record(by=actor_of(person), verb="session.password", outcome=outcome, **about)


def locked(request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None) -> HttpResponse:
    """What django-axes answers while an address is locked: when to try again, and who can unlock."""
    until = locked_until(str((credentials or {}).get("username", "")), str(request.META.get("REMOTE_ADDR", "")))
    answer = render(request, "access/locked.html", {"until": until}, status=429)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def locked_until(email: str, address: str) -> datetime | None:
    """When the lock of this address from this network address ends (failures while locked do not prolong it)."""
    latest = AccessAttempt.objects.filter(username=email, ip_address=address).order_by("-attempt_time").first()
    pause = get_cool_off()
    return latest.attempt_time + pause if latest and pause else None
