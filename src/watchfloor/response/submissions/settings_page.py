"""Settings > User reported settings (SU-15, SU-16)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.connectors.services import can_send
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput
from watchfloor.response.submissions.policy import FOLDERS, Policy, change, current
from watchfloor.response.submissions.texts import (
    DEFAULTS,
    LANGUAGES,
    LONGEST_SUBJECT,
    LONGEST_TEXT,
    PLACEHOLDERS,
    WHICH,
)

HERE = "/settings/user-reports"
FIELDS = ("addresses", "folders", "simulations", "answer_at_once", "answer_verdict", "language")


class ReportsForm(forms.Form):
    """Where reports come from, and what is answered."""

    addresses = forms.CharField(
        required=False,
        label="Report mailboxes",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One address a line. Mail there is left unfiltered and counts as no delivered threat: use mailboxes of the "
        "security team that nobody else reads, and connect them (IMAP, journal or milter). Only reports of your own people are read.",
    )
    folders = forms.CharField(
        required=False,
        label="Report folders",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=f"What people move into a folder of this name in their own mailbox is their report, as “{FOLDERS[0]}”. "
        "Needs an IMAP connection that reads these mailboxes.",
    )
    simulations = forms.CharField(
        required=False,
        label="Phishing simulations of our own",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One a line: the sender's domain and the network that sends, as “sim.example, 192.0.2.0/24”; both must fit. "
        "Reports of such mail raise no alert, and whoever reports it reads that it was an exercise.",
    )
    answer_at_once = forms.BooleanField(required=False, label="Answer each report at once with our own verdict")
    answer_verdict = forms.BooleanField(required=False, label="Tell reporters what an analyst marked their mail as")
    language = forms.ChoiceField(
        choices=list(LANGUAGES.items()),
        label="Language of answers",
        help_text="Where the reporter's mail program names German or English, that language is taken.",
    )

    def __init__(self, policy: Policy, data: Any = None) -> None:
        initial = {
            "addresses": "\n".join(policy.addresses),
            "folders": "\n".join(policy.folders),
            "simulations": "\n".join(policy.simulations),
            "answer_at_once": policy.answer_at_once,
            "answer_verdict": policy.answer_verdict,
            "language": policy.language,
        }
        super().__init__(data, initial=initial)
        for key, shipped in DEFAULTS.items():
            subject, text = policy.texts.get(key, shipped)
            name = key.replace(" ", "_")
            self.fields[f"subject_{name}"] = forms.CharField(
                initial=subject, max_length=LONGEST_SUBJECT, label="Subject"
            )
            self.fields[f"text_{name}"] = forms.CharField(
                initial=text, max_length=LONGEST_TEXT, label="Text", widget=forms.Textarea(attrs={"rows": 6})
            )

    def texts(self) -> dict[str, tuple[str, str]]:
        """Those that differ from what is shipped."""
        found = {}
        for key, shipped in DEFAULTS.items():
            name = key.replace(" ", "_")
            pair = (self.cleaned_data[f"subject_{name}"], self.cleaned_data[f"text_{name}"].replace("\r\n", "\n"))
            if pair != shipped:
                found[key] = pair
        return found

    def written(self) -> list[tuple[str, list[tuple[str, Any, Any]]]]:
        """(language, [(which text, subject field, text field)]) for the page."""
        return [
            (
                label,
                [
                    (words, self[f"subject_{key}_{which}"], self[f"text_{key}_{which}"])
                    for which, words in WHICH.items()
                ],
            )
            for key, label in LANGUAGES.items()
        ]


@requires(Permission.SETTINGS_READ)
@require_http_methods(["GET", "POST"])
def user_reports(request: HttpRequest) -> HttpResponse:
    """Show the settings; change them with the right to."""
    actor = request.actor  # type: ignore[attr-defined]
    form = ReportsForm(current(), request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            change(
                by=actor,
                addresses=given["addresses"].splitlines(),
                folders=given["folders"].splitlines(),
                answer_at_once=given["answer_at_once"],
                answer_verdict=given["answer_verdict"],
                language=given["language"],
                texts=form.texts(),
                simulations=given["simulations"].splitlines(),
                now=utc_now(),
            )
        except BadInput as error:
            form.add_error(error.place if error.place in form.fields else None, error.message)
        else:
            messages.success(request, "The settings are changed; they count for mail from now on.")
            return redirect(HERE)
    context = {
        "form": form,
        "fields": [form[name] for name in FIELDS],
        "written": form.written(),
        "placeholders": list(PLACEHOLDERS.items()),
        "may_change": actor.may(Permission.CONNECTION_MANAGE),
        "can_send": can_send(),
    }
    return render(request, "response/submissions/settings.html", context, status=400 if form.errors else 200)
