"""Settings, Quarantine digest: how recipients are told, in which language, and for how long their links work."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.connectors.services import can_send
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.response.quarantine.digest import EVERY, LONGEST_INTRODUCTION, LONGEST_LINK, change_digest, end_links
from watchfloor.response.quarantine.links import digest_settings
from watchfloor.response.quarantine.logo import LARGEST, logo_address
from watchfloor.response.quarantine.own_words import languages
from watchfloor.ui.services import render_page

HOME = "/settings/quarantine-digest"


class DigestForm(forms.Form):
    """The one form."""

    every = forms.ChoiceField(label="Send a digest", choices=list(EVERY.items()))
    language = forms.ChoiceField(
        label="Language",
        choices=lambda: [(one.code, one.name) for one in languages().values()],
        help_text="Of the mail, and of the page until its reader chooses another.",
    )
    introduction = forms.CharField(
        label="Words above the list",
        required=False,
        max_length=LONGEST_INTRODUCTION,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Who you are and whom to ask, so that people know the mail is genuine.",
    )
    logo = forms.FileField(
        label="Logo",
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
        help_text="PNG or JPEG, 512 KB at most. It is carried in the mail and shown on the page; nothing is fetched.",
    )
    no_logo = forms.BooleanField(label="Show no logo", required=False)
    with_blocked = forms.BooleanField(label="Tell of senders that the recipient blocked, too", required=False)
    link_days = forms.IntegerField(label="Days that a link works", min_value=1, max_value=LONGEST_LINK)


@require_http_methods(["GET", "POST"])
@requires(Permission.SETTINGS_READ)
def digest(request: HttpRequest) -> HttpResponse:
    """Show and change; changing asks for the right to manage the quarantine."""
    said = digest_settings()
    fields = ("every", "language", "introduction", "with_blocked", "link_days")
    form = DigestForm(
        request.POST or None, request.FILES or None, initial={name: getattr(said, name) for name in fields}
    )
    actor = request.actor  # type: ignore[attr-defined]
    if request.method == "POST" and form.is_valid():
        try:
            change_digest(by=actor, at=utc_now(), **_said(form.cleaned_data))
            messages.success(request, "Saved.")
        except WatchfloorError as error:
            messages.error(request, error.message)
        return HttpResponseRedirect(HOME)
    may = actor.may(Permission.QUARANTINE_MANAGE)
    logo = logo_address(said.logo)
    context = {"form": form, "said": said, "logo": logo, "may_change": may, "can_send": can_send()}
    return render_page(request, "response/quarantine/digest.html", context, status=400 if form.errors else 200)


def _said(cleaned: dict[str, Any]) -> dict[str, Any]:
    """The form as `change_digest` takes it: a new logo, none from now on, or the one there is."""
    file, none = cleaned.pop("logo"), cleaned.pop("no_logo")
    content = file.read(LARGEST + 1) if file else None
    return {**cleaned, "logo": b"" if none and content is None else content}


@require_POST
@requires(Permission.QUARANTINE_MANAGE)
def end_all_links(request: HttpRequest) -> HttpResponse:
    """End every link that was sent until now."""
    end_links(by=request.actor, at=utc_now())  # type: ignore[attr-defined]
    messages.success(request, "No older link works any more. The next digests bring new ones.")
    return HttpResponseRedirect(HOME)
