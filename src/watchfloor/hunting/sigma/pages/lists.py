"""The list of rules: shown, exported, changed many at once."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.hunting.custom.keeping import FREQUENCIES
from watchfloor.hunting.models import SigmaEntry
from watchfloor.hunting.sigma import keeping, listing
from watchfloor.hunting.sigma.pages.asked import LIST, Asked, go, safe_return
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, WatchfloorError
from watchfloor.kernel.text import csv_line
from watchfloor.ui.services import render_page

COLUMNS = (("title", "Rule"), ("level", "Level"), ("author", "Author"), ("run", "Last run"), ("match", "Last match"))


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def page(request: Asked) -> HttpResponse:
    """The rules of a filter, a hundred a page; five queries."""
    chosen = listing.read_filter(request.GET)
    counts = listing.counts(chosen)
    total = counts[chosen.state]
    number = _page_number(request.GET.get("page", ""), total)
    found = listing.rules(chosen).defer(*listing.NOT_SHOWN)[(number - 1) * listing.SIZE : number * listing.SIZE]
    context = {
        "rows": [(one, *listing.state_of(one), FREQUENCIES.get(one.every_minutes, "")) for one in found],
        "total": total,
        "page": number,
        "size": listing.SIZE,
        "here": chosen.address(),
        "chosen": chosen,
        "levels": listing.LEVELS,
        "products": listing.values("product"),
        "tables": listing.values("table"),
        "parts": [
            (state, label, chosen.address(state=state), counts[state])
            for state, (label, _) in listing.STATES.items()
            if counts[state] or state in ("", "on", "off", chosen.state)
        ],
        "sorts": {
            key: (label, chosen.address(order=key), "ascending" if key in ("title", "author") else "descending")
            for key, label in COLUMNS
        },
        "any": counts[""] or chosen.is_narrow,
        "export": chosen.address().replace(LIST, f"{LIST}/export.csv", 1),
        "may_change": request.actor.may(Permission.DETECTION_TUNE),
        "frequencies": FREQUENCIES.items(),
        "selects": {"data-needs-selection": "sigma-rules"},
        "deletes": {"data-needs-selection": "sigma-rules", "data-confirm": DELETING},
    }
    return render_page(request, "hunting/sigma/list.html", context)


DELETING = "Delete the selected rules? Their alerts stay."


def _page_number(text: str, total: int) -> int:
    last = max(1, -(-total // listing.SIZE))
    return min(max(1, int(text)), last) if text.isdecimal() and len(text) < 8 else 1


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def export(request: Asked) -> StreamingHttpResponse:
    """The list as CSV, all of its filter."""
    chosen = listing.read_filter(request.GET)

    def written() -> Iterator[str]:
        yield csv_line(listing.HEADS)
        for line in listing.lines(chosen):
            yield csv_line(line)

    response = StreamingHttpResponse(written(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="sigma-rules.csv"'
    return response


@require_POST
@requires(Permission.DETECTION_TUNE)
def change(request: Asked) -> HttpResponse:
    """Switch, reschedule or delete the chosen rules, or (`all`) every rule of the filter in `return`; then where it came from."""
    back = safe_return(request)
    try:
        words = _changed(request, _keys(request, back), request.POST.get("do", ""))
        messages.success(request, words)
    except WatchfloorError as error:
        messages.error(request, f"Nothing was changed: {error.message}")
    return go(request, back)


def _keys(request: Asked, back: str) -> list[int]:
    if request.POST.get("all") == "yes":
        chosen = listing.read_filter(QueryDict(back.partition("?")[2]))
        return list(listing.rules(chosen).values_list("pk", flat=True))
    return [int(value) for value in request.POST.getlist("row") if value.isdecimal() and len(value) < 12]


def _changed(request: Asked, keys: list[int], do: str) -> str:
    by, now = request.actor, utc_now()
    if do in ("on", "off"):
        number = keeping.switch(keys=keys, enabled=do == "on", by=by, now=now)
        return f"{_rules(number)} switched {do}.{_left(keys) if do == 'on' else ''}"
    if do == "every":
        text = request.POST.get("every_minutes", "")
        minutes = int(text) if text.isdecimal() and len(text) < 8 else 0
        number = keeping.schedule(keys=keys, every_minutes=minutes, by=by, now=now)
        return f"{_rules(number)} run every {FREQUENCIES[minutes]} from now on."
    if do == "delete":
        return f"{_rules(keeping.delete(keys=keys, by=by))} deleted."
    raise BadInput("choose what to do", place="do")


def _rules(number: int) -> str:
    return f"{number:,} rule{'' if number == 1 else 's'}"


def _left(keys: list[int]) -> str:
    """What cannot be switched on is said, so that nobody believes it runs."""
    without: Any = SigmaEntry.objects.filter(kql="")
    number = sum(without.filter(pk__in=keys[at : at + 500]).count() for at in range(0, len(keys), 500))
    return f" {_rules(number)} cannot run: not converted, or part of a correlation." if number else ""
