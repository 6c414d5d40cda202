"""The pages of one email: entity page, fly-out, preview, download, exports."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, NotFound
from watchfloor.kernel.text import csv_line, visible
from watchfloor.mail import content, links, page, selectors
from watchfloor.mail.contracts import EmailEntity
from watchfloor.mail.inert import POLICY
from watchfloor.mail.judgement import block_sender, entry_address, judgement
from watchfloor.mail.panels import shown_panels
from watchfloor.mail.timeline import timeline, timeline_csv
from watchfloor.ui.services import render_page

PASS_SALT = "mail.preview"  # noqa: S105 - names the purpose, is no secret
PASS_SECONDS = 60
SPANS = (7, 30, 90)
MOST_BLOCKED = 15
"""Files whose names the form's address has room for."""


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor


def entity_of(request: Asked, network_message_id: str) -> EmailEntity:
    """The email that the address names, as the named recipient has it. Raises NotFound."""
    return selectors.entity(network_message_id, recipient=request.GET.get("recipient", ""))


def missing(request: Asked, error: NotFound) -> HttpResponse:
    """The page that says so."""
    return render_page(request, "mail/missing.html", {"error": error}, status=404)


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def entity(request: Asked, network_message_id: str) -> HttpResponse:
    """The email entity page; `tab` chooses what stands beside the left pane."""
    try:
        found = entity_of(request, network_message_id)
    except NotFound as error:
        return missing(request, error)
    tabs = {key for key, _ in page.TABS}
    tab = request.GET.get("tab", "timeline")
    tab = tab if tab in tabs else "timeline"
    context = page.frame(found, actor=request.actor, tab=tab)
    context["block_address"] = block_sender(found, actor=request.actor)
    context |= {"panels": shown_panels(entity=found, actor=request.actor, tab=tab), "part": f"mail/{tab}.html"}
    return render_page(request, "mail/entity.html", context | _tab(request, found, tab))


def _tab(request: Asked, found: EmailEntity, tab: str) -> dict[str, Any]:
    if tab == "timeline":
        search = request.GET.get("q", "")
        return {"events": timeline(found, actor=request.actor, search=search), "search": search}
    if tab == "similar":
        return _similar(request, found)
    if tab == "analysis":
        return page.analysis(found) | judgement(found, actor=request.actor)
    if tab == "urls":
        export = selectors.email_address(found.id, recipient=found.recipient, part="urls.csv")
        return {"urls": links.urls(found, actor=request.actor), "export": export}
    if tab == "attachments":
        return page.attachments(found) | {"tunes": request.actor.may(Permission.DETECTION_TUNE)}
    return page.headers(found)


def _span(request: Asked) -> int:
    text = request.GET.get("days", "")
    return int(text) if text in map(str, SPANS) else 30


def _page_number(request: Asked) -> int:
    text = request.GET.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _similar(request: Asked, found: EmailEntity) -> dict[str, Any]:
    days, number = _span(request), _page_number(request)
    query = selectors.similar_query(found, days=days)
    home = f"{selectors.email_address(found.id, recipient=found.recipient)}&tab=similar"
    total, rows = selectors.similar(query, page=number) if query else (0, [])
    named = urlencode({"recipient": found.recipient, "days": days})
    return {
        "similar": [{**row, "Subject": visible(row["Subject"]), "href": _email_of(row)} for row in rows],
        "total": total,
        "page_number": number,
        "page_size": selectors.SIMILAR_ROWS,
        "pager_href": f"{home}&days={days}",
        "spans": [(one, f"{home}&days={one}", one == days) for one in SPANS],
        "export": f"{selectors.email_address(found.id, part='similar.csv')}?{named}",
    }


def _email_of(row: dict[str, Any]) -> str:
    return selectors.email_address(row["NetworkMessageId"], recipient=row["RecipientEmailAddress"])


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def summary(request: Asked, network_message_id: str) -> HttpResponse:
    """The fly-out beside Explorer's table, with its neighbours there."""
    try:
        found = entity_of(request, network_message_id)
    except NotFound as error:
        return missing(request, error)
    now = utc_now()
    around = selectors.neighbours(request.GET, now=now, by=request.actor)
    context = page.summary(found, actor=request.actor, now=now) | {"previous": around.previous, "next": around.next}
    context["block_address"] = block_sender(found, actor=request.actor)
    return render(request, "mail/summary.html", context)


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def timeline_export(request: Asked, network_message_id: str) -> HttpResponse:
    """EE-10 as CSV."""
    search = request.GET.get("q", "")
    return exported(
        request,
        network_message_id,
        lambda found: timeline_csv(timeline(found, actor=request.actor, search=search)),
        name="email-timeline.csv",
    )


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def similar_export(request: Asked, network_message_id: str) -> HttpResponse:
    """EE-50 as CSV, all rows."""
    days = _span(request)
    return exported(
        request,
        network_message_id,
        lambda found: _similar_lines(selectors.similar_query(found, days=days)),
        name="similar-emails.csv",
    )


def _similar_lines(query: Any) -> Iterable[str]:
    yield csv_line(selectors.SIMILAR_COLUMNS)
    for batch in selectors.all_similar(query) if query else ():
        for row in batch:
            yield csv_line(row[name] for name in selectors.SIMILAR_COLUMNS)


