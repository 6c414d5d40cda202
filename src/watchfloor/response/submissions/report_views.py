"""One card of the triage queue: who reported, what we say, what is done with it (SU-14)."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.incidents.selectors import alerts_of_message
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, NotFound
from watchfloor.mail.selectors import email_address, explorer_address
from watchfloor.response.submissions.answering import composed, why_not
from watchfloor.response.submissions.contracts import Mark, Said
from watchfloor.response.submissions.models import ReportGroup
from watchfloor.response.submissions.policy import current
from watchfloor.response.submissions.rendering import tone_of
from watchfloor.response.submissions.services import convert, mark_and_notify
from watchfloor.response.submissions.texts import OF_MARK
from watchfloor.response.submissions.triage import rows_of
from watchfloor.response.views import actor_of
from watchfloor.ui.services import render_page

MOST_LINES = 200


@requires(Permission.EMAIL_METADATA_READ)
@require_GET
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """The card as a page, or as a fly-out when htmx asks."""
    group = _group(pk)
    return render_page(
        request,
        "response/submissions/report.html",
        _context(request, group),
        fragment="response/submissions/report_flyout.html",
    )


def _group(pk: int) -> ReportGroup:
    found = ReportGroup.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound("there is no such report")
    return found


def _context(request: HttpRequest, group: ReportGroup) -> dict[str, Any]:
    actor = actor_of(request)
    mail = group.network_message_id
    lines = list(group.lines.order_by("-reported_at")[:MOST_LINES])
    return {
        "group": group,
        "lines": lines,
        "more_lines": max(group.reports - len(lines), 0),
        "tone": tone_of(group.result),
        "facts": _facts(group),
        "links": _links(group, lines[0].reporter if lines else "") if mail else [],
        "alerts": alerts_of_message(mail) if mail and actor.may(Permission.INCIDENT_READ) else (),
        "marks": list(Mark),
        "said": [(one.value, one.label) for one in Said],
        "may_mark": actor.may(Permission.EMAIL_ACTION_PROPOSE),
        "wizard": f"/actions/new?{urlencode([('row', one) for one in rows_of(group)])}" if mail else "",
        "submissions": list(group.submissions.all()[:20]),
        "notifies": current().answer_verdict,
    }


def _facts(group: ReportGroup) -> list[tuple[str, str]]:
    return [
        ("Sender", group.sender or "(unknown)"),
        ("Sender IP", group.sender_ip or "–"),
        ("Reported as", group.reason),
        ("Network message ID", group.network_message_id or "–"),
        ("Tags of reporters", ", ".join(group.tags) or "–"),
    ]


def _links(group: ReportGroup, reporter: str) -> list[tuple[str, str, str]]:
    """(label, address, icon): the mail, its copies in Explorer, its likes."""
    found = [
        ("Open the email", email_address(group.network_message_id, recipient=reporter), "mail"),
        (
            "All copies in Explorer",
            explorer_address("NetworkMessageId", group.network_message_id, around=group.last_at),
            "chart-bar",
        ),
    ]
    if group.cluster_id:
        address = explorer_address("EmailClusterId", str(group.cluster_id), around=group.last_at)
        found.append(("Mails like it in Explorer", address, "target"))
    return found


@requires(Permission.EMAIL_ACTION_PROPOSE)
@require_POST
def mark(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark as and notify."""
    try:
        wanted = Mark(request.POST.get("mark", ""))
    except ValueError:
        messages.error(request, "Choose what the mail is.")
        return redirect(f"/submissions/reports/{pk}")
    _, answered = mark_and_notify(
        by=actor_of(request),
        group_id=pk,
        mark=wanted,
        note=request.POST.get("note", ""),
        notify=request.POST.get("notify") == "yes",
        now=utc_now(),
    )
    people = (
        f"{answered} reporter{'' if answered == 1 else 's'} will hear of it" if answered else "no answer was queued"
    )
    messages.success(request, f"Marked as {wanted.value.lower()}; {people}.")
    return redirect(f"/submissions/reports/{pk}")


@requires(Permission.EMAIL_ACTION_PROPOSE)
@require_POST
def hand_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Convert the card to a submission of one's own."""
    try:
        said = Said(request.POST.get("said", ""))
        done = convert(by=actor_of(request), group_id=pk, said=said, note=request.POST.get("note", ""), now=utc_now())
        messages.success(request, f"Handed in: {len(done.ids)} email{'' if len(done.ids) == 1 else 's'}.")
    except (BadInput, ValueError) as error:
        messages.error(request, str(error))
    return redirect(f"/submissions/reports/{pk}")


@requires(Permission.EMAIL_METADATA_READ)
@require_GET
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """What the first reporter would read, before anything is sent."""
    group = _group(pk)
    line = group.lines.order_by("id").first()
    try:
        wanted = Mark(request.GET.get("mark", ""))
    except ValueError:
        wanted = Mark.PHISH
    if line is None:
        raise NotFound("nobody reported it")
    note = request.GET.get("note", "")[:2000]
    subject, text = composed(line, OF_MARK[wanted], policy=current(), threats=group.threats, note=note)
    context = {
        "to": line.reporter,
        "subject": subject,
        "text": text,
        "why_not": why_not(line),
        "mark": wanted,
        "group": group,
    }
    return render(request, "response/submissions/answer.html", context)
