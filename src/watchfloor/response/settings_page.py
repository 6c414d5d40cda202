"""Settings > Response: when a second person must approve, whether a reason is demanded, when proposals are brought to mind."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.response import selectors, services
from watchfloor.response.action import MailAction
from watchfloor.response.catalogue import actions
from watchfloor.response.models import ResponsePolicy
from watchfloor.response.services import MOST_NUMBER

OWN = "own_"
"""The name of an action's own number begins so."""


class PolicyForm(forms.Form):
    """The questions of the policy; each action on mail may have a number of its own."""

    second_person_over = forms.IntegerField(
        min_value=0,
        max_value=MOST_NUMBER,
        label="A second person approves actions on more than this many messages",
        help_text="0: nobody needs a second person. Whoever starts a larger action then waits for somebody else's approval.",
    )
    second_person_over_people = forms.IntegerField(
        min_value=0,
        max_value=MOST_NUMBER,
        label="A second person approves actions on the accounts of more than this many people",
        help_text="0: nobody needs a second person. Actions of the same person within an hour count together.",
    )
    asks_again_days = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=365,
        label="Proposals nobody decided are brought to mind again after this many days",
        help_text="By mail and an informational alert to whoever may decide. They never expire. 0: never.",
    )
    reason_required = forms.BooleanField(required=False, label="Whoever acts or proposes must give a reason")

    def __init__(self, data: Any = None, *, kept: ResponsePolicy) -> None:
        own = kept.second_person_by_action
        stored = {name: getattr(kept, name) for name in PolicyForm.base_fields}
        super().__init__(data, initial={**stored, **{OWN + key: number for key, number in own.items()}})
        for action in numbered():
            self.fields[OWN + action.key] = forms.IntegerField(
                required=False,
                min_value=0,
                max_value=MOST_NUMBER,
                label=f"{action.label}: a second person over",
                help_text="Empty: as for all actions on mail. 0: nobody needs a second person.",
            )

    def changes(self) -> dict[str, Any]:
        """What `services.change_policy` takes."""
        shared = {name: self.cleaned_data[name] for name in PolicyForm.base_fields}
        numbers = {action.key: self.cleaned_data[OWN + action.key] for action in numbered()}
        return {**shared, "second_person_by_action": {key: n for key, n in numbers.items() if n is not None}}


def numbered() -> list[MailAction]:
    """The actions people choose for mail."""
    return [action for action in actions().values() if action.mailboxes and not action.from_quarantine]


@requires(Permission.SETTINGS_READ)
@require_http_methods(["GET", "POST"])
def response_policy(request: HttpRequest) -> HttpResponse:
    """Show the policy; change it with the right to."""
    form = PolicyForm(request.POST or None, kept=selectors.policy())
    may_change = request.actor.may(Permission.CONNECTION_MANAGE)  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        services.change_policy(by=request.actor, **form.changes())  # type: ignore[attr-defined]
        messages.success(request, "The policy is changed.")
        return HttpResponseRedirect("/settings/response")
    return render(request, "response/policy.html", {"form": form, "may_change": may_change})
