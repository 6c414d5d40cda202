"""Handing something in, and its result (SU-02..06)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.intelligence.contracts import Kind
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, NotFound
from watchfloor.mail.selectors import email_address
from watchfloor.response.submissions.contracts import Said, Submitted, Wish
from watchfloor.response.submissions.models import Submission
from watchfloor.response.submissions.rendering import checks_of, tone_of
from watchfloor.response.submissions.services import dispute, submit_file, submit_mail, submit_upload, submit_urls
from watchfloor.response.submissions.submitting import DISPUTED
from watchfloor.response.views import actor_of
from watchfloor.ui.services import render_page

WHAT = {"email": "Email", "url": "URL", "file": "Email attachment"}
TAB_OF = {"email": "emails", "url": "urls", "file": "attachments"}
BLOCKS = {
    "email": (("sender", "Block the sender's address"), ("domain", "Block the sender's domain")),
    "url": (("value", "Block each URL"),),
    "file": (("value", "Block the file"),),
}


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
    block = forms.ChoiceField(required=False, label="Tenant Allow/Block List")
    SHOWN = {"email": ("network_message_id", "file", "recipient"), "url": ("urls",), "file": ("sha256", "file")}

    def __init__(self, what: str, data: Any = None, files: Any = None, **more: Any) -> None:
        super().__init__(data, files, **more)
        keep = {*self.SHOWN[what], "said", "note", "block"}
        for name in [name for name in self.fields if name not in keep]:
            del self.fields[name]
        field = self.fields["block"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "No entry"), *BLOCKS[what]]
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
    may_block = actor_of(request).may(Permission.DETECTION_TUNE)
    context = {"form": form, "what": what, "tabs": tabs, "may_block": may_block}
    return render(request, "response/submissions/new.html", context, status=400 if form.errors else 200)


def _submit(request: HttpRequest, what: str, given: dict[str, Any]) -> Submitted:
    by, now, said, note = actor_of(request), utc_now(), Said(given["said"]), given["note"]
    upload = given.get("file")
    if what == "url":
        urls = given["urls"].splitlines()
        return submit_urls(by=by, urls=urls, verdict=said, note=note, block=bool(given["block"]), now=now)
    if what == "file":
        content = upload.read() if upload else b""
        return submit_file(
            by=by,
            sha256=given["sha256"],
            content=content,
            name=upload.name if upload else "",
            verdict=said,
            note=note,
            block=bool(given["block"]),
            now=now,
        )
    if upload:
        return submit_upload(
            by=by, content=upload.read(), recipient=given["recipient"], verdict=said, note=note, now=now
        )
    mail = given["network_message_id"].strip().lower()
    if not mail:
        raise BadInput("give the network message ID of an email, or choose its file", place="network_message_id")
    block = [_wish(mail, given["block"])] if given["block"] else []
    done = submit_mail(by=by, network_message_ids=[mail], verdict=said, note=note, block=block, now=now)
    if not done.ids:
        raise BadInput(done.refused[0][1], place="network_message_id")
    return done


def _wish(mail: str, what: str) -> Wish:
    from watchfloor.lake.selectors import email

    record = email(mail)
    sender = str(record.rows[0].get("SenderFromAddress") or "") if record and record.rows else ""
    if not sender:
        raise BadInput("there is no sender to block", place="block")
    return Wish(Kind.SENDER, sender) if what == "sender" else Wish(Kind.DOMAIN, sender.rpartition("@")[2])


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
    try:
        row = dispute(
            by=actor_of(request),
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
