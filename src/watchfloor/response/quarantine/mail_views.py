"""One quarantined mail: fly-out and page, preview, headers, download, sharing (QU-06, QU-10..19)."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET, require_http_methods

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, NotFound, WatchfloorError
from watchfloor.kernel.text import visible
from watchfloor.mail.services import INERT_POLICY, file_name, suggested_password
from watchfloor.response.quarantine import content
from watchfloor.response.quarantine.acting import VERBS
from watchfloor.response.quarantine.contracts import HELD, CopyStatus, HeldBy
from watchfloor.response.quarantine.listing import TONES, MailRow, rows_of
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail
from watchfloor.response.quarantine.selectors import quarantined_mail
from watchfloor.ui.services import render_page

PASS_SALT = "quarantine.preview"  # noqa: S105 - names the purpose, is no secret
PASS_SECONDS = 60
READ, MANAGE = Permission.QUARANTINE_READ, Permission.QUARANTINE_MANAGE
LOOKS = (("html", "With formatting"), ("plain", "Text only"))


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor


@require_GET
@requires(READ)
def one(request: Asked, mail: int) -> HttpResponse:
    """The page of one mail, or its fly-out beside the list."""
    found = _found(request, mail)
    if isinstance(found, HttpResponse):
        return found
    [row] = rows_of([found])
    fragment = "response/quarantine/flyout.html"
    return render_page(request, "response/quarantine/mail.html", _context(row, request.actor), fragment=fragment)


@require_GET
@requires(READ)
def preview(request: Asked, mail: int) -> HttpResponse:
    """The page around the sandboxed frame. The look is on the record before anything is shown; the frame gets a pass for it."""
    plain = request.GET.get("look") == "plain"
    found = _found(request, mail)
    if isinstance(found, HttpResponse):
        return found
    try:
        shown = content.preview(by=request.actor, mail=found, plain=plain, now=utc_now())
    except NotFound as error:
        return _missing(request, error)
    once = signing.dumps([mail, request.actor.id, plain], salt=PASS_SALT)
    home = f"/quarantine/{mail}/preview"
    context = _named(found) | {
        "body_address": f"{home}/body?{urlencode({'pass': once})}",
        "notes": shown.notes,
        "attachments": shown.attachments,
        "look": "plain" if plain else "html",
        "looks": [(key, label, f"{home}?look={key}", None) for key, label in LOOKS],
    }
    return render_page(request, "response/quarantine/preview.html", context)


@xframe_options_exempt
@require_GET
@requires(READ)
def preview_body(request: Asked, mail: int) -> HttpResponse:
    """What stands in the frame: inert, under its own policy, only with the pass that an audited preview gave out."""
    try:
        which, who, plain = signing.loads(request.GET.get("pass", ""), salt=PASS_SALT, max_age=PASS_SECONDS)
        if (which, who) != (mail, request.actor.id):
            raise signing.BadSignature
        shown = content.read(quarantined_mail(mail), plain=bool(plain), now=utc_now())
    except (signing.BadSignature, ValueError, TypeError):
        return HttpResponse("Open the preview again.", status=403, content_type="text/plain; charset=utf-8")
    except NotFound as error:
        return _missing(request, error)
    return HttpResponse(shown.html, headers={"Content-Security-Policy": INERT_POLICY, "Referrer-Policy": "no-referrer"})


@require_GET
@requires(READ)
def headers(request: Asked, mail: int) -> HttpResponse:
    """The header lines as they came."""
    found = _found(request, mail)
    if isinstance(found, HttpResponse):
        return found
    try:
        lines = content.headers(by=request.actor, mail=found)
    except NotFound as error:
        return _missing(request, error)
    return render_page(request, "response/quarantine/headers.html", _named(found) | {"lines": lines})


@require_http_methods(["GET", "POST"])
@requires(READ)
def download(request: Asked, mail: int) -> HttpResponse:
    """Ask for a reason and a password; answer with the encrypted zip."""
    found = _found(request, mail)
    if isinstance(found, HttpResponse):
        return found
    reason, password = request.POST.get("reason", ""), request.POST.get("password", "")
    error = None
    if request.method == "POST":
        try:
            data = content.download(by=request.actor, mails=[found], reason=reason, password=password)
        except BadInput as wrong:
            error = wrong
        except NotFound as gone:
            return _missing(request, gone)
        else:
            name = f"{file_name(found.subject, fallback='mail')}.zip"
            disposed = {"Content-Disposition": f'attachment; filename="{name}"'}
            return HttpResponse(data, content_type="application/zip", headers=disposed)
    context = _named(found) | {"reason": reason, "password": password or suggested_password(), "error": error}
    return render_page(request, "response/quarantine/download.html", context, status=400 if error else 200)


@require_http_methods(["GET", "POST"])
@requires(MANAGE)
def share(request: Asked, mail: int) -> HttpResponse:
    """Send a copy to people."""
    found = _found(request, mail)
    if isinstance(found, HttpResponse):
        return found
    to, reason, error = request.POST.get("to", ""), request.POST.get("reason", ""), None
    if request.method == "POST":
        try:
            people = to.replace(";", ",").split(",")
            count = content.share(by=request.actor, mail=found, to=people, reason=reason, now=utc_now())
        except WatchfloorError as wrong:
            error = wrong
        else:
            messages.success(request, f"On its way to {count} {'person' if count == 1 else 'people'}.")
            return HttpResponseRedirect(f"/quarantine/{mail}")
    context = _named(found) | {"to": to, "reason": reason, "error": error}
    return render_page(request, "response/quarantine/share.html", context, status=400 if error else 200)


def _found(request: HttpRequest, mail: int) -> QuarantinedMail | HttpResponse:
    """The mail, or the page that says there is none."""
    try:
        return quarantined_mail(mail)
    except NotFound as error:
        return _missing(request, error)


def _missing(request: HttpRequest, error: NotFound) -> HttpResponse:
    return render_page(request, "response/quarantine/missing.html", {"error": error.message}, status=404)


def _named(mail: QuarantinedMail) -> dict[str, Any]:
    return {
        "mail": mail,
        "home": f"/quarantine/{mail.pk}",
        "subject": visible(mail.subject) or "(no subject)",
        "sender": visible(mail.sender or mail.mail_from),
    }


def _context(row: MailRow, actor: Actor) -> dict[str, Any]:
    mail, held = row.mail, row.held
    requested = any(copy.status == CopyStatus.REQUESTED for copy in row.copies)
    fits = {
        "release": held,
        "approve": requested,
        "deny": requested,
        "delete": held,
        "submit": bool(mail.network_message_id),
        "download": False,
    }
    return _named(mail) | {
        "row": row,
        "facts": _facts(mail),
        "copies": [_copy(copy) for copy in row.copies],
        "verbs": [verb for verb in VERBS.values() if fits[verb.key] and actor.may(verb.permission)],
        "held": held,
        "may_share": actor.may(MANAGE),
        "email": f"/email/{mail.network_message_id}"
        if mail.network_message_id and actor.may(Permission.EMAIL_METADATA_READ)
        else "",
        "action": _action(row) if actor.may(Permission.EMAIL_ACTION_PROPOSE) else "",
        "entry": _entry(mail) if actor.may(Permission.DETECTION_TUNE) else "",
    }


def _facts(mail: QuarantinedMail) -> list[tuple[Any, ...]]:
    return [
        ("Received", mail.received_at),
        ("Expires", mail.expires_at),
        ("Quarantine reason", mail.reason),
        ("Why", visible(mail.words)),
        ("Held", HeldBy(mail.held_by).label),
        ("Policy type", mail.policy_type),
        ("Policy name", visible(mail.policy_name)),
        ("Sender", visible(f"{mail.sender_name} <{mail.sender}>" if mail.sender_name else mail.sender)),
        ("Mail from", visible(mail.mail_from)),
        ("Message ID", visible(mail.internet_message_id)),
        ("Override", visible(mail.override)),
        ("Direction", mail.direction),
        ("SHA-256", mail.sha256),
    ]


def _copy(copy: QuarantinedCopy) -> dict[str, Any]:
    """One recipient's line: how it stands, and who said or did what."""
    told = [
        (copy.requested_at, f"requested{': ' + visible(copy.requested_why) if copy.requested_why else ''}"),
        (
            copy.decided_at,
            f"{'approved' if copy.status != CopyStatus.DENIED else 'denied'} by {visible(copy.decided_by_name)}",
        ),
        (copy.released_at, f"released by {visible(copy.released_by)}"),
        (copy.ended_at, f"{copy.status.lower()} by {visible(copy.ended_by)}" if copy.ended_by else copy.status.lower()),
    ]
    return {
        "recipient": visible(copy.recipient),
        "status": copy.status,
        "tone": TONES.get(copy.status, "neutral"),
        "held": copy.status in HELD,
        "told": [(at, words) for at, words in told if at is not None],
        "to": ", ".join(visible(str(one)) for one in copy.released_to),
    }


def _action(row: MailRow) -> str:
    """The wizard for what of the mail was delivered; the copies held here are acted on here."""
    mail = row.mail
    if not mail.network_message_id:
        return ""
    pairs = [("row", f"{mail.network_message_id}|{copy.recipient}") for copy in row.copies[:100]]
    return f"/actions/new?{urlencode(pairs)}"


def _entry(mail: QuarantinedMail) -> str:
    """The form of a block entry for the sender."""
    if not mail.sender:
        return ""
    said = {"kind": "sender", "value": mail.sender, "effect": "block", "email": mail.network_message_id}
    return f"/settings/allow-block-list/add?{urlencode(said)}"
