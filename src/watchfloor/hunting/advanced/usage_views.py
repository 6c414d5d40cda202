"""The usage report's pages: translate, nothing else."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.hunting.advanced import usage
from watchfloor.hunting.advanced.page import link
from watchfloor.hunting.advanced.window import Window
from watchfloor.hunting.models import QueryRun
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.text import csv_line
from watchfloor.ui.services import render_page

TONES = {"low": "neutral", "medium": "warning", "high": "danger"}
FILTERS = ("range", "person", "interface", "level", "state")


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def report(request: Asked) -> HttpResponse:
    """Who asks what, and what it costs: one's own runs, or everybody's for those who may read the audit log."""
    now = utc_now()
    wanted = usage.read_wanted(request.GET.dict(), by=request.actor)
    told = usage.report(wanted, by=request.actor, now=now)
    kept = urlencode([(name, value) for name in FILTERS if (value := getattr(wanted, name))])
    number = request.GET.get("page", "1")
    page = max(1, int(number)) if number.isdecimal() and len(number) < 7 else 1
    first = (page - 1) * usage.PAGE
    found = usage.runs(wanted, by=request.actor, now=now)[first : first + usage.PAGE]
    context = {
        "wanted": wanted,
        "told": told,
        "runs": [_line(run) for run in found],
        "slowest": [_line(run) for run in told.slowest],
        "ranges": [(key, f"Last {label}") for key, (label, _) in usage.RANGES.items()],
        "interfaces": usage.INTERFACES.items(),
        "levels": [(key, key.capitalize()) for key in usage.LEVELS],
        "states": usage.STATES.items(),
        "known_people": usage.people_known(by=request.actor),
        "labels": usage.INTERFACES,
        "page": page,
        "size": usage.PAGE,
        "href": f"/hunting/usage?{kept}",
        "export": f"/hunting/usage.csv?{kept}",
    }
    return render_page(request, "hunting/advanced/usage.html", context)


def _line(run: QueryRun) -> dict[str, Any]:
    level = usage.level(run)
    return {
        "run": run,
        "level": level.capitalize(),
        "tone": TONES[level],
        "interface": usage.INTERFACES.get(run.interface, run.interface),
        "href": link(run.text, Window.between(run.start, run.end)),
    }


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def export(request: Asked) -> HttpResponse:
    """The same runs as CSV, streamed without a cap."""
    now = utc_now()
    wanted = usage.read_wanted(request.GET.dict(), by=request.actor)
    answer: Any = StreamingHttpResponse(
        map(csv_line, usage.lines(wanted, by=request.actor, now=now)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="hunting-usage-{now:%Y%m%d}.csv"'},
    )
    return answer  # type: ignore[no-any-return]
