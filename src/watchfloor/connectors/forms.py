"""A connection's form, made from its system's settings; secrets are write-only."""

from typing import Any

from django import forms

from watchfloor.connectors.contracts import Setting, System
from watchfloor.connectors.models import Connection

KEEP = "Set. Leave empty to keep it."


class ConnectionForm(forms.Form):
    """One field per setting of `system`; with `connection` its stored values, without its secrets."""

    def __init__(self, system: System, connection: Connection | None = None, data: Any = None) -> None:
        super().__init__(data)
        stored = connection.settings if connection else {}
        if connection is None:
            self.fields["name"] = forms.CharField(
                max_length=100,
                initial=system.kind,
                help_text="How it is called here, in health and in each mail's source",
            )
        for setting in system.settings:
            self.fields[setting.name] = _field(setting, stored.get(setting.name, ""))

    def settings(self) -> dict[str, str]:
        """What was entered, as text; an empty secret means: keep."""
        entered = {name: value for name, value in self.cleaned_data.items() if name != "name"}
        return {name: "" if value is None else str(value) for name, value in entered.items()}


def _field(setting: Setting, stored: str) -> forms.Field:
    common: dict[str, Any] = {"label": setting.label, "required": setting.required, "help_text": setting.help}
    if setting.kind == "secret":
        return _secret(setting, common, known=bool(stored))
    common["initial"] = stored or setting.default
    if setting.kind == "choice":
        return forms.ChoiceField(choices=setting.options, **common)
    if setting.kind == "number":
        return forms.IntegerField(min_value=0, **common)
    if setting.kind in {"addresses", "lines"}:
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 4}), **common)
    return forms.CharField(max_length=1000, **common)


def _secret(setting: Setting, common: dict[str, Any], *, known: bool) -> forms.Field:
    if known:
        common["required"] = False
        common["help_text"] = f"{KEEP} {setting.help}".strip()
    attrs = {"autocomplete": "new-password"}
    lines = setting.name == "credentials"
    widget = forms.Textarea(attrs={**attrs, "rows": 4}) if lines else forms.PasswordInput(attrs=attrs)
    return forms.CharField(widget=widget, strip=False, **common)
