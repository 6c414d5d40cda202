"""Settings > Investigations: the ladder of trust, the policy of the automatic level, the thresholds of clusters."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.investigations import policy, selectors, services
from watchfloor.investigations.contracts import ClusterKind, Level
from watchfloor.investigations.models import TrustPolicy
from watchfloor.investigations.playbook import playbooks
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput

HREF = "/settings/investigations"
LEVELS = [(level.value, level.label) for level in Level]
NUMBERS = ("hits", "share", "hits_suspicious", "share_suspicious")
HEADS = ("Malicious: copies", "Malicious: percent", "Suspicious: copies", "Suspicious: percent")
PLAIN = ("level", "most_copies", "daily_cap", "least_share", "from_hour", "to_hour", "spare_tagged", "close_alerts")


class TrustForm(forms.Form):
    """The plain questions; those by playbook and by kind of cluster are added by name."""

    level = forms.ChoiceField(choices=LEVELS, label="How far investigations are trusted")
    most_copies = forms.IntegerField(min_value=0, label="Automatic: at most so many copies a recommendation")
    daily_cap = forms.IntegerField(min_value=0, label="Automatic: at most so many copies a day")
    least_share = forms.IntegerField(
        min_value=0,
        max_value=100,
        label="Automatic: from so many percent malicious on",
        help_text="Share of the cluster.",
    )
    from_hour = forms.IntegerField(min_value=0, max_value=24, label="Automatic: from (hour, UTC)")
    to_hour = forms.IntegerField(min_value=0, max_value=24, label="Automatic: to (hour, UTC)")
    spare_tagged = forms.BooleanField(
        required=False,
        label="Ask a person when a priority account is concerned",
        help_text="Everybody who bears a tag.",
    )
    close_alerts = forms.BooleanField(
        required=False, label="Resolve the alerts of what is remediated, and reports of what is harmless"
    )
    exempt = forms.CharField(
        required=False,
        label="Mailboxes of the security team",
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One address per line. They are never searched nor touched; every query says so.",
    )

    def __init__(self, kept: TrustPolicy, data: Any = None) -> None:
        initial = {name: getattr(kept, name) for name in PLAIN} | {"exempt": "\n".join(kept.exempt)}
        super().__init__(data, initial=initial)
        for key, one in playbooks().items():
            self.fields[f"level_{key}"] = forms.ChoiceField(
                choices=[("", "As above"), *LEVELS],
                required=False,
                initial=kept.levels.get(key, ""),
                label=one.title,
                widget=forms.Select(attrs={"aria-label": f"{one.title}: level"}),
            )
        for kind, limits in policy.thresholds(kept).items():
            numbers = (limits.malicious.hits, limits.malicious.share, limits.suspicious.hits, limits.suspicious.share)
            for name, head, value in zip(NUMBERS, HEADS, numbers, strict=True):
                self.fields[f"{kind.value}_{name}"] = _number(f"{kind.label}, {head.lower()}", value)

    def changed(self) -> dict[str, Any]:
        """What the policy's verb takes."""
        said = self.cleaned_data
        thresholds = {kind.value: [float(said[f"{kind.value}_{name}"]) for name in NUMBERS] for kind in ClusterKind}
        lines = said["exempt"].replace(",", "\n").splitlines()
        return {name: said[name] for name in PLAIN} | {
            "levels": {key: said[f"level_{key}"] for key in playbooks() if said[f"level_{key}"]},
            "thresholds": thresholds,
            "exempt": sorted({line.strip().lower() for line in lines if "@" in line}),
        }


def _number(label: str, value: float) -> forms.FloatField:
    widget = forms.NumberInput(attrs={"aria-label": label, "step": "any", "size": 6})
    return forms.FloatField(min_value=0, initial=f"{value:g}", label=label, widget=widget)


@requires(Permission.SETTINGS_READ)
@require_http_methods(["GET", "POST"])
def trust(request: HttpRequest) -> HttpResponse:
    """Show the ladder and the thresholds; change them with the right to."""
    actor = request.actor  # type: ignore[attr-defined]
    kept = policy.current()
    form = TrustForm(kept, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_policy(by=actor, at=utc_now(), **form.changed())
        except BadInput as error:
            form.add_error(None, f"{error.place}: {error.message}")
        else:
            messages.success(request, "The policy is changed; it counts for investigations that begin from now on.")
            return HttpResponseRedirect(HREF)
    return render(request, "investigations/trust.html", _context(form, kept, actor), status=400 if form.errors else 200)


@requires(Permission.EMAIL_ACTION_MANAGE)
@require_POST
def kill_switch(request: HttpRequest) -> HttpResponse:
    """Turn the automatic level off or on again, at once."""
    stopped = request.POST.get("stopped") == "yes"
    services.switch_kill(by=request.actor, stopped=stopped, at=utc_now())  # type: ignore[attr-defined]
    messages.success(
        request, "Nothing is done by itself from now on." if stopped else "The level says again what is done."
    )
    return HttpResponseRedirect(HREF)


def _context(form: TrustForm, kept: TrustPolicy, actor: Any) -> dict[str, Any]:
    levels = {key: policy.level_of(kept, key) for key in playbooks()}
    scores = selectors.scoreboard(levels)
    return {
        "form": form,
        "kept": kept,
        "plain": [form[name] for name in (*PLAIN, "exempt")],
        "scores": [(score, form[f"level_{score.playbook}"]) for score in scores],
        "heads": HEADS,
        "limits": [(kind.label, [form[f"{kind.value}_{name}"] for name in NUMBERS]) for kind in ClusterKind],
        "may_change": actor.may(Permission.CONNECTION_MANAGE),
        "may_switch": actor.may(Permission.EMAIL_ACTION_MANAGE),
    }
