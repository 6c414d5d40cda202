"""Handing something in, and its result (SU-02..06)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.intelligence.contracts import Effect, Life
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, NotFound
from watchfloor.mail.selectors import email_address
from watchfloor.response.submissions.contracts import AlsoEntry, Said, Submitted
from watchfloor.response.submissions.models import DisputePicture, Submission
from watchfloor.response.submissions.pictures import LARGEST_PICTURE
from watchfloor.response.submissions.rendering import checks_of, entries_named, tone_of
from watchfloor.response.submissions.services import dispute, submit_file, submit_mail, submit_upload, submit_urls
from watchfloor.response.submissions.submitting import DISPUTED
from watchfloor.response.views import actor_of
from watchfloor.ui.services import render_page

WHAT = {"email": "Email", "url": "URL", "file": "Email attachment"}
TAB_OF = {"email": "emails", "url": "urls", "file": "attachments"}
ENTRIES = {
    "email": (
        ("block sender", "Block the sender's address"),
        ("block domain", "Block the sender's domain"),
        ("allow sender", "Allow the sender's address"),
        ("allow domain", "Allow the sender's domain"),
    ),
    "url": (("block", "Block each URL"), ("allow", "Allow each URL")),
    "file": (("block", "Block the file"), ("allow", "Allow the file")),
}
"""What goes on the allow/block list in the same step (SU-03)."""


OF_ENTRY = ("entry", "life", "until")


class SubmitForm(forms.Form):
    """What is handed in, and what one says it is; only the fields of the chosen kind count."""

    network_message_id = forms.CharField(required=False, max_length=40, label="Network message ID")
    urls = forms.CharField(
        required=False, label="URLs", widget=forms.Textarea(attrs={"rows": 5}), help_text="One a line, 50 at most."
    )
    sha256 = forms.CharField(required=False, max_length=64, label="SHA-256")
    file = forms.FileField(required=False, label="Or choose a file")
    recipient = forms.CharField(
        required=False,
        max_length=320,
        label="Recipient",
        help_text="Whose copy it is, when the mail is not known here.",
    )
    said = forms.ChoiceField(
        choices=[(one.value, one.label) for one in Said], label="What you say it is", initial="suspicious"
    )
    note = forms.CharField(required=False, max_length=2000, label="Reason", widget=forms.Textarea(attrs={"rows": 2}))
    entry = forms.ChoiceField(required=False, label="Tenant Allow/Block List")
    life = forms.ChoiceField(
        required=False,
        label="The entry lasts",
        choices=[("", "As usual"), *((one.value, one.label) for one in Life)],
        help_text="Usually a block lasts 30 days, an allow entry until 45 days after its last use. Allowing takes a mail, URL or file "
        "you confirm as clean.",
    )
    until = forms.DateField(required=False, label="Or until the end of", widget=forms.DateInput(attrs={"type": "date"}))
    SHOWN = {"email": ("network_message_id", "file", "recipient"), "url": ("urls",), "file": ("sha256", "file")}

    def __init__(self, what: str, data: Any = None, files: Any = None, **more: Any) -> None:
        super().__init__(data, files, **more)
        keep = {*self.SHOWN[what], "said", "note", *OF_ENTRY}
        for name in [name for name in self.fields if name not in keep]:
            del self.fields[name]
        field = self.fields["entry"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "No entry"), *ENTRIES[what]]
        if what == "email":
            self.fields["file"].label = "Or the mail as a file (.eml, .msg)"


@requires(Permission.EMAIL_ACTION_PROPOSE)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Hand in an email, URLs or a file."""
    what = request.GET.get("what", "email")
    what = what if what in WHAT else "email"
    initial = {"network_message_id": request.GET.get("email", "")[:40], "urls": request.GET.get("url", "")[:2000]}
    form = SubmitForm(what, request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            done = _submit(request, what, form.cleaned_data)
        except BadInput as error:
            form.add_error(error.place if error.place in form.fields else None, error.message)
        else:
            return _told(request, what, done)
    tabs = [(key, label, f"/submissions/new?what={key}", None) for key, label in WHAT.items()]
    may_tune = actor_of(request).may(Permission.DETECTION_TUNE)
    shown = [one for one in form if may_tune or one.name not in OF_ENTRY]
    context = {"form": form, "shown": shown, "what": what, "tabs": tabs}
    return render(request, "response/submissions/new.html", context, status=400 if form.errors else 200)


def _submit(request: HttpRequest, what: str, given: dict[str, Any]) -> Submitted:
    by, now, said, note = actor_of(request), utc_now(), Said(given["said"]), given["note"]
    upload = given.get("file")
    entry = _entry(given)
    if what == "url":
        return submit_urls(by=by, urls=given["urls"].splitlines(), verdict=said, note=note, entry=entry, now=now)
    if what == "file":
        content = upload.read() if upload else b""
        return submit_file(
            by=by,
            sha256=given["sha256"],
            content=content,
            name=upload.name if upload else "",
            verdict=said,
            note=note,
            entry=entry,
            now=now,
        )
    if upload:
        return submit_upload(
            by=by, content=upload.read(), recipient=given["recipient"], verdict=said, note=note, entry=entry, now=now
        )
    mail = given["network_message_id"].strip().lower()
    if not mail:
        raise BadInput("give the network message ID of an email, or choose its file", place="network_message_id")
    done = submit_mail(by=by, network_message_ids=[mail], verdict=said, note=note, entry=entry, now=now)
    if not done.ids:
        raise BadInput(done.refused[0][1], place="network_message_id")
    return done


def _entry(given: dict[str, Any]) -> AlsoEntry | None:
    """The entry that is wished for, None for none."""
    effect, _, about = str(given.get("entry") or "").partition(" ")
    if not effect:
        return None
    life = given.get("until") or (Life(given["life"]) if given.get("life") else None)
    return AlsoEntry(Effect(effect), about, life)


def _told(request: HttpRequest, what: str, done: Submitted) -> HttpResponse:
    for name, why in done.refused:
        messages.warning(request, f"{name}: {why}")
    for entry in done.entries:
        messages.success(request, f"Added the entry {entry}.")
    return redirect(f"/submissions/{done.ids[0]}" if len(done.ids) == 1 else f"/submissions?tab={TAB_OF[what]}")


@requires(Permission.EMAIL_METADATA_READ)
@require_GET
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One submission with its checks."""
    row = Submission.objects.filter(pk=pk).first()
    if row is None:
        raise NotFound("there is no such submission")
    context = {
        "row": row,
        "tone": tone_of(row.result),
        "checks": checks_of(row),
        "facts": _facts(row),
        "disputable": DISPUTED,
        "picture": DisputePicture.objects.filter(submission=row).exists() if row.disputed_at else False,
        "entry_links": entries_named(row.checks),
        "may_dispute": actor_of(request).may(Permission.EMAIL_ACTION_PROPOSE) and row.judged_at is not None,
        "email_href": email_address(row.network_message_id) if row.network_message_id else "",
    }
    return render_page(
        request,
        "response/submissions/submission.html",
        context,
        fragment="response/submissions/submission_flyout.html",
    )


def _facts(row: Submission) -> list[tuple[str, str]]:
    found = [("Value", row.value), ("Submitted by", row.by), ("Said", row.words), ("Origin", row.origin)]
    more = (
        ("Sender", row.sender),
        ("Recipient", row.recipient),
        ("Reason", row.note),
        ("Entries", ", ".join(row.entries)),
    )
    return [*found, *(pair for pair in more if pair[1])]


@requires(Permission.EMAIL_ACTION_PROPOSE)
@require_POST
def dispute_result(request: HttpRequest, pk: int) -> HttpResponse:
    """Dispute a result and judge again."""
    shown = request.FILES.get("picture")
    try:
        row = dispute(
            by=actor_of(request),
            picture=shown.read(LARGEST_PICTURE + 1) if shown else b"",
            submission_id=pk,
            what=request.POST.get("what", ""),
            text=request.POST.get("text", ""),
            now=utc_now(),
        )
        same = "and says the same" if row.result == row.before_dispute else f"and says now: {row.result}"
        messages.success(request, f"The dispute is kept; it was judged again {same}.")
    except BadInput as error:
        messages.error(request, error.message)
    return redirect(f"/submissions/{pk}")


@requires(Permission.EMAIL_METADATA_READ)
@require_GET
def picture(request: HttpRequest, pk: int) -> HttpResponse:
    """What a dispute shows; a picture and nothing else, whatever its bytes."""
    found = DisputePicture.objects.filter(submission_id=pk).first()
    if found is None:
        raise NotFound("there is no picture of this dispute")
    policy = "default-src 'none'; sandbox"
    return HttpResponse(
        bytes(found.content),
        content_type=f"image/{found.kind}",
        headers={"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"},
    )
