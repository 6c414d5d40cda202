"""The pages of incidents: the queue, one incident with its tabs, the manage panel."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.incidents import selectors, services
from watchfloor.incidents.columns import COLUMNS, chosen_columns, in_order
from watchfloor.incidents.contracts import SEVERITIES, WORDS, IncidentSummary, Listing
from watchfloor.incidents.explorer import explorer_link
from watchfloor.incidents.filters import (
    ALERT_SORTS,
    ALERT_STATUSES,
    INCIDENT_SORTS,
    INCIDENT_STATUSES,
    RANGES,
    Filter,
    read_filter,
)
from watchfloor.incidents.keeping import saved_filters
from watchfloor.incidents.managing import KEEP, ids_of, manage_incident, options_for, text_of
from watchfloor.incidents.seeing import hidden_from
from watchfloor.incidents.story import last_day
from watchfloor.incidents.tabs import TABS, tab_context
from watchfloor.incidents.wording import chips, span
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, WatchfloorError
from watchfloor.kernel.text import csv_line, spaced
from watchfloor.ui.services import render_page

DEFAULT_STATUSES = ("active", "inProgress")
MOST_AT_ONCE = 500
WORKABLE = ("active", "inProgress", "resolved")
IN_PANE = (
    *("classification", "alert-severity", "category", "source", "rule", "technique", "tag", "has", "several", "entity"),
)
"""The fields of the filter pane; the bar carries them along."""


def actor(request: HttpRequest) -> Actor:
    """Who asks; set by the gate."""
    return request.actor  # type: ignore[attr-defined,no-any-return]


def may_manage(request: HttpRequest) -> bool:
    return actor(request).may(Permission.INCIDENT_MANAGE)


def _filter(request: HttpRequest) -> Filter:
    chosen = read_filter(request.GET, statuses=DEFAULT_STATUSES, range="180d")
    return replace(chosen, hidden=hidden_from(actor(request)))


def address_without_page(request: HttpRequest) -> str:
    """The page's own address, for the pager."""
    parameters = request.GET.copy()
    parameters.pop("page", None)
    return f"{request.path}?{parameters.urlencode()}" if parameters else request.path


def page_number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return int(text) if text.isdecimal() and len(text) < 7 else 1


@requires(Permission.INCIDENT_READ)
def queue(request: HttpRequest) -> HttpResponse:
    """The incident queue (IN-01..08)."""
    chosen, now = _filter(request), utc_now()
    listing = selectors.incident_queue(chosen, now=now, me=ids_of(actor(request)), page=page_number(request))
    return render_page(request, "incidents/queue.html", queue_context(request, "incidents", chosen, listing))


def queue_context(request: HttpRequest, queue: str, chosen: Filter, listing: Listing) -> dict[str, Any]:
    """What both queues' pages show beside their rows."""
    columns = chosen_columns(queue, actor(request))
    options = options_for(statuses=WORKABLE if queue == "incidents" else ALERT_STATUSES)
    statuses = INCIDENT_STATUSES if queue == "incidents" else ALERT_STATUSES
    own = address_without_page(request)
    return {
        "queue": queue,
        "listing": listing,
        "chosen": chosen,
        "columns": columns,
        "arranged": in_order(queue, columns),
        "chips": chips(chosen, request.GET, assignees={one.value: one.label for one in options["assignees"]}),
        "span": span(chosen),
        "query": request.GET.urlencode(),
        "href": own,
        "link": request.build_absolute_uri(own),
        "export": f"/{queue}/export.csv?{request.GET.urlencode()}",
        "saved": saved_filters(queue=queue, by=actor(request)),
        "ranges": [(key, label) for key, (label, _) in RANGES.items()],
        "sorts": [
            (key, label) for key, (label, _) in (INCIDENT_SORTS if queue == "incidents" else ALERT_SORTS).items()
        ],
        "severities": SEVERITIES,
        "queue_statuses": [(value, WORDS[value]) for value in statuses],
        "kept": [(name, value) for name in IN_PANE for value in request.GET.getlist(name) if value],
        "may_manage": may_manage(request),
        "me": actor(request).id,
        "selects": {"data-needs-selection": queue},
        **options,
    }


