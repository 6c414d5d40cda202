"""Pages of saved queries: translate, nothing else."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.hunting.advanced import saving
from watchfloor.hunting.advanced.page import FORM_FIELDS
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, WatchfloorError

PANEL = "/hunting?panel=queries"


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor
    htmx: Any


@require_http_methods(["GET", "POST"])
@requires(Permission.QUERY_SAVE)
def edit(request: Asked) -> HttpResponse:
    """The form to keep a query: the one being written (POST from the editor), or a saved one (`saved`)."""
    given = request.POST if request.method == "POST" else request.GET
    key = given.get("saved", "")
    row = saving.query_of(int(key), by=request.actor) if key.isdecimal() else None
    text = given.get("query", "").replace("\r\n", "\n") or (row.text if row else "")
    values = {name: getattr(row, name) for name in FORM_FIELDS} if row else {}
    return _form(request, {**values, "text": text}, key=row.pk if row else None)


def _form(request: Asked, values: dict[str, Any], *, key: int | None, error: BadInput | None = None) -> HttpResponse:
    fragment = bool(request.htmx and not request.htmx.boosted)
    context = {
        "values": values,
        "key": key,
        "error": error,
        "known_folders": saving.known_folders(request.actor),
        "base": "ui/flyout.html" if fragment else "ui/page.html",
    }
    return render(request, "hunting/advanced/edit.html", context, status=400 if error else 200)


@require_POST
@requires(Permission.QUERY_SAVE)
def save(request: Asked) -> HttpResponse:
    """Keep it, then the page with it; what is wrong is shown in the form."""
    given = request.POST
    key = int(given["key"]) if given.get("key", "").isdecimal() and not given.get("copy") else None
    values = {
        "name": given.get("name", ""),
        "text": given.get("text", "").replace("\r\n", "\n"),
        "folder": given.get("folder", ""),
        "description": given.get("description", ""),
        "shared": given.get("shared") == "yes",
    }
    try:
        row = saving.save(
            draft=saving.drafted(values, key=key, by=request.actor), by=request.actor, now=utc_now(), key=key
        )
    except BadInput as error:
        return _form(request, values, key=key, error=error)
    messages.success(request, f"“{row.name}” is saved.")
    return _go(request, f"{PANEL}&saved={row.pk}")


@require_POST
@requires(Permission.QUERY_SAVE)
def delete(request: Asked, key: int) -> HttpResponse:
    """Delete a saved query."""
    try:
        saving.delete(key=key, by=request.actor)
        messages.success(request, "The query is deleted.")
    except WatchfloorError as error:
        messages.warning(request, f"Not deleted: {error.message}")
    return _go(request, PANEL)


@require_GET
@requires(Permission.QUERY_SAVE)
def import_form(request: Asked) -> HttpResponse:
    """Where files of rules are chosen."""
    return _import(request)


def _import(request: Asked, **context: Any) -> HttpResponse:
    fragment = bool(request.htmx and not request.htmx.boosted)
    context |= {
        "known_folders": saving.known_folders(request.actor),
        "base": "ui/flyout.html" if fragment else "ui/page.html",
    }
    return render(request, "hunting/advanced/import.html", context)


@require_POST
@requires(Permission.QUERY_SAVE)
def import_files(request: Asked) -> HttpResponse:
    """Take over each chosen file; what is wrong with one does not stop the others."""
    done, wrong = [], []
    for file in request.FILES.getlist("file"):
        try:
            folder = request.POST.get("folder", "")
            done.append(
                saving.import_rules(
                    data=file.read(), name=str(file.name), folder=folder, by=request.actor, now=utc_now()
                )
            )
        except BadInput as error:
            wrong.append((error.place or str(file.name), error.message))
    wrong += [one for imported in done for one in imported.refused]
    if not done and not wrong:
        wrong.append(("", "choose a file"))
    counts = {"new": sum(one.new for one in done), "changed": sum(one.changed for one in done)}
    words = f"{counts['new']:,} new, {counts['changed']:,} changed"
    return _import(request, told=True, wrong=wrong, any=any(counts.values()), words=words)


def _go(request: Asked, address: str) -> HttpResponse:
    if not request.htmx:
        return HttpResponseRedirect(address)
    response = HttpResponse(status=204)
    response.headers["HX-Redirect"] = address
    return response
