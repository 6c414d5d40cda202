"""The pages of alert tuning: the rules, one rule's form with its preview, what is hidden."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.incidents import selectors, tuning_keeping
from watchfloor.incidents.contracts import AlertSummary, EvidenceItem
from watchfloor.incidents.models import TuningRule
from watchfloor.incidents.tuned import hidden_alerts
from watchfloor.incidents.tuning import read
from watchfloor.incidents.tuning_forms import LISTED, initial, of_post, of_rule, offered, read_wanted
from watchfloor.incidents.tuning_preview import preview
from watchfloor.incidents.views import actor, may_manage, page_number
from watchfloor.intelligence.contracts import Effect
from watchfloor.intelligence.services import add_entry
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, WatchfloorError
from watchfloor.ui.services import render_page

HOME = "/settings/alert-tuning"
HIDDEN = "/alerts/hidden"
A_PAGE = 50


@require_GET
@requires(Permission.INCIDENT_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """Every rule in words, what it did, and when it ends."""
    now = utc_now()
    rules = [
        (one, _words(one), one.expires_at is not None and one.expires_at <= now) for one in TuningRule.objects.all()
    ]
    context = {
        "rules": rules,
        "hidden": hidden_alerts(by=actor(request)).count(),
        "may_change": _may(request),
        "may_manage": may_manage(request),
    }
    return render_page(request, "incidents/tuning_rules.html", context)


def _may(request: HttpRequest) -> bool:
    return actor(request).may(Permission.DETECTION_TUNE)


def _words(rule: TuningRule) -> tuple[str, ...]:
    try:
        return read(rule.conditions).words
    except BadInput:
        return ("written by a newer version; it rests",)


@requires(Permission.DETECTION_TUNE)
def add(request: HttpRequest) -> HttpResponse:
    """A new rule, begun with the evidence of an alert when one is named."""
    found, evidence = _alert(request)
    return _form(request, None, initial(found, evidence), found, evidence)


@requires(Permission.DETECTION_TUNE)
def change(request: HttpRequest, number: int) -> HttpResponse:
    """A kept rule."""
    return _form(request, number, of_rule(tuning_keeping.tuning_rule(number)), None, ())


def _alert(request: HttpRequest) -> tuple[AlertSummary | None, tuple[EvidenceItem, ...]]:
    name = request.GET.get("alert", "")
    if not name or not actor(request).may(Permission.INCIDENT_READ):
        return None, ()
    return selectors.alert(name), selectors.evidence_items(alert=name, limit=500)


def _form(
    request: HttpRequest,
    number: int | None,
    values: dict[str, Any],
    alert: AlertSummary | None,
    evidence: tuple[EvidenceItem, ...],
) -> HttpResponse:
    error, seen, now = "", None, utc_now()
    if request.method == "POST":
        values = of_post(request.POST)
        try:
            wanted = read_wanted(request.POST)
            if request.POST.get("do") != "preview":
                kept = tuning_keeping.save_tuning(wanted=wanted, by=actor(request), now=now, number=number)
                messages.success(request, f"Saved: {kept.name}. It holds for alerts raised from now on.")
                _allow(request, evidence)
                return redirect(HOME)
            seen = preview(wanted=wanted, by=actor(request), now=now)
        except WatchfloorError as problem:
            error = str(problem)
    context = {
        "number": number,
        "values": values,
        "error": error,
        "seen": seen,
        "alert": alert,
        "indicators": [one for one in evidence if one.type in LISTED][:20],
        "allowed": request.POST.getlist("allow"),
        **offered(values),
    }
    return render_page(request, "incidents/tuning_form.html", context, status=400 if error else 200)


def _allow(request: HttpRequest, evidence: tuple[EvidenceItem, ...]) -> None:
    """Put the ticked entities on the allow list for as long as it lets such entries last; why one may not is said, the rule stands all the same."""
    ticked = set(request.POST.getlist("allow"))
    mail = next((one.value for one in evidence if one.type == "analyzedMessage"), "")
    for one in evidence:
        if one.type not in LISTED or f"{one.type}:{one.value}" not in ticked:
            continue
        try:
            name = add_entry(
                by=actor(request),
                kind=LISTED[one.type],
                effect=Effect.ALLOW,
                value=one.value,
                note="Expected activity: made with an alert tuning rule",
                email=mail,
                now=utc_now(),
            )
            messages.success(request, f"On the allow list: {name}.")
        except WatchfloorError as problem:
            messages.error(request, f"Not on the allow list: {problem}")


@require_POST
@requires(Permission.DETECTION_TUNE)
def switch(request: HttpRequest, number: int) -> HttpResponse:
    """Turn a rule on or off."""
    enabled = request.POST.get("enabled") == "1"
    tuning_keeping.switch_tuning(number=number, enabled=enabled, by=actor(request), now=utc_now())
    messages.success(request, f"The rule is {'on' if enabled else 'off'}.")
    return redirect(HOME)


@require_POST
@requires(Permission.DETECTION_TUNE)
def delete(request: HttpRequest, number: int) -> HttpResponse:
    """Forget a rule."""
    messages.success(request, f"Deleted: {tuning_keeping.delete_tuning(number=number, by=actor(request))}.")
    return redirect(HOME)


@require_POST
@requires(Permission.INCIDENT_MANAGE)
def reopen(request: HttpRequest, number: int) -> HttpResponse:
    """Make the alerts new again that a rule resolved."""
    count = tuning_keeping.reopen_tuned(number=number, by=actor(request), now=utc_now())
    messages.success(request, f"{count} alert{'' if count == 1 else 's'} reopened.")
    return redirect(HOME)


@require_GET
@requires(Permission.INCIDENT_READ)
def hidden(request: HttpRequest) -> HttpResponse:
    """Alerts that were not raised because a rule hides them, newest first."""
    rows, by = hidden_alerts(by=actor(request)).select_related("tuned_by"), request.GET.get("by", "")
    rows = rows.filter(tuned_by=int(by)) if by.isdecimal() and len(by) < 18 else rows
    page = Paginator(rows, A_PAGE).get_page(page_number(request))
    context = {
        "rows": page.object_list,
        "page": page.number,
        "total": page.paginator.count,
        "size": A_PAGE,
        "here": f"{HIDDEN}?by={by}" if by else HIDDEN,
        "may_manage": may_manage(request),
        "selects": {"data-needs-selection": "hidden-alerts"},
    }
    return render_page(request, "incidents/hidden.html", context)


@require_POST
@requires(Permission.INCIDENT_MANAGE)
def unhide(request: HttpRequest) -> HttpResponse:
    """Raise the chosen ones after all."""
    count = tuning_keeping.unhide(keys=request.POST.getlist("row"), by=actor(request), now=utc_now())
    messages.success(request, f"{count} alert{'' if count == 1 else 's'} raised.")
    return redirect(HIDDEN)
