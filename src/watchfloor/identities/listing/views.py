"""The list of people, its exports, what is done to those selected, and bringing people in from CSV."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.identities.by_hand import tag_people
from watchfloor.identities.contracts import PersonLine
from watchfloor.identities.directory_csv import import_csv, people_in_csv, would_import
from watchfloor.identities.listing import filters
from watchfloor.identities.listing.lines import every_line, page_of
from watchfloor.identities.models import Account, DirectoryPerson
from watchfloor.identities.page.registry import actions_of
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, WatchfloorError
from watchfloor.kernel.text import csv_line
from watchfloor.ui.services import render_page

PATH = "/identities"
LARGEST = 20 * 1024 * 1024
MOST_SELECTED = 500
HEADS = ("Name", "Address", "Risk level", "Score", "Percentile", "Tags", "Status", "Affiliation", "Type", "Department",
         "Title", "Organization", "Manager", "Apps", "Created (UTC)", "Last seen (UTC)", "Id")  # fmt: skip


class Asked(HttpRequest):
    """A request that `requires` let in."""

    actor: Actor


@require_GET
@requires(Permission.IDENTITY_READ)
def listing(request: Asked) -> HttpResponse:
    """Everybody whom the directories know (US-69)."""
    chosen, now = filters.read_filter(request.GET), utc_now()
    found = page_of(chosen, page=_page_number(request), now=now)
    context: dict[str, Any] = {
        "listing": found,
        "chosen": chosen,
        "chips": filters.chips_of(chosen, path=PATH),
        "href": f"{PATH}?{chosen.query()}",
        "exports": [(kind.upper(), f"{PATH}/export.{kind}?{chosen.query()}") for kind in ("csv", "json")],
        "choices": _choices(chosen),
        "heads": _heads(chosen),
        "actions": _bulk_actions(request.actor, [row.pk for row in found.rows]),
        "may_tag": request.actor.may(Permission.IDENTITY_MANAGE),
        "may_import": request.actor.may(Permission.CONNECTION_MANAGE),
        "needs": {"data-needs-selection": "people"},
        "anybody": bool(found.total) or DirectoryPerson.objects.exists(),
    }
    return render_page(request, "identities/listing/list.html", context)


def _page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 1


def _choices(chosen: filters.Filter) -> list[tuple[str, str, list[tuple[str, str]], str]]:
    """(name, label, (value, words) ..., chosen) of each select."""
    told = {name: list(choices) for name, choices in filters.CHOICES.items()}
    told |= {"provider": _occurring("provider"), "instance": _occurring("source")}
    names = ("affiliation", "provider", "instance", "status", "type", "risk", "seen")
    return [(name, filters.LABELS[name], told[name], chosen.given.get(name, "")) for name in names]


def _occurring(field: str) -> list[tuple[str, str]]:
    """What accounts have there, to choose from."""
    found = Account.objects.order_by(field).values_list(field, flat=True).distinct()
    return [("", "Any"), *((one, one) for one in found)]


def _heads(chosen: filters.Filter) -> dict[str, tuple[str, str]]:
    """By sort key: the address that sorts by it, and aria-sort."""
    found = {}
    for key in filters.SORTS:
        mine = chosen.sort == key
        down = not chosen.down if mine else key in ("risk", "seen", "created")
        state = ("descending" if chosen.down else "ascending") if mine else "none"
        found[key] = (f"{PATH}?{chosen.query(sort=f'-{key}' if down else key)}", state)
    return found


def _bulk_actions(actor: Actor, shown: list[int]) -> tuple[Any, ...]:
    """The actions that take several people: their address names the person as a parameter."""
    return tuple(one for one in actions_of(shown[0], actor=actor) if f"person={shown[0]}" in one.href) if shown else ()


@require_GET
@requires(Permission.IDENTITY_READ)
def selected(request: Asked) -> HttpResponse:
    """On to the form of the action `do`, for all people in `row`."""
    rows = [int(one) for one in request.GET.getlist("row") if one.isascii() and one.isdecimal() and len(one) < 18]
    if not rows:
        raise BadInput("select at least one person", place="row")
    actions = {one.key: one for one in actions_of(rows[0], actor=request.actor)}
    action = actions.get(request.GET.get("do", ""))
    if action is None:
        raise BadInput("this action is not offered for these people", place="do")
    more = urlencode([("person", one) for one in rows[1:MOST_SELECTED]])
    return redirect(f"{action.href}&{more}" if more else action.href)


@require_POST
@requires(Permission.IDENTITY_MANAGE)
def tag(request: Asked) -> HttpResponse:
    """Give the selected people a tag, or take it from them."""
    rows = [int(one) for one in request.POST.getlist("row") if one.isascii() and one.isdecimal() and len(one) < 18]
    back = f"{PATH}?{request.POST.get('return', '')}"
    try:
        done = tag_people(
            people=rows, tag=request.POST.get("tag_name", ""), off=request.POST.get("off") == "1", by=request.actor
        )
        messages.success(request, f"Changed the tags of {done:,} {'person' if done == 1 else 'people'}")
    except WatchfloorError as error:
        messages.error(request, error.message)
    return HttpResponseRedirect(back)


@require_GET
@requires(Permission.IDENTITY_READ)
def export_csv(request: Asked) -> StreamingHttpResponse:
    """The whole list as CSV, streamed; the same filter and order."""
    lines = every_line(filters.read_filter(request.GET), now=utc_now())
    return _file((csv_line(HEADS), *()), (csv_line(_cells(one)) for one in lines), kind="csv")


@require_GET
@requires(Permission.IDENTITY_READ)
def export_json(request: Asked) -> StreamingHttpResponse:
    """The whole list as JSON lines, streamed."""
    lines = every_line(filters.read_filter(request.GET), now=utc_now())
    return _file(
        (),
        (json.dumps(dict(zip(HEADS, _cells(one), strict=True)), ensure_ascii=False) + "\n" for one in lines),
        kind="json",
    )


def _file(head: tuple[str, ...], lines: Iterator[str], *, kind: str) -> StreamingHttpResponse:
    def text() -> Iterator[str]:
        yield from head
        yield from lines

    types = {"csv": "text/csv; charset=utf-8", "json": "application/x-ndjson"}
    response = StreamingHttpResponse(text(), content_type=types[kind])
    response["Content-Disposition"] = f'attachment; filename="identities.{kind}"'
    return response


def _cells(row: PersonLine) -> tuple[Any, ...]:
    tags = ", ".join(one.name for one in row.tags)
    times = [one.strftime("%Y-%m-%d %H:%M:%S") if one else "" for one in (row.created_at, row.last_seen_at)]
    return (
        row.name, row.address, row.level, round(row.score, 1), round(row.percentile, 1), tags, row.status,
        "External" if row.external else "Internal", "Service account" if row.service else "User", row.department,
        row.title, row.company, row.manager, ", ".join(row.providers), *times, row.pk,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@requires(Permission.CONNECTION_MANAGE)
def bring(request: Asked) -> HttpResponse:
    """People from a CSV: first what it would change, then, on a second word, the import."""
    context: dict[str, Any] = {"text": "", "columns": "address, name, department, title, manager, groups, tags"}
    if request.method == "POST":
        name, text = _given(request)
        context |= {"text": text, "file_name": name}
        try:
            entries = people_in_csv(text)
            if request.POST.get("step") == "import":
                outcome = import_csv(by=request.actor, text=text, source=name, now=utc_now())
                messages.success(request, f"People imported: {outcome.sentence}")
                return redirect(PATH)
            context |= {"outcome": would_import(entries), "entries": entries[:20], "count": len(entries)}
        except WatchfloorError as error:
            context["error"] = str(error)
    return render_page(request, "identities/listing/bring.html", context)


def _given(request: Asked) -> tuple[str, str]:
    uploaded = request.FILES.get("file")
    if uploaded is None:
        return request.POST.get("file_name", "") or "typed", request.POST.get("text", "")
    if (uploaded.size or 0) > LARGEST:
        return str(uploaded.name), ""
    return str(uploaded.name), uploaded.read().decode("utf-8", errors="replace")
