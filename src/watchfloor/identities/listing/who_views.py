"""The fly-out in which somebody says who is who: splits an account off, merges people, takes that back, changes tags."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.identities import by_hand
from watchfloor.identities.detail import person_by_id
from watchfloor.identities.finding import accounts_of, person_of_name
from watchfloor.identities.suggesting import merged_into, suggestions_of
from watchfloor.identities.tags import BY_HAND
from watchfloor.kernel.errors import BadInput, NotFound, WatchfloorError


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor


@require_http_methods(["GET", "POST"])
@requires(Permission.IDENTITY_MANAGE)
def who(request: Asked, pk: int) -> HttpResponse:
    """The forms as a fly-out; a filled one is done and leads back to the person."""
    person = person_by_id(pk)
    if person is None:
        raise NotFound("there is no such person", place=str(pk))
    if request.method == "POST":
        return _do(request, person.pk)
    accounts = accounts_of(person.pk)
    context = {
        "person": person,
        "accounts": accounts,
        "may_split": len(accounts) > 1,
        "suggestions": suggestions_of(person.pk),
        "merged": merged_into(person.pk),
        "known_tags": tuple(BY_HAND),
    }
    return render(request, "identities/listing/who.html", context)


def _do(request: Asked, pk: int) -> HttpResponse:
    deeds: dict[str, Callable[[Asked, int, str], str]] = {
        "split": _split, "merge": _merge, "unmerge": _unmerge, "tag": _tag, "untag": _tag,
    }  # fmt: skip
    deed = deeds.get(request.POST.get("do", ""))
    try:
        if deed is None:
            raise BadInput("choose what to do", place="do")
        messages.success(request, deed(request, pk, request.POST.get("reason", "")))
    except WatchfloorError as error:
        messages.error(request, error.message)
    return redirect(f"/identities/{pk}")


def _split(request: Asked, pk: int, reason: str) -> str:
    by_hand.split_account(account=_number(request, "account"), by=request.actor, reason=reason)
    return "The account is a person of its own now"


def _merge(request: Asked, pk: int, reason: str) -> str:
    named = request.POST.get("other", "").strip()
    other = int(named) if named.isascii() and named.isdecimal() and len(named) < 12 else person_of_name(named)
    if other is None:
        raise NotFound(f"nobody bears the name “{named}”", place="other")
    by_hand.merge_people(kept=pk, other=other, by=request.actor, reason=reason)
    return "They are one person now"


def _unmerge(request: Asked, pk: int, reason: str) -> str:
    by_hand.unmerge_people(other=_number(request, "other"), by=request.actor, reason=reason)
    return "They are two people again"


def _tag(request: Asked, pk: int, reason: str) -> str:
    off = request.POST.get("do") == "untag"
    by_hand.tag_people(people=[pk], tag=request.POST.get("tag_name", ""), off=off, by=request.actor, reason=reason)
    return "The tags were changed"


def _number(request: Asked, name: str) -> int:
    text = request.POST.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        raise BadInput("this number is none of ours", place=name)
    return int(text)
