"""The trackers page, the form of a saved query, and its verbs: translate, nothing else."""

from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.hunting.custom.going import go
from watchfloor.hunting.explorer.state import read_state
from watchfloor.hunting.trackers import keeping, page
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput
from watchfloor.ui.services import render_page


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor
    htmx: Any


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def listed(request: Asked) -> HttpResponse:
    """Saved queries, tracked ones with their counts, or what is trending."""
    context = page.page(page.read_tab(request.GET), by=request.actor, now=utc_now())
    if request.GET.get("complete"):
        context |= {"complete": True, **page.trending(now=utc_now())}
    return render_page(request, "hunting/trackers/list.html", context)


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def trending(request: Asked) -> HttpResponse:
    """What is trending here, as a fragment."""
    return render(request, "hunting/trackers/trending.html", page.trending(now=utc_now()))


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def explore(request: Asked, key: int) -> HttpResponse:
    """Explorer with a saved query; that it was run is noted."""
    return HttpResponseRedirect(keeping.execute(key=key, by=request.actor, now=utc_now()))


@require_GET
@requires(Permission.QUERY_SAVE)
def new(request: Asked) -> HttpResponse:
    """The form for Explorer's query in this address; `tracker` names the saved query it was opened from."""
    state = read_state(request.GET, now=utc_now())
    key = request.GET.get("tracker", "")
    values = {
        "name": "",
        "parameters": keeping.without_time(request.GET),
        "dates": "relative",
        "days": keeping.DEFAULT_DAYS,
        "start": f"{state.start:%Y-%m-%dT%H:%M}",
        "end": f"{state.end:%Y-%m-%dT%H:%M}",
        "shared": False,
        "tracked": False,
    }
    if key.isdecimal() and len(key) < 10 and keeping.readable(request.actor).filter(pk=int(key)).exists():
        row = keeping.tracker_of(int(key), by=request.actor)
        values |= page.values_of(row) | {"parameters": values["parameters"]}
        return _form(request, page.form(values, key=row.pk, explored=True))
    return _form(request, page.form(values, key=None))


@require_GET
@requires(Permission.QUERY_SAVE)
def edit(request: Asked, key: int) -> HttpResponse:
    """The form of a saved query: its name, dates, whether it is shared and tracked (TT-02)."""
    return _form(request, page.form(page.values_of(keeping.tracker_of(key, by=request.actor)), key=key))


def _form(request: Asked, context: dict[str, Any], *, error: BadInput | None = None) -> HttpResponse:
    fragment = bool(request.htmx and not request.htmx.boosted)
    base = "ui/flyout.html" if fragment else "ui/page.html"
    status = 400 if error else 200
    return render(request, "hunting/trackers/form.html", {**context, "error": error, "base": base}, status=status)


@require_POST
@requires(Permission.QUERY_SAVE)
def save(request: Asked) -> HttpResponse:
    """Keep it, or, with `as`, keep it as another; what is wrong is shown in the form."""
    given = request.POST
    number = given.get("key", "")
    key = int(number) if number.isdecimal() and len(number) < 10 and "as" not in given else None
    try:
        row = keeping.save(draft=_draft(given), by=request.actor, now=utc_now(), key=key)
    except BadInput as error:
        values: dict[str, Any] = {
            name: given.get(name, "") for name in ("name", "parameters", "dates", "days", "start", "end")
        }
        values |= {"shared": "shared" in given, "tracked": "tracked" in given}
        return _form(request, page.form(values, key=key, explored="explored" in given), error=error)
    outcome = "is tracked; its first count comes within a minute" if row.tracked else "is saved"
    messages.success(request, f"“{row.name}” {outcome}.")
    return go(request, f"{page.HOME}?tab={'tracked' if row.tracked else 'saved'}")


def _draft(given: Any) -> keeping.Draft:
    exact = given.get("dates") == "exact"
    days = given.get("days", "")
    return keeping.Draft(
        name=given.get("name", ""),
        parameters=given.get("parameters", ""),
        relative_days=None if exact else int(days) if days.isdecimal() and len(days) < 5 else 0,
        start=_moment(given.get("start", ""), "start") if exact else None,
        end=_moment(given.get("end", ""), "end") if exact else None,
        shared="shared" in given,
        tracked="tracked" in given,
    )


def _moment(text: str, place: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise BadInput("choose a date and a time", place=place) from None


@require_POST
@requires(Permission.QUERY_SAVE)
def delete(request: Asked, key: int) -> HttpResponse:
    """Delete it."""
    keeping.delete(key=key, by=request.actor)
    messages.success(request, "The query is deleted.")
    return go(request, page.HOME)
