"""Forms of the allow/block list and the verdict policy."""

from typing import Any

from django import forms

from watchfloor.intelligence.backtesting import SPANS
from watchfloor.intelligence.contracts import Effect, Kind, Life, Proposal
from watchfloor.intelligence.entries import CONFIDENCES
from watchfloor.intelligence.lasting import LIVES
from watchfloor.intelligence.policy import HIGHEST, LOWEST
from watchfloor.intelligence.selectors import known_signals

ALLOWED_HELP = (
    "An allow entry stops nothing that it covers but malware: allow from an email whose verdict was wrong where you can. "
    "Allowed directly, it needs a reason, ends, and comes up for review after 14 days. Trusting a sender only says that they impersonate "
    "nobody, though they are called like one of your people or your domains."
)


class EntryForm(forms.Form):
    """One entry. `email` names the mail it is made from, when it is."""

    kind = forms.ChoiceField(
        choices=[*((kind.value, kind.label) for kind in Kind), ("", "Told from each value")],
        label="About",
        required=False,
    )
    value = forms.CharField(
        max_length=200_000,
        label="Values, one a line",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text="Address, domain, URL (wildcards: *.host/*, ~host~, host/path/*), SHA-256, IPv4 or IPv6 address or network; "
        "of a spoofed sender the pair “partner.example, 192.0.2.0/24” or “boss@corp.example, mailer.example”",
    )
    effect = forms.ChoiceField(choices=[(effect.value, effect.label) for effect in Effect], help_text=ALLOWED_HELP)
    life = forms.ChoiceField(
        choices=[("", "Default"), *((life.value, life.label) for life in Life)],
        required=False,
        label="Lasts",
        help_text="By default a block lasts 30 days, an allow entry until 45 days after its last use, an indicator 90 days, trust for ever",
    )
    until = forms.DateField(
        required=False,
        label="Or until the end of",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Any day; what is allowed ends within 30 days.",
    )
    note = forms.CharField(
        required=False, max_length=1000, label="Note, or why it is allowed", widget=forms.Textarea(attrs={"rows": 2})
    )
    email = forms.CharField(required=False, max_length=36, widget=forms.HiddenInput)

    def entry(self) -> dict[str, Any]:
        """The arguments of `add_entries`, the `values` as a list."""
        said = dict(self.cleaned_data)
        life = said.pop("until") or (Life(said["life"]) if said["life"] else None)
        kind = Kind(said["kind"]) if said["kind"] else None
        values = [line.strip() for line in said.pop("value").splitlines() if line.strip()]
        return {**said, "values": values, "kind": kind, "effect": Effect(said["effect"]), "life": life}


class IndicatorForm(forms.Form):
    """A list of indicators."""

    text = forms.CharField(
        max_length=5_000_000,
        label="Indicators",
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false"}),
        help_text="One a line, or CSV: value, confidence, note. Lines that start with # are skipped; hxxp and [.] are understood.",
    )
    source = forms.CharField(max_length=200, label="Where it comes from", help_text="A feed, a report, a colleague")
    confidence = forms.ChoiceField(choices=[(one, one or "Not stated") for one in CONFIDENCES], required=False)
    life = forms.ChoiceField(
        choices=[(life.value, life.label) for life in LIVES[Effect.INDICATOR]], label="Lasts", initial=Life.DAYS_90
    )


class ThresholdForm(forms.Form):
    """The number from which a mail is a threat."""

    threshold = forms.FloatField(
        min_value=LOWEST,
        max_value=HIGHEST,
        label="Points from which a mail is a threat",
        widget=forms.NumberInput(attrs={"step": "0.25"}),
    )


class ProposalForm(ThresholdForm):
    """What a back-test tries."""

    days = forms.TypedChoiceField(
        choices=[(days, f"{days} days") for days in SPANS], coerce=int, label="Mail of the last"
    )
    silenced = forms.MultipleChoiceField(
        required=False,
        label="Silenced reasons",
        choices=[(name, f"{means} ({points:g})") for name, (points, means) in known_signals().items()],
        widget=forms.SelectMultiple(attrs={"size": 5}),
    )

    def proposal(self) -> Proposal:
        """What was entered."""
        said = self.cleaned_data
        return Proposal(said["threshold"], frozenset(said["silenced"]), said["days"])
