"""The page of mail notifications: the rules, one rule's form, who was told lately (IN-19)."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.connectors.services import can_send, webhooks
from watchfloor.incidents import notifying
from watchfloor.incidents.contracts import SEVERITIES, WORDS
from watchfloor.incidents.offering import sources_known, tags_known
from watchfloor.incidents.views import actor, may_manage
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.ui.services import render_page

HOME = "/settings/incident-notifications"


@requires(Permission.INCIDENT_READ)
def listing(request: HttpRequest) -> HttpResponse:
    """Every rule in words, how much it sent today, and the latest notices."""
    rules = notifying.rules_with_counts(now=utc_now())
    context = {
        "rules": [(rule, notifying.words_of(rule)) for rule in rules],
        "notices": notifying.latest_notices(),
        "can_send": can_send(),
        "may_manage": may_manage(request),
    }
    return render_page(request, "incidents/notifications.html", context)


@requires(Permission.INCIDENT_MANAGE)
def add(request: HttpRequest) -> HttpResponse:
    """A new rule."""
    return _form(request, None)


@requires(Permission.INCIDENT_MANAGE)
def change(request: HttpRequest, number: int) -> HttpResponse:
    """An existing rule."""
    return _form(request, number)


def _form(request: HttpRequest, number: int | None) -> HttpResponse:
    error = ""
    if request.method == "POST":
        try:
            rule = notifying.save_rule(wanted=_wanted(request.POST), by=actor(request), at=utc_now(), number=number)
        except WatchfloorError as problem:
            error = str(problem)
        else:
            messages.success(request, f"Saved: {rule.name}.")
            return redirect(HOME)
    context = {
        "number": number,
        "error": error,
        "rule": _wanted(request.POST) if error else notifying.rule_of(number) if number else NEW,
        "severities": [(one, WORDS[one]) for one in SEVERITIES],
        "sources": sources_known(),
        "tags": tags_known(),
        "webhooks": webhooks(),
    }
    return render_page(request, "incidents/notification.html", context, status=400 if error else 200)


NEW = notifying.Wanted("", ("high",), (), (), (), 50)


def _wanted(data: Any) -> notifying.Wanted:
    """The form as typed; what is no number is no cap and refused as such."""
    cap = data.get("daily_cap", "").strip()
    return notifying.Wanted(
        name=data.get("name", ""),
        severities=tuple(data.getlist("severity")),
        sources=tuple(dict.fromkeys(one[:300] for one in data.getlist("source"))),
        tags=_split(data.get("tags", "")),
        recipients=_split(data.get("recipients", "")),
        daily_cap=int(cap) if cap.isdecimal() and len(cap) < 6 else 0,
        enabled="enabled" in data,
        webhooks=tuple(dict.fromkeys(data.getlist("webhook"))),
    )


def _split(text: str) -> tuple[str, ...]:
    parts = text.replace("\x00", "").replace("\n", ",").replace(";", ",").split(",")
    return tuple(dict.fromkeys(one.strip()[:320] for one in parts if one.strip()))


@require_POST
@requires(Permission.INCIDENT_MANAGE)
def delete(request: HttpRequest, number: int) -> HttpResponse:
    """Forget a rule."""
    notifying.delete_rule(number=number, by=actor(request))
    messages.success(request, "The rule was deleted.")
    return redirect(HOME)
