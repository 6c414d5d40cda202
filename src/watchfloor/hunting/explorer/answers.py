"""How Explorer's fly-outs and files are answered."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def flyout(request: HttpRequest, template: str, context: Mapping[str, Any]) -> HttpResponse:
    """A fly-out for htmx; opened by itself (a new window, no JavaScript) the same content as a page.

    The template says `{% extends frame %}` and fills title, subtitle, actions and content, which both frames have.
    """
    frame = "ui/flyout.html" if getattr(request, "htmx", None) else "hunting/explorer/alone.html"
    answer = render(request, template, {"frame": frame, **context})
    patch_vary_headers(answer, ("HX-Request",))
    return answer


def csv_file(lines: Iterator[str], *, name: str) -> HttpResponse:
    """A CSV file, written while it is sent."""
    answer: Any = StreamingHttpResponse(
        lines,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    return answer  # type: ignore[no-any-return]
