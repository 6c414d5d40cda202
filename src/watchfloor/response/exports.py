"""Tables streamed as CSV, of any length (LM-02), safe to open in a spreadsheet."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from django.http import HttpResponse, StreamingHttpResponse

FORMULA = ("=", "+", "-", "@", "\t", "\r")
BOM = "\ufeff"


class _Echo:
    """A file that hands each written line back, so that csv.writer streams."""

    def write(self, line: str) -> str:
        return line


def csv_answer(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """A download named `name`; lines leave as `rows` yields them."""
    answer = StreamingHttpResponse(_lines(header, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return cast(HttpResponse, answer)  # Django's streaming class only lacks .content, which no view reads


def _lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield BOM + writer.writerow(header)
    for row in rows:
        yield writer.writerow([harmless(value) for value in row])


def harmless(value: Any) -> str:
    """The value as text; what a spreadsheet would run as a formula gets an apostrophe before it (subjects come from strangers)."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
