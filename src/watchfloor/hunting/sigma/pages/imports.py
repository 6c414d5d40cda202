"""Bringing rules: where files are chosen, what became of them, and what was refused as a file."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.hunting.models import SigmaImport
from watchfloor.hunting.sigma import importing, keeping
from watchfloor.hunting.sigma.pages.asked import LIST, Asked, go
from watchfloor.hunting.sigma.sources import LARGEST_ARCHIVE, MOST_FILES, File, from_upload
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, NotFound, WatchfloorError
from watchfloor.kernel.text import csv_line
from watchfloor.ui.services import render_page

SHOWN_IMPORTS = 10
HEADS = ("Place", "Rule", "Field", "Reason")


@require_http_methods(["GET", "POST"])
@requires(Permission.DETECTION_TUNE)
def page(request: Asked) -> HttpResponse:
    """The form; sent with files, the page of their import."""
    error: WatchfloorError | None = None
    if request.method == "POST":
        try:
            told = _taken(request)
            return go(request, told.href)
        except WatchfloorError as wrong:
            error = wrong
    context: dict[str, Any] = {
        "error": error,
        "switch_on": request.POST.get("switch_on", "none"),
        "choices": keeping.SWITCH_ON.items(),
        "imports": SigmaImport.objects.defer("changed", "seen")[:SHOWN_IMPORTS],
        "most_files": MOST_FILES,
        "largest": LARGEST_ARCHIVE // 1024**2,
    }
    return render_page(request, "hunting/sigma/import.html", context, status=400 if error else 200)


def _taken(request: Asked) -> SigmaImport:
    chosen = request.FILES.getlist("file")
    if not chosen:
        raise BadInput("choose at least one file", place="file")
    names = [str(file.name) for file in chosen]
    source = names[0] if len(names) == 1 else f"{len(names):,} files"

    def files() -> Iterator[File]:
        for file in chosen:
            yield from from_upload(str(file.name), file.read(LARGEST_ARCHIVE + 1))

    return importing.hand_in(
        files=files(), source=source, by=request.actor, now=utc_now(), switch_on=request.POST.get("switch_on", "none")
    )


def _import(key: int) -> SigmaImport:
    found = SigmaImport.objects.filter(pk=key).first()
    if found is None:
        raise NotFound("there is no such import")
    return found


@require_GET
@requires(Permission.DETECTION_TUNE)
def result(request: Asked, key: int) -> HttpResponse:
    """How far an import is and what it did: how many converted, what changed, and the place and reason of each refusal."""
    told = _import(key)
    context = {"told": told, "download": f"{LIST}/imports/{key}/refused.csv"}
    return render_page(request, "hunting/sigma/imported.html", context, fragment="hunting/sigma/imported_state.html")


@require_POST
@requires(Permission.DETECTION_TUNE)
def stop(request: Asked, key: int) -> HttpResponse:
    """Leave out what still waits."""
    return go(request, importing.stop(key=key, by=request.actor, now=utc_now()).href)


@require_GET
@requires(Permission.DETECTION_TUNE)
def refused(request: Asked, key: int) -> HttpResponse:
    """The refusals of an import as CSV."""
    told = _import(key)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="sigma-refused-{key}.csv"'
    response.write(csv_line(HEADS))
    for one in told.refused:
        response.write(csv_line((one["place"], one["title"], one["field"], one["words"])))
    return response


@require_http_methods(["POST"])
@requires(Permission.DETECTION_TUNE)
def again(request: Asked) -> HttpResponse:
    """Convert every kept rule anew, as after an upgrade; then the page of this import."""
    try:
        told = importing.hand_in_kept(by=request.actor, now=utc_now())
    except WatchfloorError as error:
        messages.error(request, f"Nothing was changed: {error.message}")
        return go(request, LIST)
    return go(request, told.href)
