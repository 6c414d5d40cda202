"""The pages of alert policies: all of them, one, its form, who is told of it."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.connectors.services import can_send, webhooks
from watchfloor.detection import keeping
from watchfloor.detection.backtest import BackTest, back_test
from watchfloor.detection.contracts import SEVERITIES, Rule, RuleState
from watchfloor.detection.counting import Volume, busiest, learned_words, volumes
from watchfloor.detection.forms import TRIGGER_WORDS, edited, offered, read_draft, read_notify
from watchfloor.detection.policies import WATCHED, Draft, draft_of
from watchfloor.detection.selectors import delivery_of, rule_state, rule_states
from watchfloor.detection.unusual import sentence_of
from watchfloor.detection.words import label, span_words
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import NotFound, WatchfloorError
from watchfloor.ui.services import render_page

HOME = "/settings/detections"
TABS = (("", "All"), ("custom", "Made here"), ("system", "Built in"), ("off", "Off"))
TEST_DAYS = (1, 7, 30)
GROUPS_SHOWN = 20


def actor(request: HttpRequest) -> Actor:
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def _may(request: HttpRequest) -> bool:
    return actor(request).may(Permission.DETECTION_TUNE)


@require_GET
@requires(Permission.SETTINGS_READ)
def detections(request: HttpRequest) -> HttpResponse:
    """Every policy: what it says, its severity, whether it is on, who is told, when it last hit."""
    states, show, text = rule_states(), request.GET.get("show", ""), request.GET.get("q", "").strip().lower()
    shown = [one for one in states if _in_tab(one, show) and (not text or text in one.rule.title.lower())]
    context = {
        "states": shown,
        "tabs": [
            (key, label, f"{HOME}?show={key}" if key else HOME, sum(_in_tab(one, key) for one in states))
            for key, label in TABS
        ],
        "show": show if show in dict(TABS) else "",
        "q": text,
        "may_change": _may(request),
    }
    return render_page(request, "detection/rules.html", context)


def _in_tab(state: RuleState, key: str) -> bool:
    if key == "off":
        return not state.enabled
    return key not in ("custom", "system") or state.rule.built_in is (key == "system")


@require_GET
@requires(Permission.SETTINGS_READ)
def page(request: HttpRequest, rule_id: str) -> HttpResponse:
    """One policy: what it looks for, its volume beside what is usual, who is told, what to do about its alerts."""
    state, now = _state(rule_id), utc_now()
    context: dict[str, Any] = {
        "state": state,
        "facts": _facts(state),
        "may_change": _may(request),
        "may_read_alerts": actor(request).may(Permission.INCIDENT_READ),
        "can_send": can_send(),
    }
    if state.rule.unusual is not None:
        context |= _volume_context(state.rule, request.GET.get("of", ""), now=now)
    return render_page(request, "detection/policy.html", context)


def _volume_context(rule: Rule, chosen: str, *, now: datetime) -> dict[str, Any]:
    """The volume of one group beside what is usual of it, and of the busiest groups the newest window."""
    assert rule.unusual is not None
    days = rule.unusual.baseline_days if rule.unusual.window >= timedelta(days=1) else 3
    start = now - timedelta(days=days)
    groups = busiest(rule, start=start, end=now)[:GROUPS_SHOWN]
    chosen = chosen[:400].replace("\x00", "") if rule.unusual.group_by else ""
    chosen = chosen or next(iter(groups), "")
    found = volumes(rule, start=start, end=now, groups=list(dict.fromkeys((chosen, *groups))))
    seen = found.get(chosen, Volume((), None, rule.unusual.window))
    context = {
        "volume": seen,
        "of": chosen,
        "learned": learned_words(seen, rule, now=now),
        "outside": [sentence_of(one, rule, chosen) for one in seen.outside[:5]],
    }
    if rule.unusual.group_by:
        context |= {
            "group_label": label(rule.unusual.group_by, rule.table),
            "groups": [(group, one.newest, len(one.outside)) for group, one in found.items() if one.newest],
        }
    return context


def _state(rule_id: str) -> RuleState:
    found = rule_state(rule_id)
    if found is None:
        raise NotFound("there is no such alert policy")
    return found


def _facts(state: RuleState) -> list[tuple[Any, ...]]:
    rule, window = state.rule, state.rule.aggregation.window
    table = WATCHED[rule.table].label if rule.table in WATCHED else rule.table
    return [
        ("Kind", "Built in" if rule.built_in else "Made here"),
        ("Watches", f"{table} ({rule.table})"),
        ("Set off", dict(TRIGGER_WORDS)[rule.trigger]),
        ("Hits become one alert", f"within {span_words(window)}" if window else "never: each its own"),
        ("Category", rule.policy_category),
        *([("ATT&CK techniques", ", ".join(rule.techniques))] if rule.techniques else []),
        *([("Shipped severity", state.shipped_severity)] if state.shipped_severity != rule.severity else []),
        ("Findings", f"{state.findings:,}"),
        *([("Last hit", state.last_hit)] if state.last_hit else []),
        ("Fed by", rule.source),
        *([("Last changed by", state.changed_by)] if state.changed_by else []),
    ]


@requires(Permission.DETECTION_TUNE)
def add(request: HttpRequest) -> HttpResponse:
    """A new policy; its conditions may come with the address, as from Explorer."""
    return _form(request, None, Draft())


@requires(Permission.DETECTION_TUNE)
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """A policy that was made here."""
    return _form(request, number, draft_of(keeping.policy(number)))


def _form(request: HttpRequest, number: int | None, base: Draft) -> HttpResponse:
    posted = request.method == "POST"
    now, error, told, what = utc_now(), "", None, request.POST.get("do", "")
    draft = read_draft(request.POST if posted else request.GET, base=base)
    try:
        if what == "save":
            kept = keeping.save_policy(draft=draft, by=actor(request), now=now, number=number)
            messages.success(request, f"Saved: {kept.title}.")
            return redirect(f"{HOME}/{kept.rule_id}")
        if what.startswith("try"):
            told = _tried(draft, what, by=actor(request), now=now)
        elif what:
            draft = edited(draft, request.POST)
    except WatchfloorError as problem:
        error = str(problem)
    context = {"draft": draft, "number": number, "error": error, "told": told, "days": TEST_DAYS, **offered(draft)}
    return render_page(request, "detection/form.html", context, status=400 if error else 200)


def _tried(draft: Draft, what: str, *, by: Actor, now: datetime) -> BackTest:
    days = what.partition(":")[2]
    return back_test(draft.rule(), by=by, now=now, days=int(days) if days.isdecimal() and len(days) < 3 else 7)


@require_POST
@requires(Permission.DETECTION_TUNE)
def switch(request: HttpRequest, rule_id: str) -> HttpResponse:
    """Turn one rule on or off, then show the page again."""
    enabled = request.POST.get("enabled") == "1"
    keeping.switch_rule(rule_id=rule_id, enabled=enabled, by=actor(request))
    messages.success(request, f"The policy is {'on' if enabled else 'off'}.")
    return redirect(HOME if request.POST.get("back") == "list" else f"{HOME}/{rule_id}")


@require_POST
@requires(Permission.DETECTION_TUNE)
def delete(request: HttpRequest, number: int) -> HttpResponse:
    """Forget a policy that was made here."""
    messages.success(request, f"Deleted: {keeping.delete_policy(number=number, by=actor(request))}.")
    return redirect(HOME)


@requires(Permission.DETECTION_TUNE)
def notify(request: HttpRequest, rule_id: str) -> HttpResponse:
    """Who is told of the alerts of a rule, whoever's it is: ours, a custom detection, a Sigma rule (AP-03)."""
    state, error = rule_state(rule_id), ""
    if request.method == "POST":
        try:
            keeping.set_rule(rule_id=rule_id, notify=read_notify(request.POST), by=actor(request), now=utc_now())
        except WatchfloorError as problem:
            error = str(problem)
        else:
            messages.success(request, "Saved.")
            return redirect(f"{HOME}/{rule_id}" if state else f"{HOME}/{rule_id}/notify")
    severity = state.rule.severity if state and state.rule.severity != state.shipped_severity else ""
    now_set = read_notify(request.POST) if error else delivery_of(rule_id)
    context = {
        "rule_id": rule_id,
        "state": state,
        "error": error,
        "set": now_set,
        "severity": severity,
        "severities": [(one, one.capitalize()) for one in SEVERITIES],
        "webhooks": sorted({*webhooks(), *now_set.webhooks}),
        "can_send": can_send(),
    }
    return render_page(request, "detection/notify.html", context, status=400 if error else 200)
