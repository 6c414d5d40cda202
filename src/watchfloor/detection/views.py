"""The page of rules."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.detection.selectors import rule_states
from watchfloor.detection.services import switch_rule


@requires(Permission.SETTINGS_READ)
def detections(request: HttpRequest) -> HttpResponse:
    """Every rule: what it says, its severity, whether it is on, when it last hit."""
    may = request.actor.may(Permission.CONNECTION_MANAGE)  # type: ignore[attr-defined]
    return render(request, "detection/rules.html", {"states": rule_states(), "may_switch": may})


@require_POST
@requires(Permission.CONNECTION_MANAGE)
def switch(request: HttpRequest, rule_id: str) -> HttpResponse:
    """Turn one rule on or off, then show the page again."""
    enabled = request.POST.get("enabled") == "1"
    switch_rule(rule_id=rule_id, enabled=enabled, by=request.actor)  # type: ignore[attr-defined]
    messages.success(request, f"The rule is {'on' if enabled else 'off'}.")
    return redirect("/settings/detections")
