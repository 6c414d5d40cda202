"""The pages of alerts: the queue and one alert."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.detection.selectors import rule as rule_of
from watchfloor.detection.selectors import rule_words
from watchfloor.incidents import selectors, services
from watchfloor.incidents.alert_story import story_tree
from watchfloor.incidents.contracts import AlertSummary
from watchfloor.incidents.explorer import explorer_link
from watchfloor.incidents.filters import ALERT_STATUSES, Filter, read_filter
from watchfloor.incidents.managing import KEEP, ids_of, manage_alert, options_for, text_of
from watchfloor.incidents.remedied import with_locations
from watchfloor.incidents.seeing import hidden_from
from watchfloor.incidents.similar import similar_alerts
from watchfloor.incidents.story import entity_graph
from watchfloor.incidents.views import (
    MOST_AT_ONCE,
    actor,
    as_csv,
    change_each,
    may_manage,
    page_number,
    queue_context,
    read_number,
    say,
)
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.text import spaced
from watchfloor.ui.services import render_page

EVIDENCE_SHOWN, MOST_EVIDENCE = 50, 5000


def _filter(request: HttpRequest) -> Filter:
    chosen = read_filter(request.GET, statuses=("new", "inProgress"), range="7d")
    return replace(chosen, hidden=hidden_from(actor(request)))


@requires(Permission.INCIDENT_READ)
def queue(request: HttpRequest) -> HttpResponse:
    """New and in progress of the last seven days, newest first (AL-01)."""
    chosen = _filter(request)
    listing = selectors.alert_queue(chosen, now=utc_now(), me=ids_of(actor(request)), page=page_number(request))
    return render_page(request, "incidents/alert_queue.html", queue_context(request, "alerts", chosen, listing))


@requires(Permission.INCIDENT_READ)
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The list as CSV: the same filter, every column, all rows."""
    return as_csv(selectors.alerts_export(_filter(request), now=utc_now(), me=ids_of(actor(request))), "alerts")


@require_POST
@requires(Permission.INCIDENT_MANAGE)
def bulk(request: HttpRequest) -> HttpResponse:
    """One change to every chosen alert (AL-06)."""
    chosen = list(dict.fromkeys(request.POST.getlist("row")))[:MOST_AT_ONCE]
    wanted = {name: request.POST.get(name, KEEP) for name in ("status", "assigned", "classification")}
    comment = text_of(request.POST, "comment")

    def one(alert: str) -> bool:
        return bool(manage_alert(current=selectors.alert(alert), data=wanted | {"comment": comment}, by=actor(request)))

    return change_each(request, chosen, one, what="alert", back="/alerts")


@requires(Permission.INCIDENT_READ)
def page(request: HttpRequest, alert: str) -> HttpResponse:
    """What happened, why the rule fired, the evidence, the incident, the history (AL-05, AP-16)."""
    found = selectors.alert(alert)
    rule = rule_of(found.rule_id)
    whole = request.GET.get("evidence") == "all"
    items = selectors.evidence_items(alert=alert, limit=MOST_EVIDENCE)
    context = {
        "alert": found,
        "rule": rule,
        "rule_says": rule_words(rule) if rule else (),
        "graph": entity_graph(found.incident_id, alert=alert),
        "similar": similar_alerts(alert, limit=20),
        "explorer": _explorer(alert),
        "items": with_locations(items if whole else items[:EVIDENCE_SHOWN]),
        "more_evidence": 0 if whole or len(items) <= EVIDENCE_SHOWN else len(items),
        "history": selectors.history_of(alert=alert),
        "facts": _facts(found),
        "may_manage": may_manage(request),
        "may_tune": actor(request).may(Permission.DETECTION_TUNE),
        "may_mail": actor(request).may(Permission.EMAIL_METADATA_READ),
        "manage_attrs": {"hx-get": f"{found.href}/manage", "hx-target": "#flyout"},
    }
    return render_page(request, "incidents/alert.html", context)


@requires(Permission.INCIDENT_READ)
def story(request: HttpRequest, alert: str) -> HttpResponse:
    """The tree of its story, read when the page is there (AL-05)."""
    found = selectors.alert(alert)
    items = selectors.evidence_items(alert=alert, limit=MOST_EVIDENCE)
    context = {"branches": story_tree(found, items, actor=actor(request))}
    return render_page(request, "incidents/alert_tree.html", context)


