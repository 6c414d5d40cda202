"""The fly-outs of the score: all points of a person, one point with its evidence, and calling it wrong."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.identities.scoring import services, showing
from watchfloor.identities.selectors import person_by_id
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import NotFound


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor


class ReasonForm(forms.Form):
    """Why a point is wrong."""

    reason = forms.CharField(
        max_length=services.LONGEST_REASON,
        label="Why is this no risk?",
        help_text="The point no longer counts, and the same thing of this person gives no points from now on.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )


@require_GET
@requires(Permission.IDENTITY_READ)
def points(request: Asked, pk: int) -> HttpResponse:
    """How the score of a person is made (US-30..35)."""
    person = person_by_id(pk)
    if person is None:
        raise NotFound(f"there is no person {pk}")
    shown = showing.all_points(person.pk, actor=request.actor, now=utc_now())
    return render(request, "identities/scoring/points.html", {**shown, "person": person})


@require_GET
@requires(Permission.IDENTITY_READ)
def point(request: Asked, number: int) -> HttpResponse:
    """One point: why, what it is worth, and the event itself (US-35)."""
    return _point(request, number, ReasonForm())


@require_POST
@requires(Permission.IDENTITY_RISK_MANAGE)
def void(request: Asked, number: int) -> HttpResponse:
    """Call one point wrong (US-41), then show it again."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _point(request, number, form, status=400)
    services.void_point(point=number, by=request.actor, reason=form.cleaned_data["reason"], now=utc_now())
    messages.success(request, "The point is void; the same thing gives no points from now on.")
    return _point(request, number, ReasonForm())


def _point(request: Asked, number: int, form: ReasonForm, *, status: int = 200) -> HttpResponse:
    shown = showing.one_point(number, actor=request.actor, now=utc_now())
    return render(request, "identities/scoring/point.html", {**shown, "form": form}, status=status)
