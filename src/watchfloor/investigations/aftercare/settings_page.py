"""Settings > After investigations: answers to reporters, reminders, retention, sending limits."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.connectors.services import can_send
from watchfloor.investigations import services
from watchfloor.investigations.aftercare.models import AftercarePolicy
from watchfloor.investigations.aftercare.policy import current
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput

HREF = "/settings/after-investigations"
ANSWERS = ("answer_threats", "answer_spam", "answer_clean")
REMINDERS = ("remind_hours", "remind", "escalate_hours", "escalate")
REST = ("keep_days", "restrict")
LISTS = ("remind", "escalate")


def _addresses(label: str, help_text: str) -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(required=False, label=label, help_text=help_text, widget=area)


class AftercareForm(forms.Form):
    """One question a line."""

    answer_threats = forms.BooleanField(required=False, label="Phishing or malware: after it was remediated")
    answer_spam = forms.BooleanField(required=False, label="Spam")
    answer_clean = forms.BooleanField(
        required=False,
        label="No threats found",
        help_text="A machine's word that a mail is harmless: people will act on it.",
    )
    remind_hours = forms.IntegerField(min_value=1, label="Remind of what waits for a decision, every so many hours")
    remind = _addresses("Whom to remind", "One address per line. Nobody: the list and the incident show what waits.")
    escalate_hours = forms.IntegerField(min_value=1, label="Escalate after so many hours")
    escalate = _addresses(
        "To whom", "One address per line. The incident gets a comment in any case. Nothing ever expires."
    )
    keep_days = forms.IntegerField(
        min_value=0, max_value=10_000, label="Keep ended investigations for so many days", help_text="0: for good."
    )
    restrict = forms.BooleanField(
        required=False,
        label="Restrict whoever exceeds the sending limit",
        help_text="The alert policy “Email sending limit exceeded” says how many. Restricted users can be released.",
    )

    def __init__(self, kept: AftercarePolicy, data: Any = None) -> None:
        initial = {name: getattr(kept, name) for name in (*ANSWERS, *REMINDERS, *REST)}
        super().__init__(data, initial=initial | {name: "\n".join(getattr(kept, name)) for name in LISTS})

    def changed(self) -> dict[str, Any]:
        """What the verb takes."""
        said = self.cleaned_data
        lines = {name: said[name].replace(",", "\n").splitlines() for name in LISTS}
        return {name: said[name] for name in (*ANSWERS, *REMINDERS, *REST)} | lines


@requires(Permission.SETTINGS_READ)
@require_http_methods(["GET", "POST"])
def aftercare(request: HttpRequest) -> HttpResponse:
    """Show what follows investigations; change it with the right to."""
    actor = request.actor  # type: ignore[attr-defined]
    form = AftercareForm(current(), request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_aftercare(by=actor, at=utc_now(), **form.changed())
        except BadInput as error:
            form.add_error(error.place if error.place in form.fields else None, error.message)
        else:
            messages.success(request, "Saved.")
            return HttpResponseRedirect(HREF)
    context = {
        "form": form,
        "answers": [form[name] for name in ANSWERS],
        "reminders": [form[name] for name in REMINDERS],
        "rest": [form[name] for name in REST],
        "may_change": actor.may(Permission.CONNECTION_MANAGE),
        "can_send": can_send(),
    }
    return render(request, "investigations/aftercare.html", context, status=400 if form.errors else 200)
