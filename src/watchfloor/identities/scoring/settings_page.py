"""Settings > Risk score: the formulas in words, thresholds, and each signal with its weight, on or off."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.identities.scoring import services
from watchfloor.identities.scoring.contracts import Scale
from watchfloor.identities.scoring.scale import scale
from watchfloor.identities.scoring.signal import Signal
from watchfloor.identities.scoring.signals import signals
from watchfloor.identities.scoring.views import Asked
from watchfloor.identities.scoring.wording import FORMULAS
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput
from watchfloor.ui.services import render_page

PAGE = "/settings/risk-score"
THRESHOLDS = ("low", "medium", "high", "rise_least", "rise_spread", "rise_per_day", "alert_weight")


class ScaleForm(forms.Form):
    """The thresholds; a field for every signal's weight and switch comes with it."""

    low = forms.FloatField(min_value=0.1, max_value=1000, label="Low from", help_text="points")
    medium = forms.FloatField(min_value=0.1, max_value=1000, label="Medium from", help_text="points")
    high = forms.FloatField(min_value=0.1, max_value=1000, label="High from", help_text="points")
    rise_least = forms.FloatField(
        min_value=1, max_value=1000, label="Sudden rise from", help_text="points within a day, at least"
    )
    rise_spread = forms.FloatField(
        min_value=0.1,
        max_value=100,
        label="Least spread",
        help_text="points; a person's days are taken to vary this much",
    )
    rise_per_day = forms.IntegerField(min_value=1, max_value=1000, label="Alerts a day", help_text="rises told at most")
    alert_weight = forms.FloatField(min_value=0, max_value=10, label="Alerts weigh", help_text="times their points")
    known_networks = forms.CharField(
        required=False,
        label="Known networks",
        help_text="One a line, such as 192.0.2.0/24: VPN exits and offices, whose place says nothing of a person's.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        for key, signal in signals().items():
            self.fields[f"weight-{key}"] = forms.FloatField(
                min_value=0, max_value=100, label=f"Weight of {signal.title}"
            )
            self.fields[f"on-{key}"] = forms.BooleanField(required=False, label=f"{signal.title} counts")

    def thresholds(self) -> Iterator[forms.BoundField]:
        return (self[name] for name in (*THRESHOLDS, "known_networks"))

    def rows(self) -> Iterator[tuple[Signal, forms.BoundField, forms.BoundField]]:
        return ((signal, self[f"weight-{key}"], self[f"on-{key}"]) for key, signal in signals().items())


def initial(chosen: Scale) -> dict[str, Any]:
    """The form's values for a setting."""
    weights = {f"weight-{key}": chosen.weights.get(key, signal.weight) for key, signal in signals().items()}
    switches = {f"on-{key}": key not in chosen.off for key in signals()}
    plain = {name: getattr(chosen, name) for name in THRESHOLDS}
    return {**plain, "known_networks": "\n".join(chosen.known_networks), **weights, **switches}


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_READ)
def risk_score(request: Asked) -> HttpResponse:
    """Show how the score is made; change it with the right to."""
    form = ScaleForm(request.POST if request.method == "POST" else None, initial=initial(scale()))
    if request.method == "POST" and form.is_valid():
        try:
            _change(request, form.cleaned_data)
        except BadInput as error:
            form.add_error(error.place if error.place in form.fields else None, str(error))
        else:
            messages.success(request, "The risk score is made so from the next event on.")
            return HttpResponseRedirect(PAGE)
    context = {"form": form, "formulas": FORMULAS, "may_change": request.actor.may(Permission.CONNECTION_MANAGE)}
    return render_page(request, "identities/scoring/settings.html", context, status=400 if form.errors else 200)


def _change(request: Asked, data: dict[str, Any]) -> None:
    services.change_scale(
        by=request.actor,
        now=utc_now(),
        thresholds={name: float(data[name]) for name in THRESHOLDS},
        weights={key: float(data[f"weight-{key}"]) for key in signals()},
        off=[key for key in signals() if not data[f"on-{key}"]],
        known_networks=[line.strip() for line in data["known_networks"].splitlines() if line.strip()],
    )
