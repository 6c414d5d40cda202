"""The form of a custom detection and its back-test: translate, nothing else."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.detection.contracts import SEVERITIES, EvidenceType
from watchfloor.hunting.advanced.saving import query_of
from watchfloor.hunting.advanced.window import Window, narrowing, read_window
from watchfloor.hunting.advanced.words import time_column
from watchfloor.hunting.custom import keeping
from watchfloor.hunting.custom.backtest import back_test
from watchfloor.hunting.custom.going import go
from watchfloor.hunting.custom.mapping import guessed, of_sentinel, read_mapping, written
from watchfloor.hunting.models import CustomDetection, SavedQuery
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, NotFound, WatchfloorError
from watchfloor.lake import selectors as lake

SHOWN = ("title", "text", "severity", "every_minutes", "look_back_minutes", "description", "category", "most_findings")
NUMBERS = ("every_minutes", "look_back_minutes", "most_findings")
DEFAULTS: dict[str, Any] = {
    "severity": "medium",
    "every_minutes": 60,
    "look_back_minutes": 240,
    "category": "Custom",
    "most_findings": 100,
}


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor
    htmx: Any


@require_http_methods(["GET", "POST"])
@requires(Permission.DETECTION_TUNE)
def edit(request: Asked) -> HttpResponse:
    """The form: for the query being written (POST from the editor), a saved one (`saved`), or an existing detection (`key`)."""
    given = request.POST if request.method == "POST" else request.GET
    if given.get("key", "").isdecimal():
        row = keeping.detection(int(given["key"]))
        values = {name: getattr(row, name) for name in SHOWN}
        values |= {"entities": written(row.entities), "techniques": ", ".join(row.techniques)}
        return _form(request, values, key=row.pk)
    saved = _saved(given.get("saved", ""), by=request.actor)
    text = given.get("query", "").replace("\r\n", "\n") or (saved.text if saved else "")
    window = _window({name: str(value) for name, value in given.items()})
    values = {**DEFAULTS, "text": text, "look_back_minutes": _back(window), **_of_saved(saved)}
    return _form(request, {**values, "entities": _suggested(text, window, saved, request.actor)}, key=None)


def _saved(key: str, *, by: Actor) -> SavedQuery | None:
    try:
        return query_of(int(key), by=by) if key.isdecimal() else None
    except NotFound:
        return None


def _of_saved(saved: SavedQuery | None) -> dict[str, Any]:
    """What the saved query says of itself."""
    if saved is None:
        return {}
    known = {"title": saved.name, "description": saved.description, "techniques": ", ".join(saved.techniques)}
    return {**known, "severity": saved.severity if saved.severity in SEVERITIES else DEFAULTS["severity"]}


def _window(given: dict[str, str]) -> Window:
    """The time that was chosen beside the query; the default one where it is none."""
    try:
        return read_window(given, now=utc_now())
    except BadInput:
        return read_window({}, now=utc_now())


def _back(window: Window) -> int:
    """The chosen time as a look-back: a day for “last 24 hours”, the longest there is for more."""
    if window.start is None or window.end is None:
        return int(DEFAULTS["look_back_minutes"])
    minutes = int((window.end - window.start).total_seconds() // 60)
    return min(max(minutes, int(DEFAULTS["every_minutes"])), keeping.LONGEST_LOOK_BACK)


def _suggested(text: str, window: Window, saved: SavedQuery | None, by: Actor) -> str:
    """The mapping of the saved query, else what the answer's columns suggest; empty for a query that cannot run."""
    if not text.strip():
        return ""
    try:
        asked = narrowing(text, window, time_column) + text
        columns = [name for name, _ in lake.hunt(asked, now=utc_now(), by=by, limit=1, timeout=10).columns]
    except WatchfloorError:
        return ""
    return written(of_sentinel(saved.entities, columns) if saved and saved.entities else []) or written(
        guessed(columns)
    )


def _form(request: Asked, values: dict[str, Any], *, key: int | None, error: BadInput | None = None) -> HttpResponse:
    fragment = bool(request.htmx and not request.htmx.boosted)
    context = {
        "values": values,
        "key": key,
        "error": error,
        "severities": SEVERITIES,
        "frequencies": keeping.FREQUENCIES.items(),
        "most": keeping.MOST_FINDINGS,
        "kinds": ", ".join(EvidenceType),
        "base": "ui/flyout.html" if fragment else "ui/page.html",
    }
    return render(request, "hunting/custom/edit.html", context, status=400 if error else 200)


@require_POST
@requires(Permission.DETECTION_TUNE)
def save(request: Asked) -> HttpResponse:
    """Keep it, then its page; what is wrong is shown in the form."""
    given = _given(request)
    key = int(given["key"]) if given.get("key", "").isdecimal() else None
    try:
        row = keeping.save(plan=_plan(given), by=request.actor, now=utc_now(), key=key)
    except BadInput as error:
        return _form(request, {**given, **{name: _number(given, name) for name in NUMBERS}}, key=key, error=error)
    messages.success(request, f"“{row.title}” is saved and runs within seconds.")
    return go(request, row.href)


def _given(request: Asked) -> dict[str, str]:
    return {name: str(value).replace("\r\n", "\n") for name, value in request.POST.items()}


def _plan(given: dict[str, str]) -> keeping.Plan:
    return keeping.Plan(
        title=given.get("title", ""),
        text=given.get("text", ""),
        severity=given.get("severity", ""),
        every_minutes=_number(given, "every_minutes"),
        look_back_minutes=_number(given, "look_back_minutes"),
        most_findings=_number(given, "most_findings") if "most_findings" in given else 100,
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
def try_out(request: Asked) -> HttpResponse:
    """What it would have done over the last month, as a fragment; nothing is kept or reported."""
    given, context = _given(request), dict[str, Any]()
    try:
        plan = _plan({"title": "Back-test", **given})
        plan.check(by=request.actor, now=utc_now())
        fields = {
            name: getattr(plan, name) for name in ("title", "text", "severity", "look_back_minutes", "most_findings")
        }
        row = CustomDetection(**fields, entities=plan.entities)
        context["told"] = back_test(row, by=request.actor, now=utc_now())
    except WatchfloorError as error:
        context["error"] = error.message
    return render(request, "hunting/custom/backtest.html", context)
