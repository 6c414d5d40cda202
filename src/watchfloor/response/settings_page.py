"""Settings > Response: when a second person must approve."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.response import selectors, services


class PolicyForm(forms.Form):
    """The questions of the policy."""

    second_person_over = forms.IntegerField(
        min_value=0,
        label="A second person approves actions on more than this many messages",
        help_text="0: nobody needs a second person. Whoever starts a larger action then waits for somebody else's approval.",
    )
    second_person_over_people = forms.IntegerField(
        min_value=0,
        label="A second person approves actions on the accounts of more than this many people",
        help_text="0: nobody needs a second person. Actions of the same person within an hour count together.",
    )


@requires(Permission.SETTINGS_READ)
@require_http_methods(["GET", "POST"])
def response_policy(request: HttpRequest) -> HttpResponse:
    """Show the policy; change it with the right to."""
    kept = selectors.policy()
    now = {name: getattr(kept, name) for name in PolicyForm.base_fields}
    form = PolicyForm(request.POST or None, initial=now)
    may_change = request.actor.may(Permission.CONNECTION_MANAGE)  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        services.change_policy(by=request.actor, **form.cleaned_data)  # type: ignore[attr-defined]
        messages.success(request, "The policy is changed.")
        return HttpResponseRedirect("/settings/response")
    return render(request, "response/policy.html", {"form": form, "may_change": may_change})
