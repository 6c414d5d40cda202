"""Settings > Zero-hour purge: what late verdicts do, what they would have done, what they did."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput
from watchfloor.response import zero_hour_policy
from watchfloor.response.catalogue import action_of
from watchfloor.response.zero_hour import ACTIONS, Policy, Rule, Threat, What
from watchfloor.response.zero_hour_policy import LookBack

HREF = "/settings/zero-hour"

WHO = {
    Threat.MALWARE: "Read or unread, whatever an allow entry says",
    Threat.SURE_PHISH: "Read or unread",
    Threat.PHISH: "Read or unread",
    Threat.SPAM: "Only those nobody has read yet",
}


@dataclass(frozen=True, slots=True)
class ThreatRow:
    """One threat as the page shows it."""

    threat: Threat
    who: str
    what: Any
    action: Any
    look_back: LookBack


class ZeroHourForm(forms.Form):
    """Two choices per threat, and the mailboxes never touched."""

    untouched = forms.CharField(
        required=False,
        label="Mailboxes of the security team",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One address per line. Mail there is kept for whoever analyses it, whatever the verdict.",
    )

    def __init__(self, policy: Policy, data: Any = None) -> None:
        super().__init__(data, initial={"untouched": "\n".join(sorted(policy.untouched))})
        for threat, rule in policy.rules.items():
            name = threat.name.lower()
            self.fields[f"{name}_what"] = _choice(
                f"{threat.value}: what happens", [(what.value, what.label) for what in What], rule.what.value
            )
            self.fields[f"{name}_action"] = _choice(
                f"{threat.value}: action", [(key, action_of(key).label) for key in ACTIONS], rule.action
            )

    def rules(self) -> dict[Threat, Rule]:
        return {
            threat: Rule(
                What(self.cleaned_data[f"{threat.name.lower()}_what"]),
                self.cleaned_data[f"{threat.name.lower()}_action"],
            )
            for threat in Threat
        }


def _choice(label: str, choices: list[tuple[str, str]], initial: str) -> forms.ChoiceField:
    widget = forms.Select(attrs={"aria-label": label})
    return forms.ChoiceField(choices=choices, initial=initial, label=label, widget=widget)


@requires(Permission.SETTINGS_READ)
@require_http_methods(["GET", "POST"])
def zero_hour(request: HttpRequest) -> HttpResponse:
    """Show the policy; change it with the right to."""
    actor = request.actor  # type: ignore[attr-defined]
    policy = zero_hour_policy.current()
    form = ZeroHourForm(policy, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            lines = form.cleaned_data["untouched"].replace(",", "\n").splitlines()
            zero_hour_policy.change(by=actor, rules=form.rules(), untouched=lines, at=utc_now())
        except BadInput as error:
            form.add_error(error.place if error.place in form.fields else None, error.message)
        else:
            messages.success(request, "The policy is changed; it counts for verdicts from now on.")
            return HttpResponseRedirect(HREF)
    return render(request, "response/zero_hour.html", _context(form, policy, actor), status=400 if form.errors else 200)


def _context(form: ZeroHourForm, policy: Policy, actor: Any) -> dict[str, Any]:
    past = zero_hour_policy.look_back(now=utc_now(), policy=policy)
    rows = [
        ThreatRow(
            threat,
            WHO[threat],
            form[f"{threat.name.lower()}_what"],
            form[f"{threat.name.lower()}_action"],
            past[threat],
        )
        for threat in Threat
    ]
    may_change = actor.may(Permission.CONNECTION_MANAGE) and actor.may(Permission.EMAIL_ACTION_MANAGE)
    return {"form": form, "rows": rows, "decisions": zero_hour_policy.latest(), "may_change": may_change}