@requires(Permission.INCIDENT_READ)
def last_hours(request: HttpRequest) -> HttpResponse:
    """The graph of the last 24 hours, read when somebody unfolds it (IN-02)."""
    return render_page(request, "incidents/last_day.html", {"chart": last_day(now=utc_now())})


@requires(Permission.INCIDENT_READ)
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The queue as CSV: the same filter, every column, all rows."""
    rows = selectors.incidents_export(_filter(request), now=utc_now(), me=ids_of(actor(request)))
    return as_csv(rows, "incidents")


def as_csv(rows: Iterable[Any], queue: str) -> StreamingHttpResponse:
    """Every column of a queue, line by line as they are read."""
    columns = COLUMNS[queue]
    heads = csv_line([column.label for column in columns])
    lines = (csv_line([column.plain(row) for column in columns]) for row in rows)
    response = StreamingHttpResponse(chain([heads], lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{queue}.csv"'
    return response


@require_POST
@requires(Permission.INCIDENT_MANAGE)
def bulk(request: HttpRequest) -> HttpResponse:
    """One change to every chosen incident (IN-10)."""
    chosen = [int(value) for value in request.POST.getlist("row") if value.isdecimal() and len(value) < 10]
    wanted = {name: request.POST.get(name, KEEP) for name in ("status", "assigned", "classification", "severity")}
    wanted |= {name: text_of(request.POST, name) for name in ("tags", "note", "comment")}

    def one(number: int) -> bool:
        return bool(manage_incident(current=selectors.incident(number), data=wanted, by=actor(request)))

    return change_each(request, chosen, one, what="incident", back="/incidents")


def change_each(
    request: HttpRequest, chosen: Sequence[Any], change: Callable[[Any], bool], *, what: str, back: str
) -> HttpResponse:
    """Change one after the other, say how many and which refused, go back to the queue."""
    changed, refused = 0, []
    for one in chosen[:MOST_AT_ONCE]:
        try:
            changed += change(one)
        except WatchfloorError as error:
            refused.append(f"{one}: {error}")
    messages.success(request, f"{changed} of {len(chosen)} {what}s changed.")
    if refused:
        messages.error(request, "; ".join(refused[:5]) + (f"; and {len(refused) - 5} more" if refused[5:] else ""))
    return redirect(safe_return(request, back))


def safe_return(request: HttpRequest, default: str) -> str:
    """Where a form says it came from, if that is one of our own pages."""
    wanted = request.POST.get("return", "")
    return wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else default


@requires(Permission.INCIDENT_READ)
def page(request: HttpRequest, incident: int) -> HttpResponse:
    """One incident; a merged one says where it went (IN-20..36)."""
    found = selectors.incident(incident)
    tab = request.GET.get("tab", "story")
    tab = tab if tab in dict(TABS) else "story"
    context = {
        "incident": found,
        "tab": tab,
        "may_manage": may_manage(request),
        **tab_context(request, found, tab, actor=actor(request)),
    }
    counts = {"alerts": found.alerts, "assets": found.users + found.mailboxes}
    context["tabs"] = [(key, label, f"{found.href}?tab={key}", counts.get(key)) for key, label in TABS]
    context["manage_attrs"] = {"hx-get": f"{found.href}/manage", "hx-target": "#flyout"}
    context["export_attrs"] = {"hx-get": f"{found.href}/export", "hx-target": "#flyout"}
    context["explorer"], context["facts"] = _explorer(found), _facts(found)
    return render_page(request, f"incidents/tab_{tab}.html", context)


def _explorer(found: IncidentSummary) -> str:
    """Explorer with the mails of this incident."""
    mails = selectors.evidence_items(incident=found.id, types=("analyzedMessage",), limit=200)
    if not mails:
        return ""
    values = [item.value for item in mails]
    return explorer_link("analyzedMessage", values, min(i.first_seen for i in mails), max(i.last_seen for i in mails))


@requires(Permission.INCIDENT_READ)
def summary(request: HttpRequest, incident: int) -> HttpResponse:
    """The fly-out: what it is, its alerts, who is touched, what to do next (IN-38)."""
    found = selectors.incident(incident)
    context = {
        "incident": found,
        "alerts": selectors.alerts_of_incident(incident, limit=20),
        "assets": selectors.evidence_items(incident=incident, types=("user", "mailbox"), limit=10),
        "may_manage": may_manage(request),
        "manage_attrs": {"hx-get": f"{found.href}/manage", "hx-target": "#flyout"},
        "facts": _facts(found),
        "explorer": _explorer(found),
    }
    return render_page(request, "incidents/summary.html", context)


def _facts(found: IncidentSummary) -> list[tuple[str, Any]]:
    classified = services.classification_words(found.classification, found.determination)
    return [
        ("Incident number", str(found.id)),
        ("Assigned to", found.assigned_name or "Nobody"),
        ("Classification", classified),
        ("Categories", ", ".join(spaced(one) for one in found.categories)),
        ("First activity", found.first_activity),
        ("Last activity", found.last_activity),
        ("Mailboxes", f"{found.mailboxes:,}"),
    ]


@requires(Permission.INCIDENT_MANAGE)
def manage(request: HttpRequest, incident: int) -> HttpResponse:
    """The manage panel, and what it does (IN-10..17)."""
    found = selectors.incident(incident)
    if request.method != "POST":
        stands = f"{found.classification}/{found.determination}" if found.classification else ""
        context = {"incident": found, "stands": stands, "severities": SEVERITIES, **options_for(statuses=WORKABLE)}
        return render_page(request, "incidents/manage.html", context)
    return say(
        request,
        f"{found.href}?tab=activity",
        lambda: manage_incident(current=found, data=request.POST, by=actor(request)),
    )


def say(request: HttpRequest, back: str, act: Any) -> HttpResponse:
    """Do it, say what was done or why not, go back to the page."""
    try:
        done = act()
    except WatchfloorError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Done: {', '.join(done)}." if done else "Nothing to change.")
    return redirect(safe_return(request, back))


@require_POST
@requires(Permission.INCIDENT_MANAGE)
def untag(request: HttpRequest, incident: int) -> HttpResponse:
    """Take a tag away."""

    def act() -> list[str]:
        services.untag(incident=incident, text=request.POST.get("tag", ""), by=actor(request))
        return ["tag removed"]

    return say(request, f"/incidents/{incident}", act)


@require_POST
@requires(Permission.INCIDENT_MANAGE)
def merge(request: HttpRequest, incident: int) -> HttpResponse:
    """Merge this incident into another one, named by its number (IN-44)."""

    def act() -> list[str]:
        into = read_number(request.POST.get("into", ""))
        services.merge(source=incident, into=into, comment=text_of(request.POST, "comment"), by=actor(request))
        return [f"merged into incident {into}"]

    return say(request, f"/incidents/{incident}", act)


@require_POST
@requires(Permission.INCIDENT_MANAGE)
def unmerge(request: HttpRequest, incident: int) -> HttpResponse:
    """Take this incident out of the one it was merged into (LM-15)."""

    def act() -> list[str]:
        moved = services.unmerge(source=incident, by=actor(request))
        return [f"{moved} alerts returned"]

    return say(request, f"/incidents/{incident}", act)


def read_number(text: str) -> int:
    if not text.strip().isdecimal() or len(text.strip()) > 9:
        raise BadInput("give the number of the other incident", place="incident")
    return int(text)
