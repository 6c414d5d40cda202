"""A report as a file: its summary as CSV, and the whole as PDF."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from watchfloor.inspection.services import print_pdf
from watchfloor.kernel.text import csv_line
from watchfloor.portal.reports.answering import details, figures
from watchfloor.portal.reports.contracts import Asked, Figures
from watchfloor.ui.services import printed

PRINTED_ROWS = 100
MOST_COLUMNS = 7
NOT_PRINTED = {"SenderIP", "Tags", "DeliveryAction", "SHA256", "FolderPath"}


def csv_of_summary(one: Asked, found: Figures) -> Iterator[str]:
    """The lines, then the chart's numbers per time."""
    yield "\ufeff" + csv_line([one.report.title, one.tab.label, found.sentence])
    yield csv_line([])
    yield csv_line([*found.heads, *(("Note",) if any(line.note for line in found.lines) else ())])
    for line in found.lines:
        yield csv_line([line.name, line.count, f"{line.share} %", *((line.note,) if line.note else ())])
    if one.report.kind == "ranking":
        return
    yield csv_line([])
    series = found.data["series"]
    yield csv_line(["Time (UTC)", *(each["name"] for each in series)])
    for place, category in enumerate(found.data["categories"]):
        yield csv_line([category, *(_number(each["values"][place]) for each in series)])


def pdf_of(one: Asked, found: Figures, *, by: str, at: datetime) -> bytes:
    """Chart, lines and the newest rows on A4. Raises NotConfigured when no Chromium is there."""
    one = replace(one, tab=replace(one.tab, columns=printed_columns(one)))
    height = "l" if one.report.kind == "ranking" else "m"
    rows = details(one, total=found.total, limit=PRINTED_ROWS)
    context = {"chart_height": height, "one": one, "found": found, "details": rows, "printed_rows": PRINTED_ROWS}
    return print_pdf(printed("portal/reports/print.html", context, by=by, at=at))


def printed_columns(one: Asked) -> tuple[str, ...]:
    """As many as have room on A4."""
    return tuple(name for name in one.tab.columns if name not in NOT_PRINTED)[:MOST_COLUMNS]


def file_name(one: Asked, kind: str) -> str:
    """As threat-protection-phish-2026-11-16.pdf: the first day shown."""
    tab = f"-{one.tab.key}" if len(one.report.tabs) > 1 else ""
    return f"{one.report.key}{tab}-{one.start:%Y-%m-%d}.{kind}"


def _number(value: float | None) -> object:
    return "" if value is None else value


__all__ = ["csv_of_summary", "figures", "file_name", "pdf_of"]
