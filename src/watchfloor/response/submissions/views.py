"""The submissions page: what people reported, and what was handed in (SU-01, SU-10..12)."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.http import require_GET

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.kernel.clock import utc_now
from watchfloor.response.exports import csv_answer
from watchfloor.response.submissions import selectors
from watchfloor.response.submissions.policy import current
from watchfloor.response.submissions.rendering import (
    EXPORTED,
    REPORT_COLUMNS,
    SUBMITTED,
    export_line,
    heads,
    submission_line,
)
from watchfloor.response.views import actor_of
from watchfloor.ui.services import render_page

TABS = {"reported": "User reported", "emails": "Emails", "attachments": "Email attachments", "urls": "URLs"}
HERE = "/submissions"


def tab_of(parameters: QueryDict) -> str:
    return parameters.get("tab", "") if parameters.get("tab", "") in TABS else "reported"


@requires(Permission.EMAIL_METADATA_READ)
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """One tab of the page, with its filters in the address."""
    tab = tab_of(request.GET)
    context = {
        "tab": tab,
        "tabs": [(key, label, f"{HERE}?tab={key}", _open(key)) for key, label in TABS.items()],
        "may_submit": actor_of(request).may(Permission.EMAIL_ACTION_PROPOSE),
        "query": _without(request.GET, "page"),
        "asked": selectors.asked(request.GET.dict()),
        "choices": selectors.choices(),
        "sizes": selectors.SIZES,
    }
    more = _reported(request) if tab == "reported" else _submitted(request, tab)
    return render_page(request, "response/submissions/queue.html", context | more)


def _open(key: str) -> int | None:
    return selectors.open_reports() if key == "reported" else None


def _reported(request: HttpRequest) -> dict[str, Any]:
    now, asked = utc_now(), selectors.asked(request.GET.dict())
    page = Paginator(selectors.groups(asked, now=now).prefetch_related("submissions"), asked.size).get_page(asked.page)
    counts = selectors.quick_counts(now=now, period=asked.period)
    rows: list[Any] = list(page.object_list)
    for row in rows if asked.group else ():
        row.group_head = selectors.head_of(row, asked.group)
    return {
        "rows": rows,
        "group_field": asked.group,
        "total": page.paginator.count,
        "page": page.number,
        "pager_href": f"{HERE}?{_without(request.GET, 'page')}",
        "columns": heads(request.GET, asked.sort, columns=REPORT_COLUMNS),
        "quick": [
            (
                label,
                f"{HERE}?{_with(request.GET, show='' if asked.quick == key else key)}",
                counts[key],
                asked.quick == key,
            )
            for key, label in selectors.quick_filters()
        ],
        "reading": current().reading,
    }


def _submitted(request: HttpRequest, tab: str) -> dict[str, Any]:
    asked = selectors.asked(request.GET.dict())
    found = selectors.submissions(
        tab, search=asked.search, period=asked.period, now=utc_now(), disputed=request.GET.get("disputed") == "yes"
    )
    page = Paginator(found, asked.size).get_page(asked.page)
    return {
        "rows": list(page.object_list),
        "total": page.paginator.count,
        "page": page.number,
        "pager_href": f"{HERE}?{_without(request.GET, 'page')}",
        "disputed": request.GET.get("disputed") == "yes",
    }


@requires(Permission.EMAIL_METADATA_READ)
@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """The tab as CSV, all pages: of reports one line per report."""
    tab, asked, now = tab_of(request.GET), selectors.asked(request.GET.dict()), utc_now()
    if tab == "reported":
        return csv_answer("User reported.csv", EXPORTED, _reports(selectors.groups(asked, now=now)))
    found = selectors.submissions(tab, search=asked.search, period=asked.period, now=now)
    return csv_answer(f"{TABS[tab]}.csv", SUBMITTED, _lines(found))


def _reports(groups: Any) -> Iterator[list[str]]:
    for group in groups.iterator(chunk_size=500) if not groups._prefetch_related_lookups else groups:
        for line in group.lines.order_by("reported_at"):
            yield export_line(group, line)


def _lines(found: Any) -> Iterator[list[str]]:
    for row in found.iterator(chunk_size=500):
        yield submission_line(row)


def _with(parameters: QueryDict, **changed: str) -> str:
    kept = {key: value for key, value in parameters.items() if key != "page"} | changed
    return urlencode({key: value for key, value in kept.items() if value})


def _without(parameters: QueryDict, *names: str) -> str:
    return urlencode({key: value for key, value in parameters.items() if key not in names})
