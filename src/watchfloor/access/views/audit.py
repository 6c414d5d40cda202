"""Settings > Audit log: who did what, searchable by address, exportable, with the word of the chain."""

from collections.abc import Iterator

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse

from watchfloor.access.contracts import Permission
from watchfloor.access.forms import AuditForm
from watchfloor.access.jobs import AUDIT_LOG
from watchfloor.access.models import AuditEntry
from watchfloor.access.selectors import AuditFilter, audit_entries, changes_of
from watchfloor.access.services import audit_verb, audited, requires, sentence_of, verify_chain
from watchfloor.access.views.people import actor
from watchfloor.kernel.text import csv_line
from watchfloor.runtime.selectors import health
from watchfloor.ui.services import render_page

audit_verb("audit.export", "{actor} exported the audit log")

SIZE = 50
CHECKED_AT_ONCE = 5_000
"""Up to this many entries the whole chain is walked for each page view (about 0.1 s); beyond it, hourly and on demand."""
COLUMNS = (
    "id",
    "at",
    "actor_id",
    "actor_name",
    "verb",
    "outcome",
    "target_type",
    "target",
    "before",
    "after",
    "reason",
    "request_id",
    "address",
    "hash",
)


def chain_words(*, total: int, asked: bool) -> tuple[str, str]:
    """(tone, sentence) about the chain: from a walk now, or from the worker's last hourly one."""
    if asked or total <= CHECKED_AT_ONCE:
        report = verify_chain()
        return ("success" if report.intact else "danger", f"Chain: {report.sentence}.")
    last = next((part for part in health() if part.part == AUDIT_LOG), None)
    if last is None:
        return "warning", "Chain: not checked yet; the worker does so every hour."
    return ("success" if last.state == "ok" else "danger"), f"Chain, as of the last hourly check: {last.sentence}."


@requires(Permission.AUDIT_READ)
def audit_page(request: HttpRequest) -> HttpResponse:
    form = AuditForm(request.GET)
    found = audit_entries(form.wanted())
    total, everything = found.count(), AuditEntry.objects.count()
    asked = request.GET.get("page", "")
    number = max(1, int(asked)) if asked.isdecimal() and len(asked) < 10 else 1
    kept = request.GET.copy()
    kept.pop("page", None)
    rows = [(entry, sentence_of(entry)) for entry in found[(number - 1) * SIZE : number * SIZE]]
    tone, sentence = chain_words(total=everything, asked="check" in request.GET)
    context = {
        "form": form,
        "rows": rows,
        "total": total,
        "page": number,
        "size": SIZE,
        "here": f"/settings/audit?{kept.urlencode()}",
        "export": f"/settings/audit/export?{kept.urlencode()}",
        "tone": tone,
        "chain": sentence,
    }
    return render_page(request, "access/audit.html", context)


@requires(Permission.AUDIT_READ)
def entry_page(request: HttpRequest, id: int) -> HttpResponse:
    entry = AuditEntry.objects.filter(pk=id).first()
    if entry is None:
        raise Http404("there is no such entry")
    facts = [
        ("When", entry.at),
        ("Who", entry.actor_name, f"/settings/audit?person={entry.actor_id}"),
        ("Activity", entry.verb, f"/settings/audit?verb={entry.verb}"),
        ("Outcome", entry.outcome),
        ("Target", f"{entry.target_type} {entry.target}".strip()),
        ("Reason", entry.reason),
        ("Request", entry.request_id),
        ("From address", entry.address),
        ("Hash", entry.hash),
        ("Hash before", entry.previous_hash),
    ]
    context = {"entry": entry, "sentence": sentence_of(entry), "facts": facts, "changes": changes_of(entry)}
    return render_page(request, "access/entry_page.html", context, fragment="access/entry_flyout.html")


def csv_lines(wanted: AuditFilter) -> Iterator[str]:
    """The header, then a line per entry, newest first, read in chunks."""
    yield csv_line((*COLUMNS, "sentence"))
    for entry in audit_entries(wanted).iterator(chunk_size=1000):
        values = [getattr(entry, column) for column in COLUMNS]
        yield csv_line([*values, sentence_of(entry)])


@requires(Permission.AUDIT_READ)
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The filtered log as CSV; taking it away is itself an entry."""
    wanted = AuditForm(request.GET).wanted()
    with audited(
        by=actor(request),
        permission=Permission.AUDIT_READ,
        verb="audit.export",
        target_type="audit log",
        target=request.GET.urlencode(),
    ):
        response = StreamingHttpResponse(csv_lines(wanted), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="audit-log.csv"'
    return response
