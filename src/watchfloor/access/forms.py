"""What people type: addresses, passwords, roles, audit filters."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.http import HttpRequest

from watchfloor.access.contracts import Permission
from watchfloor.access.models import Person, Role
from watchfloor.access.selectors import OUTCOMES, AuditFilter
from watchfloor.access.services import audit_verbs


class SignInForm(AuthenticationForm):
    """Address and password. The field is called username because django-axes counts failures by that name."""

    username = forms.EmailField(
        label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    error_messages = {
        "invalid_login": "No active person has this address and password. Check both; capitals count in the password.",
        "inactive": "No active person has this address and password. Check both; capitals count in the password.",
    }

    def clean_username(self) -> str:
        return str(self.cleaned_data["username"]).strip().lower()


class NewPasswordForm(PasswordChangeForm):
    """The old password once, the new one twice; the new one must be another.

    A wrong old password counts like a failed sign-in, or whoever finds a session open could try as often as they like.
    """

    wrong = False

    def __init__(self, request: HttpRequest, person: Person, data: Any = None) -> None:
        super().__init__(person, data)
        self.request = request

    def clean_old_password(self) -> str:
        given = str(self.cleaned_data["old_password"])
        self.wrong = authenticate(self.request, username=self.user.email, password=given) is None
        if self.wrong:
            raise forms.ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return given

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("new_password1") and given.get("new_password1") == given.get("old_password"):
            self.add_error("new_password1", "The new password is the old one. Choose another.")
        return given


def _role_choices() -> list[tuple[str, str]]:
    return [(role.name, role.name) for role in Role.objects.all()]


class RolesForm(forms.Form):
    """Which roles a person has."""

    roles = forms.MultipleChoiceField(
        label="Roles", choices=_role_choices, required=False, widget=forms.CheckboxSelectMultiple
    )


class PersonForm(RolesForm):
    """Somebody new; a one-time password is made for them."""

    name = forms.CharField(label="Full name", max_length=200)
    email = forms.EmailField(label="E-mail address", help_text="They sign in with it.")
    field_order = ("name", "email", "roles")


class RoleForm(forms.Form):
    """A custom role."""

    name = forms.CharField(label="Name", max_length=100)
    description = forms.CharField(label="What it is for", max_length=500, required=False)
    permissions = forms.MultipleChoiceField(
        label="Rights",
        choices=[(permission.value, permission.description) for permission in Permission],
        widget=forms.CheckboxSelectMultiple,
    )

    def rights(self) -> list[Permission]:
        return [Permission(value) for value in self.cleaned_data["permissions"]]


class AuditForm(forms.Form):
    """The audit log's filters, all in the address, so that a search can be sent to somebody."""

    person = forms.CharField(required=False, label="Person")
    verb = forms.ChoiceField(required=False, label="Activity")
    outcome = forms.ChoiceField(
        required=False, label="Outcome", choices=[("", "Any"), *((o, o.capitalize()) for o in OUTCOMES)]
    )
    target = forms.CharField(required=False, label="Target")
    after = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    before = forms.DateField(required=False, label="Until", widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["verb"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Any"), *((verb.name, verb.description) for verb in audit_verbs())]

    def wanted(self) -> AuditFilter:
        """The filter of what was typed; what is not understood does not filter, and the form says so. Days are UTC."""
        self.is_valid()
        given = {key: value for key, value in self.cleaned_data.items() if value}
        for name, days in (("after", 0), ("before", 1)):
            if name in given:
                given[name] = datetime.combine(given[name], time(), tzinfo=UTC) + timedelta(days=days)
        return AuditFilter(**given)
