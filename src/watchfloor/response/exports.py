"""Tables streamed as CSV, of any length (LM-02), safe to open in a spreadsheet."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from django.http import HttpResponse, StreamingHttpResponse

from watchfloor.kernel.text import csv_line

BOM = "\ufeff"


def csv_answer(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """A download named `name`; lines leave as `rows` yields them."""
    return as_csv(name, _lines(header, rows))


def as_csv(name: str, lines: Iterable[str]) -> HttpResponse:
    """Lines of CSV as a download, each leaving as it is made."""
    answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return cast(HttpResponse, answer)  # Django's streaming class only lacks .content, which no view reads


def _lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    yield BOM + csv_line(header)
    for row in rows:
        yield csv_line(row)