def exported(
    request: Asked, network_message_id: str, lines: Callable[[EmailEntity], Iterable[str]], *, name: str
) -> HttpResponse:
    """What `lines` says of the email that the address names, as a file."""
    try:
        found = entity_of(request, network_message_id)
    except NotFound as error:
        return missing(request, error)
    return as_file(lines(found), name=name)


def as_file(lines: Iterable[str], *, name: str) -> HttpResponse:
    """Lines as a download."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    answer: Any = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)
    return answer  # type: ignore[no-any-return]


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def attachments_export(request: Asked, network_message_id: str) -> HttpResponse:
    """EE-30 as CSV."""
    return exported(request, network_message_id, page.attachment_lines, name="attachments.csv")


@require_POST
@requires(Permission.DETECTION_TUNE)
def block_attachments(request: Asked, network_message_id: str) -> HttpResponse:
    """Off to the form of new entries, filled in with the ticked files of this mail (EE-33)."""
    try:
        found = selectors.entity(network_message_id)
    except NotFound as error:
        return missing(request, error)
    ticked = set(request.POST.getlist("row"))
    files = [str(one["SHA256"]) for one in found.record.attachments if one["SHA256"] in ticked]
    return redirect(entry_address(found, "file", "\n".join(files[:MOST_BLOCKED])))


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def urls_export(request: Asked, network_message_id: str) -> HttpResponse:
    """EE-40 as CSV."""
    return exported(
        request,
        network_message_id,
        lambda found: links.url_lines(links.urls(found, actor=request.actor)),
        name="urls.csv",
    )


# --- content ------------------------------------------------------------------------------------------------------


@require_GET
@requires(Permission.EMAIL_CONTENT_READ)
def preview(request: Asked, network_message_id: str) -> HttpResponse:
    """The page around the sandboxed frame. Reading is on the record before anything is shown; the frame gets a pass for it."""
    try:
        found = entity_of(request, network_message_id)
        shown = content.preview(by=request.actor, entity=found, now=utc_now())
    except NotFound as error:
        return missing(request, error)
    home = selectors.email_address(found.id, recipient=found.recipient, part="preview")
    once = signing.dumps([found.id, request.actor.id], salt=PASS_SALT)
    body = f"{selectors.email_address(found.id, part='preview/body')}?{urlencode({'recipient': found.recipient, 'pass': once})}"
    context = {
        "entity": found,
        "subject": visible(found.subject),
        "sender": visible(found.row["SenderFromAddress"]),
        "body_address": body,
        "notes": shown.notes,
        "look": "picture" if request.GET.get("look") == "picture" else "safe",
        "look_items": [("safe", "Safe view", home, None), ("picture", "Picture", f"{home}&look=picture", None)],
        "picture_address": selectors.email_address(found.id, recipient=found.recipient, part="picture"),
        "attachments": shown.attachments,
        **page.actions_of(found, actor=request.actor),
    }
    return render_page(request, "mail/preview.html", context)


@xframe_options_exempt
@require_GET
@requires(Permission.EMAIL_CONTENT_READ)
def preview_body(request: Asked, network_message_id: str) -> HttpResponse:
    """What stands in the frame: inert HTML under its own policy, only with the pass that an audited preview gave out."""
    try:
        passed = signing.loads(request.GET.get("pass", ""), salt=PASS_SALT, max_age=PASS_SECONDS)
        if passed != [network_message_id, request.actor.id]:
            raise signing.BadSignature
        found = entity_of(request, network_message_id)
        shown = content.read(found, now=utc_now())
    except signing.BadSignature:
        return HttpResponse("Open the preview again.", status=403, content_type="text/plain; charset=utf-8")
    except NotFound as error:
        return missing(request, error)
    return HttpResponse(shown.html, headers={"Content-Security-Policy": POLICY})


@require_http_methods(["GET", "POST"])
@requires(Permission.EMAIL_CONTENT_READ)
def download(request: Asked, network_message_id: str) -> HttpResponse:
    """Ask for a reason and a password; answer with the encrypted zip."""
    try:
        found = entity_of(request, network_message_id)
        if request.method == "POST":
            return _zip(request, found)
        return _download_form(request, found, password=content.suggested_password())
    except NotFound as error:
        return missing(request, error)


def _zip(request: Asked, found: EmailEntity) -> HttpResponse:
    reason, password = request.POST.get("reason", ""), request.POST.get("password", "")
    try:
        data = content.download(by=request.actor, entity=found, reason=reason, password=password)
    except BadInput as error:
        return _download_form(request, found, password=password, reason=reason, error=error)
    headers = {"Content-Disposition": f'attachment; filename="{found.id}.zip"'}
    return HttpResponse(data, content_type="application/zip", headers=headers)


def _download_form(
    request: Asked, found: EmailEntity, *, password: str, reason: str = "", error: BadInput | None = None
) -> HttpResponse:
    context = {
        "entity": found,
        "subject": visible(found.subject),
        "password": password,
        "reason": reason,
        "error": error,
        **page.actions_of(found, actor=request.actor),
    }
    return render_page(request, "mail/download.html", context, status=400 if error else 200)