def _explorer(alert: str) -> str:
    """Explorer with the mails of this alert (AL-10)."""
    mails = selectors.evidence_items(alert=alert, types=("analyzedMessage",), limit=200)
    if not mails:
        return ""
    first, last = min(one.first_seen for one in mails), max(one.last_seen for one in mails)
    return explorer_link("analyzedMessage", [one.value for one in mails], first, last)


@requires(Permission.INCIDENT_READ)
def similar(request: HttpRequest, alert: str) -> HttpResponse:
    """Alerts like this one, with why; those ticked are changed together with it (AL-06)."""
    found = selectors.alert(alert)
    context = {
        "alert": found,
        "similar": similar_alerts(alert, limit=200),
        "may_manage": may_manage(request),
        "selects": {"data-needs-selection": "similar-alerts"},
        **options_for(statuses=ALERT_STATUSES),
    }
    return render_page(request, "incidents/alert_similar.html", context)


def _facts(found: AlertSummary) -> list[tuple[Any, ...]]:
    return [
        ("Alert ID", found.alert_id),
        ("Category", spaced(found.category)),
        *([("Detection source", found.source)] if found.source else []),
        *(
            [("Operations", ", ".join(dict.fromkeys(one.operation for one in found.activities)))]
            if found.activities
            else []
        ),
        *([("Users", _users(found))] if found.impacted else []),
        ("ATT&CK techniques", ", ".join(found.techniques)),
        ("Hits", f"{found.hits:,}"),
        ("First activity", found.first_activity),
        ("Last activity", found.last_activity),
        ("Raised", found.created_at),
        ("Assigned to", found.assigned_name or "Nobody"),
        ("Classification", services.classification_words(found.classification, found.determination)),
    ]


def _users(found: AlertSummary) -> str:
    more = found.impacted_count - len(found.impacted)
    return f"{', '.join(found.impacted)}{f' and {more:,} more' if more > 0 else ''}"


@requires(Permission.INCIDENT_MANAGE)
def manage(request: HttpRequest, alert: str) -> HttpResponse:
    """The manage panel of one alert, and what it does (AL-06)."""
    found = selectors.alert(alert)
    if request.method != "POST":
        stands = f"{found.classification}/{found.determination}" if found.classification else ""
        context = {"alert": found, "stands": stands, **options_for(statuses=ALERT_STATUSES)}
        return render_page(request, "incidents/alert_manage.html", context)
    return say(request, found.href, lambda: manage_alert(current=found, data=request.POST, by=actor(request)))


@require_POST
@requires(Permission.INCIDENT_MANAGE)
def link_several(request: HttpRequest) -> HttpResponse:
    """Move the chosen alerts into one incident; with no number the first opens a new one for all (AL-07)."""
    chosen = list(dict.fromkeys(request.POST.getlist("row")))[:MOST_AT_ONCE]
    comment, text = text_of(request.POST, "comment"), text_of(request.POST, "incident")

    def act() -> list[str]:
        number = read_number(text) if text else 0
        for alert in chosen:
            if number:
                services.link_alert(alert=alert, incident=number, comment=comment, by=actor(request))
            else:
                number = services.split_alert(alert=alert, comment=comment, by=actor(request))
        return [f"{len(chosen)} alerts linked to incident {number}"]

    return say(request, "/alerts", act)


@require_POST
@requires(Permission.INCIDENT_MANAGE)
def link(request: HttpRequest, alert: str) -> HttpResponse:
    """Move the alert into another incident, or with no number into a new one (AL-07)."""

    def act() -> list[str]:
        text, comment = text_of(request.POST, "incident"), text_of(request.POST, "comment")
        if not text:
            number = services.split_alert(alert=alert, comment=comment, by=actor(request))
            return [f"moved to the new incident {number}"]
        services.link_alert(alert=alert, incident=read_number(text), comment=comment, by=actor(request))
        return [f"linked to incident {text}"]

    return say(request, f"/alerts/{alert}", act)
