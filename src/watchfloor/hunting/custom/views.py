"""The pages of custom detections: all of them, one with its runs, and its switches. Translate, nothing else."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.hunting.advanced.page import link
from watchfloor.hunting.advanced.window import Window
from watchfloor.hunting.custom import keeping
from watchfloor.hunting.custom.going import go
from watchfloor.hunting.custom.running import run_now, runs_of
from watchfloor.hunting.models import CustomDetection
from watchfloor.incidents import selectors as incidents
from watchfloor.kernel.clock import utc_now
from watchfloor.ui.services import render_page

LIST = "/hunting/detections"
ALERTS_SHOWN = 10


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor
    htmx: Any


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def listing(request: Asked) -> HttpResponse:
    """Every custom detection with its last run; the failing ones and those that are off have tabs of their own."""
    shown = request.GET.get("show", "")
    every = list(CustomDetection.objects.all())
    parts = {
        "": every,
        "failing": [one for one in every if one.enabled and one.last_state == "failing"],
        "off": [one for one in every if not one.enabled],
    }
    labels = {"": "All", "failing": "Failing", "off": "Switched off"}
    context = {
        "rows": [(one, keeping.FREQUENCIES.get(one.every_minutes, "")) for one in parts.get(shown, every)],
        "any": bool(every),
        "shown": shown if shown in parts else "",
        "parts": [
            (key, labels[key], f"{LIST}?show={key}" if key else LIST, len(found)) for key, found in parts.items()
        ],
        "may_change": request.actor.may(Permission.DETECTION_TUNE),
    }
    return render_page(request, "hunting/custom/list.html", context)


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def detail(request: Asked, key: int) -> HttpResponse:
    """One detection: its query, its runs with what they found, and its newest alerts."""
    row, now = keeping.detection(key), utc_now()
    runs = runs_of(row)
    context = {
        "detection": row,
        "runs": [(run, f"{link(run.text, Window.between(run.start, run.end))}&run=1") for run in runs],
        "chart": _chart(runs),
        "facts": _facts(row),
        "mapped": [(column, kind) for column, kind, _ in row.entities],
        "hunt": f"{link(row.text, Window.between(now - timedelta(minutes=row.look_back_minutes), now))}&run=1",
        "may_change": request.actor.may(Permission.DETECTION_TUNE),
        "edit_attrs": {"hx-get": f"/hunting/detections/edit?key={row.pk}", "hx-target": "#flyout"},
    }
    if request.actor.may(Permission.INCIDENT_READ):
        context["alerts"] = incidents.alerts_by_rule(row.rule_id, limit=ALERTS_SHOWN)
    return render_page(request, "hunting/custom/detail.html", context)


def _facts(row: CustomDetection) -> list[tuple[str, Any]]:
    return [
        ("Written by", row.owner_name),
        ("Changed", row.changed_at),
        ("Changed by", row.changed_by or row.owner_name),
        ("Runs every", keeping.FREQUENCIES.get(row.every_minutes, f"{row.every_minutes} minutes")),
        ("Looks back", keeping.span_words(row.look_back_minutes)),
        ("At most", f"{row.most_findings:,} new findings in one run"),
        ("Next run", row.next_at if row.enabled else "Never: it is switched off"),
        ("Category", row.category or "None"),
        ("ATT&CK techniques", ", ".join(row.techniques) or "None"),
    ]


def _chart(runs: list[Any]) -> dict[str, Any]:
    """Rows and new findings of each run, oldest first."""
    ordered = runs[::-1]
    return {
        "categories": [f"{run.at:%m-%d %H:%M}" for run in ordered],
        "series": [
            {"name": "Rows", "values": [run.rows for run in ordered]},
            {"name": "New findings", "values": [run.new for run in ordered]},
        ],
    }


@require_POST
@requires(Permission.DETECTION_TUNE)
def run(request: Asked, key: int) -> HttpResponse:
    """Run it at once."""
    row = run_now(key=key, by=request.actor, now=utc_now())
    say = messages.error if row.last_state == "failing" else messages.success
    say(request, f"{'The run failed' if row.last_state == 'failing' else 'Run'}: {row.last_words}")
    return go(request, row.href)


@require_POST
@requires(Permission.DETECTION_TUNE)
def switch(request: Asked, key: int) -> HttpResponse:
    """On or off."""
    keeping.switch(key=key, enabled=request.POST.get("enabled") == "yes", by=request.actor, now=utc_now())
    return go(request, LIST)


@require_POST
@requires(Permission.DETECTION_TUNE)
def delete(request: Asked, key: int) -> HttpResponse:
    """Delete it; its alerts stay."""
    keeping.delete(key=key, by=request.actor)
    return go(request, LIST)
