"""Settings, Quarantine policy: what the border does with each threat, how long it is kept, what recipients may do with it."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.connectors.contracts import Disposition
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput
from watchfloor.response.quarantine.contracts import (
    LONGEST_DAYS,
    NEVER_BY_USERS,
    REASONS,
    USER_MAY_WORDS,
    BorderPolicy,
    BorderRule,
    BorderThreat,
    Preset,
    UserMay,
)
from watchfloor.response.quarantine.policies import border_policy, change_border_policy

HREF = "/settings/quarantine"
CUSTOM = "custom"
WHAT = {
    Disposition.ACCEPT: "Deliver it",
    Disposition.TAG: "Deliver it with a header",
    Disposition.HOLD: "Quarantine it",
    Disposition.REJECT: "Refuse it",
}
PRESETS = [*((preset.name.lower(), preset.value) for preset in Preset), (CUSTOM, "As ticked below")]


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One threat as the page shows it; `what` is None where nothing comes to the border."""

    threat: BorderThreat
    what: Any
    days: Any
    notify: Any
    preset: Any
    ticks: list[Any]
    by_request: bool


class PolicyForm(forms.Form):
    """Choices for each threat, and the mailboxes that get everything."""

    exempt = forms.CharField(
        required=False,
        label="Mailboxes of the security team",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One address per line. Mail to them is delivered whatever it is, for whoever analyses it.",
    )

    file_types = forms.CharField(
        required=False,
        label="File types",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Extensions, separated by commas. A file counts by its name, by what it really is, and inside an archive. "
        "These are seldom sent and run code, or hide it.",
    )

    def __init__(self, policy: BorderPolicy, data: Any = None) -> None:
        types = ", ".join(sorted(policy.file_types))
        super().__init__(data, initial={"exempt": "\n".join(sorted(policy.exempt)), "file_types": types})
        for threat in BorderThreat:
            self._add(threat, policy.rule(threat))

    def _add(self, threat: BorderThreat, rule: BorderRule) -> None:
        key, name = threat.name.lower(), threat.value
        if threat is not BorderThreat.ADMIN:
            kinds = [(what.name.lower(), words) for what, words in WHAT.items()]
            self.fields[f"{key}_what"] = _choice(f"{name}: what the border does", kinds, rule.what.name.lower())
        widget = forms.NumberInput(attrs={"aria-label": f"{name}: days kept"})
        self.fields[f"{key}_days"] = forms.IntegerField(
            min_value=1, max_value=LONGEST_DAYS, initial=rule.days, label=f"{name}: days kept", widget=widget
        )
        self.fields[f"{key}_notify"] = _tick(f"{name}: recipients are told of it", rule.notify)
        known = next((preset for preset in Preset if preset.may == rule.may), None)
        chosen = known.name.lower() if known else CUSTOM
        self.fields[f"{key}_may"] = _choice(f"{name}: what recipients may do", PRESETS, chosen)
        for one, words in USER_MAY_WORDS.items():
            self.fields[_tick_name(threat, one)] = _tick(f"{name}: recipients may {words}", bool(rule.may & one))

    def rules(self) -> dict[BorderThreat, BorderRule]:
        return {threat: self._rule(threat) for threat in BorderThreat}

    def _rule(self, threat: BorderThreat) -> BorderRule:
        said, key = self.cleaned_data, threat.name.lower()
        what = Disposition[said[f"{key}_what"].upper()] if f"{key}_what" in said else Disposition.HOLD
        may = UserMay.NOTHING
        if said[f"{key}_may"] != CUSTOM:
            may = Preset[said[f"{key}_may"].upper()].may
            if REASONS[threat] in NEVER_BY_USERS and may & UserMay.RELEASE:
                may = may & ~UserMay.RELEASE | UserMay.REQUEST_RELEASE
        else:
            for one in USER_MAY_WORDS:
                may |= one if said[_tick_name(threat, one)] else UserMay.NOTHING
        return BorderRule(what, may, said[f"{key}_days"], said[f"{key}_notify"])

    def rows(self) -> list[RuleRow]:
        """Each threat's fields, for the page."""
        return [
            RuleRow(
                threat,
                self[f"{key}_what"] if f"{key}_what" in self.fields else None,
                self[f"{key}_days"],
                self[f"{key}_notify"],
                self[f"{key}_may"],
                [self[_tick_name(threat, one)] for one in USER_MAY_WORDS],
                REASONS[threat] in NEVER_BY_USERS,
            )
            for threat in BorderThreat
            if (key := threat.name.lower())
        ]


def _tick_name(threat: BorderThreat, one: UserMay) -> str:
    return f"{threat.name}_{one.name}".lower()


def _choice(label: str, choices: list[tuple[str, str]], initial: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=choices, initial=initial, label=label, widget=forms.Select(attrs={"aria-label": label})
    )


def _tick(label: str, initial: bool) -> forms.BooleanField:
    widget = forms.CheckboxInput(attrs={"aria-label": label})
    return forms.BooleanField(required=False, initial=initial, label=label, widget=widget)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_READ)
def quarantine_policy(request: HttpRequest) -> HttpResponse:
    """Show the policy; change it with the rights to connect systems and to manage the quarantine."""
    actor = request.actor  # type: ignore[attr-defined]
    form = PolicyForm(border_policy(), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            lines = form.cleaned_data["exempt"].replace(",", "\n").splitlines()
            types = form.cleaned_data["file_types"].replace(",", " ").replace(";", " ").split()
            change_border_policy(by=actor, rules=form.rules(), exempt=lines, file_types=types, at=utc_now())
        except BadInput as error:
            form.add_error(error.place if error.place in form.fields else None, error.message)
        else:
            messages.success(request, "The policy is changed; it counts from the next mail on.")
            return HttpResponseRedirect(HREF)
    may = actor.may(Permission.CONNECTION_MANAGE) and actor.may(Permission.QUARANTINE_MANAGE)
    context = {"form": form, "rows": form.rows(), "words": list(USER_MAY_WORDS.values()), "may_change": may}
    return render(request, "response/quarantine/policy.html", context, status=400 if form.errors else 200)
