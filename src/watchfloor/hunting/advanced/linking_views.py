"""Pages around chosen rows: link them to an incident, act on what they name, see what stands behind an alert. Translate, nothing else."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.detection.contracts import SEVERITIES, EvidenceType
from watchfloor.hunting.advanced import linking, people
from watchfloor.hunting.advanced.behind import behind, is_of_hunting, of_link
from watchfloor.hunting.advanced.cells import cell
from watchfloor.hunting.advanced.recording import Kept, Rows, kept
from watchfloor.hunting.custom.mapping import guessed, read_mapping, written
from watchfloor.hunting.explorer.rights import may_act, may_act_on_people
from watchfloor.incidents import selectors as incidents
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, WatchfloorError

PREVIEWED = 20


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor
    htmx: Any


def _base(request: Asked) -> str:
    return "ui/flyout.html" if request.htmx and not request.htmx.boosted else "ui/page.html"


def _chosen(request: Asked) -> tuple[Kept, Rows]:
    """The answer and rows that the form names. Raises BadInput, NotFound."""
    answer = kept(_run(request), by=request.actor)
    rows = linking.chosen_rows(answer, request.POST.getlist("row"))
    if not rows:
        raise BadInput("choose at least one row", place="row")
    return answer, rows


def _run(request: Asked) -> int:
    text = request.POST.get("answer", "")
    return int(text) if text.isdecimal() and len(text) < 18 else 0


@require_POST
@requires(Permission.INCIDENT_MANAGE)
def form(request: Asked) -> HttpResponse:
    """Where a person says which incident, and which columns are evidence."""
    answer, _ = _chosen(request)
    mapped = written(guessed(head.name for head in answer.heads))
    return _form(request, {"severity": "medium", "entities": mapped})


def _form(request: Asked, values: dict[str, Any], error: WatchfloorError | None = None) -> HttpResponse:
    answer, rows = _chosen(request)
    context = {
        "values": values,
        "error": error,
        "answer": answer.run.pk,
        "picked": request.POST.getlist("row"),
        "heads": answer.heads,
        "preview": [[*map(cell, answer.heads, row)] for row in rows[:PREVIEWED]],
        "count": len(rows),
        "more": max(0, len(rows) - PREVIEWED),
        "severities": SEVERITIES,
        "kinds": ", ".join(EvidenceType),
        "open": [one for one in incidents.search("", limit=100) if one.open],
        "base": _base(request),
    }
    return render(request, "hunting/advanced/link.html", context, status=400 if error else 200)


@require_POST
@requires(Permission.INCIDENT_MANAGE)
def save(request: Asked) -> HttpResponse:
    """Link them; what is wrong is shown in the form."""
    given = {name: str(value).replace("\r\n", "\n") for name, value in request.POST.items()}
    try:
        link = linking.link_rows(
            run=_run(request), values=request.POST.getlist("row"), wish=_wish(given), by=request.actor, now=utc_now()
        )
    except WatchfloorError as error:
        return _form(request, given, error)
    return _linked(request, link.pk)


def _wish(given: dict[str, str]) -> linking.Wish:
    number = given.get("incident", "").strip()
    if number and (not number.isdecimal() or len(number) > 9):
        raise BadInput("give the number of an incident, or nothing for a new one", place="incident")
    return linking.Wish(
        title=given.get("title", ""),
        severity=given.get("severity", ""),
        entities=read_mapping(given.get("entities", "")),
        incident=int(number or 0),
        comment=given.get("comment", "").strip(),
    )


@require_GET
@requires(Permission.INCIDENT_READ)
def linked(request: Asked, key: int) -> HttpResponse:
    """Linked rows with their query, and the alert they became."""
    return _linked(request, key)


def _linked(request: Asked, key: int) -> HttpResponse:
    row = linking.linked(key)
    context = {"one": of_link(row), "alert": linking.alert_of(row), "link": row, **_readable(request)}
    return render(request, "hunting/advanced/linked.html", context | {"base": _base(request)})


def _readable(request: Asked) -> dict[str, bool]:
    """Whether this person may read what a query finds."""
    return {"may_read": request.actor.may(Permission.EMAIL_METADATA_READ)}


@require_GET
@requires(Permission.INCIDENT_READ)
def behind_alert(request: Asked, alert: str) -> HttpResponse:
    """The rule or query that raised an alert, for its page."""
    found = incidents.alert(alert)
    context = {
        "alert": found,
        "one": behind(found),
        "ours": is_of_hunting(found),
        **_readable(request),
        "fragment": bool(request.htmx),
    }
    return render(request, f"hunting/advanced/behind{'' if request.htmx else '_page'}.html", context)


@require_GET
@requires(Permission.INCIDENT_READ)
def of_incident(request: Asked, incident: int) -> HttpResponse:
    """The queries whose rows were linked to an incident, for its page; nothing where there are none."""
    found = [(alert, of_link(row)) for alert, row in linking.linked_of_incident(incident)]
    context = {"found": found, "incident": incidents.incident(incident), **_readable(request)}
    return render(request, f"hunting/advanced/of_incident{'' if request.htmx else '_page'}.html", context)


@require_POST
@requires(Permission.EMAIL_METADATA_READ)
def act(request: Asked) -> HttpResponse:
    """What can be done with the mails and people that chosen rows name."""
    answer, rows = _chosen(request)
    found = people.addresses(answer, rows)
    context = {
        "copies": people.copies(answer, rows, now=utc_now()) if may_act(request.actor) else [],
        "most": people.MOST_MAILS,
        "people": people.somebodies(found),
        "left": max(0, len(found) - people.MOST_PEOPLE),
        "all_received": people.explorer(found, "RecipientEmailAddress"),
        "may_act": may_act(request.actor),
        "may_act_on_people": may_act_on_people(request.actor),
        "base": _base(request),
    }
    return render(request, "hunting/advanced/act.html", context)
