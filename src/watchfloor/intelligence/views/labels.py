"""Verdicts that people marked as wrong: the form's target, the list, its export."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.intelligence import services
from watchfloor.intelligence.contracts import LabelKind
from watchfloor.intelligence.selectors import label_lines, labels
from watchfloor.intelligence.views.policy import back_to
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, NotFound
from watchfloor.kernel.text import csv_line

LIST = "/settings/verdict-labels"
SIZE = 50
HEADS = ("At", "By", "Label", "Verdict then", "Score", "Subject", "Sender", "Note", "NetworkMessageId")


@require_POST
@requires(Permission.EMAIL_ACTION_PROPOSE)
def mark(request: HttpRequest, network_message_id: str) -> HttpResponse:
    """Mark the verdict of one email as wrong."""
    said = request.POST.get("kind", "")
    try:
        if said not in set(LabelKind):
            raise BadInput("choose what the mail really is", place="kind")
        services.label_verdict(
            by=request.actor,  # type: ignore[attr-defined]
            network_message_id=network_message_id,
            kind=LabelKind(said),
            note=request.POST.get("note", ""),
            now=utc_now(),
        )
        messages.success(request, "The label is kept, and the policy on late verdicts hears of it.")
    except (BadInput, NotFound) as error:
        messages.error(request, error.message)
    return redirect(back_to(request, f"/email/{network_message_id}?tab=analysis"))


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """All labels, newest first."""
    kind, text = request.GET.get("kind", ""), request.GET.get("q", "").strip()[:200]
    page = Paginator(labels(kind=kind, text=text), SIZE).get_page(request.GET.get("page"))
    kept = urlencode({"kind": kind, "q": text})
    context = {
        "lines": list(label_lines(page.object_list)),
        "kinds": [(one.value, one.label) for one in LabelKind],
        "kind": kind,
        "text": text,
        "page": page.number,
        "total": page.paginator.count,
        "size": SIZE,
        "here": f"{LIST}?{kept}",
        "export": f"{LIST}/export.csv?{kept}",
    }
    return render(request, "intelligence/labels.html", context)


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def export(request: HttpRequest) -> HttpResponse:
    """The filtered labels as CSV."""
    found = labels(kind=request.GET.get("kind", ""), text=request.GET.get("q", "").strip()[:200])
    headers = {"Content-Disposition": 'attachment; filename="verdict-labels.csv"'}
    answer: Any = StreamingHttpResponse(_lines(found), content_type="text/csv; charset=utf-8", headers=headers)
    return answer  # type: ignore[no-any-return]


def _lines(found: Any) -> Iterator[str]:
    yield csv_line(HEADS)
    for one in label_lines(found.iterator(chunk_size=2000)):
        verdict = (one.kind.label, one.said, one.score)
        yield csv_line((one.at, one.by, *verdict, one.subject, one.sender, one.note, one.network_message_id))
