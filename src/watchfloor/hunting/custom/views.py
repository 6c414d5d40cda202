"""Pages of custom detections: translate, nothing else."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.detection.contracts import SEVERITIES, EvidenceType
from watchfloor.hunting.custom import keeping
from watchfloor.hunting.custom.mapping import guessed, read_mapping
from watchfloor.hunting.models import CustomDetection
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, WatchfloorError
from watchfloor.lake import selectors as lake
from watchfloor.ui.services import render_page

LIST = "/hunting/detections"


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor
    htmx: Any


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def listing(request: Asked) -> HttpResponse:
    """Every custom detection with its last run."""
    rows = [(one, keeping.FREQUENCIES.get(one.every_minutes, "")) for one in CustomDetection.objects.all()]
    context = {"rows": rows, "may_change": request.actor.may(Permission.DETECTION_TUNE)}
    return render_page(request, "hunting/custom/list.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.DETECTION_TUNE)
def edit(request: Asked) -> HttpResponse:
    """The form: for the query being written (POST from the editor), or an existing detection (`key`)."""
    given = request.POST if request.method == "POST" else request.GET
    if given.get("key", "").isdecimal():
        row = keeping.detection(int(given["key"]))
        names = ("title", "text", "severity", "every_minutes", "look_back_minutes", "description", "category")
        values = {name: getattr(row, name) for name in names}
        values |= {"entities": _lines(row.entities), "techniques": ", ".join(row.techniques)}
        return _form(request, values, key=row.pk)
    text = given.get("query", "").replace("\r\n", "\n")
    defaults = {"text": text, "severity": "medium", "every_minutes": 60, "look_back_minutes": 240, "category": "Custom"}
    return _form(request, {**defaults, "entities": _suggested(text, request.actor)}, key=None)


def _lines(entities: list[list[str]]) -> str:
    return "\n".join(f"{column}: {kind}" for column, kind, _ in entities)


def _suggested(text: str, by: Actor) -> str:
    """The mapping that the answer's columns suggest; empty for a query that cannot run."""
    try:
        answer = lake.hunt(text, now=utc_now(), by=by, limit=1, timeout=10) if text.strip() else None
    except WatchfloorError:
        return ""
    return _lines(guessed(name for name, _ in answer.columns)) if answer else ""


def _form(request: Asked, values: dict[str, Any], *, key: int | None, error: BadInput | None = None) -> HttpResponse:
    fragment = bool(request.htmx and not request.htmx.boosted)
    context = {
        "values": values,
        "key": key,
        "error": error,
        "severities": SEVERITIES,
        "frequencies": keeping.FREQUENCIES.items(),
        "kinds": ", ".join(EvidenceType),
        "base": "ui/flyout.html" if fragment else "ui/page.html",
    }
    return render(request, "hunting/custom/edit.html", context, status=400 if error else 200)


@require_POST
@requires(Permission.DETECTION_TUNE)
def save(request: Asked) -> HttpResponse:
    """Keep it, then the list; what is wrong is shown in the form."""
    given = {name: str(value).replace("\r\n", "\n") for name, value in request.POST.items()}
    key = int(given["key"]) if given.get("key", "").isdecimal() else None
    try:
        row = keeping.save(plan=_plan(given), by=request.actor, now=utc_now(), key=key)
    except BadInput as error:
        return _form(request, {**given, "every_minutes": _number(given, "every_minutes")}, key=key, error=error)
    messages.success(request, f"“{row.title}” is saved and runs within seconds.")
    return _go(request)


def _plan(given: dict[str, str]) -> keeping.Plan:
    return keeping.Plan(
        title=given.get("title", ""),
        text=given.get("text", ""),
        severity=given.get("severity", ""),
        every_minutes=_number(given, "every_minutes"),
        look_back_minutes=_number(given, "look_back_minutes"),
        entities=read_mapping(given.get("entities", "")),
        description=given.get("description", "").strip(),
        category=given.get("category", "").strip()[:60],
        techniques=tuple(filter(None, (one.strip() for one in given.get("techniques", "").split(",")))),
    )


def _number(given: dict[str, str], name: str) -> int:
    text = given.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 8 else 0


@require_POST
@requires(Permission.DETECTION_TUNE)
def switch(request: Asked, key: int) -> HttpResponse:
    """On or off."""
    keeping.switch(key=key, enabled=request.POST.get("enabled") == "yes", by=request.actor, now=utc_now())
    return _go(request)


@require_POST
@requires(Permission.DETECTION_TUNE)
def delete(request: Asked, key: int) -> HttpResponse:
    """Delete it; its alerts stay."""
    keeping.delete(key=key, by=request.actor)
    return _go(request)


def _go(request: Asked) -> HttpResponse:
    if not request.htmx:
        return HttpResponseRedirect(LIST)
    response = HttpResponse(status=204)
    response.headers["HX-Redirect"] = LIST
    return response
