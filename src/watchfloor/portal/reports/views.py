"""The pages below /reports."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.kernel.clock import utc_now
from watchfloor.portal.reports.answering import csv_of_rows, details, figures
from watchfloor.portal.reports.asking import address, asked, explorer
from watchfloor.portal.reports.catalogue import OVERVIEW, PRESETS, REPORTS, report_of
from watchfloor.portal.reports.contracts import Asked, Figures
from watchfloor.portal.reports.details import A_PAGE
from watchfloor.portal.reports.files import csv_of_summary, file_name, pdf_of

SHORT = 6


class AskedRequest(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor
    user: Any


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def reports(request: AskedRequest) -> HttpResponse:
    """A card for each report."""
    return render(request, "portal/reports/list.html", {"reports": REPORTS, "may_schedule": _may_schedule(request)})


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def overview(request: AskedRequest) -> HttpResponse:
    """The first chart of every report over the same days."""
    now, parameters = utc_now(), {key: request.GET[key] for key in ("range", "from", "to") if key in request.GET}
    shown = [asked(report, parameters, now=now) for report in OVERVIEW]
    parts = [(one, _short(figures(one)), address(one)) for one in shown]
    context = {"parts": parts, "one": shown[0], "presets": PRESETS}
    return render(request, "portal/reports/overview.html", context)


def _short(found: Figures) -> Figures:
    """A ranking with no more lines than a small chart has names for."""
    if not found.data.get("horizontal"):
        return found
    series = [{**each, "values": each["values"][:SHORT]} for each in found.data["series"]]
    return replace(found, data={**found.data, "categories": found.data["categories"][:SHORT], "series": series})


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def report(request: AskedRequest, key: str) -> HttpResponse:
    """One report: what is shown in words, chart, lines, rows."""
    one = _asked(request, key)
    found = figures(one)
    shown = details(one, total=found.total)
    context = {
        "one": one,
        "found": found,
        "chart_height": "l" if one.report.kind == "ranking" else "m",
        "details": shown,
        "a_page": A_PAGE,
        "presets": [(preset, address(one, **{"range": preset.key, "from": "", "to": ""})) for preset in PRESETS],
        "tabs": [(tab.key, tab.label, address(one, tab=tab.key, by="")) for tab in one.report.tabs],
        "here": address(one),
        "csv": address(one, "/rows.csv" if shown else "/summary.csv"),
        "summary_csv": address(one, "/summary.csv"),
        "pdf": address(one, "/report.pdf"),
        "schedule": address(one, "/schedule"),
        "last_day": one.end - timedelta(hours=12),
        "filtered": any(each.value for each in one.filters),
        "cleared": address(one, **{each.column: "" for each in one.filters}),
        "explorer": explorer(one.query, view=one.tab.view) if one.report.kind != "latency" else "",
        "may_schedule": _may_schedule(request),
    }
    return render(request, "portal/reports/report.html", context)


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def rows_csv(request: AskedRequest, key: str) -> HttpResponse:
    """Every row behind the report, streamed without a cap (LM-02)."""
    one = _asked(request, key)
    lines = csv_of_rows(one)
    if lines is None:
        raise Http404
    return _file(lines, name=file_name(one, "csv"))


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def summary_csv(request: AskedRequest, key: str) -> HttpResponse:
    """The numbers of the page."""
    one = _asked(request, key)
    return _file(csv_of_summary(one, figures(one)), name=file_name(one, "csv"))


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def report_pdf(request: AskedRequest, key: str) -> HttpResponse:
    """The page on A4."""
    one = _asked(request, key)
    made = pdf_of(one, figures(one), by=request.actor.name, at=utc_now())
    disposition = {"Content-Disposition": f'attachment; filename="{file_name(one, "pdf")}"'}
    return HttpResponse(made, content_type="application/pdf", headers=disposition)


def _may_schedule(request: AskedRequest) -> bool:
    return request.actor.may(Permission.REPORT_SCHEDULE)


def _asked(request: AskedRequest, key: str) -> Asked:
    found = report_of(key)
    if found is None:
        raise Http404
    return asked(found, request.GET.dict(), now=utc_now())


def _file(lines: Iterator[str], *, name: str) -> HttpResponse:
    answer: Any = StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    return answer  # type: ignore[no-any-return]
