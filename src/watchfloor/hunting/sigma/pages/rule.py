"""One rule: what it says, what it became, how it runs, what it found."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Permission
from watchfloor.access.services import requires
from watchfloor.hunting.advanced.page import link
from watchfloor.hunting.advanced.window import SPANS, Window
from watchfloor.hunting.custom.keeping import FREQUENCIES
from watchfloor.hunting.models import SigmaEntry
from watchfloor.hunting.sigma import keeping, listing
from watchfloor.hunting.sigma.matching import SEVERITIES, source_of
from watchfloor.hunting.sigma.pages.asked import LIST, Asked, go
from watchfloor.hunting.sigma.rules import Kind
from watchfloor.incidents.selectors import alerts_by_rule
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.ui.services import render_page

SHOWN_DAYS = 30
SHOWN_ALERTS = 10


@require_GET
@requires(Permission.EMAIL_METADATA_READ)
def page(request: Asked, key: int) -> HttpResponse:
    """The rule with its author's words, its text and query, its runs and its matches."""
    rule = keeping.entry(key)
    now = utc_now()
    state, tone = listing.state_of(rule)
    context: dict[str, Any] = {
        "rule": rule,
        "state": state,
        "tone": tone,
        "severity": SEVERITIES.get(rule.level, "medium"),
        "facts": _facts(rule),
        "runs": _runs(rule),
        "chart": matches_by_day(rule, now=now) if rule.matches else None,
        "hunt": hunting_link(rule),
        "frequencies": FREQUENCIES.items(),
        "deletes": {"data-confirm": "Delete this rule? Its alerts stay."},
        "may_change": request.actor.may(Permission.DETECTION_TUNE),
        "may_see_alerts": (sees := request.actor.may(Permission.INCIDENT_READ)),
        "alerts": alerts_by_rule(rule.rule_id, limit=SHOWN_ALERTS) if sees else (),
    }
    return render_page(request, "hunting/sigma/rule.html", context)


def _facts(rule: SigmaEntry) -> list[tuple[Any, ...]]:
    return [
        ("Author", rule.author or "Not named"),
        ("Level", rule.level.capitalize()),
        ("Status", rule.status.capitalize()),
        ("Looks at", " / ".join(filter(None, (rule.product, rule.service, rule.category)))),
        ("Table", rule.table),
        ("Kind", "Correlation" if rule.kind == Kind.CORRELATION else "One event"),
        ("Id", rule.sigma_id),
        ("File", rule.place),
        ("Brought", f"{rule.brought_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC by {rule.brought_by}"),
        ("Last change", f"{rule.changed_at.astimezone(UTC):%Y-%m-%d}: {rule.changed}" if rule.changed else ""),
    ]


def _runs(rule: SigmaEntry) -> list[tuple[Any, ...]]:
    return [
        ("Runs every", FREQUENCIES.get(rule.every_minutes, f"{rule.every_minutes} minutes")),
        ("Last run", rule.last_at),
        ("Outcome", rule.last_words),
        ("Its share of the run", f"{rule.last_seconds:.2f} s" if rule.last_at else ""),
        ("Matches", f"{rule.matches:,}"),
        ("Last match", rule.last_match_at),
    ]


def matches_by_day(rule: SigmaEntry, *, now: datetime) -> dict[str, Any]:
    """The last thirty days, each with its number of matches."""
    today = now.astimezone(UTC).date()
    days = [f"{today - timedelta(days=back):%Y-%m-%d}" for back in reversed(range(SHOWN_DAYS))]
    return {"categories": days, "series": [{"name": "Matches", "values": [rule.days.get(day, 0) for day in days]}]}


def hunting_link(rule: SigmaEntry) -> str:
    """The query in advanced hunting, over a week; its author goes with it, as with everything it finds."""
    if not rule.kql:
        return ""
    title = " ".join(rule.title.split())
    return link(f"// {title}\n// {source_of(rule.author)}\n{rule.kql}", Window("7d", f"Last {SPANS['7d'][0]}"))


@require_POST
@requires(Permission.DETECTION_TUNE)
def change(request: Asked, key: int) -> HttpResponse:
    """Switch, reschedule or delete this rule."""
    do = request.POST.get("do", "")
    text = request.POST.get("every_minutes", "")
    by, now, keys = request.actor, utc_now(), [key]
    rule = keeping.entry(key)
    try:
        if do == "delete":
            keeping.delete(keys=keys, by=by)
            messages.success(request, f"“{rule.title}” is deleted.")
            return go(request, LIST)
        if do == "every":
            keeping.schedule(
                keys=keys, every_minutes=int(text) if text.isdecimal() and len(text) < 8 else 0, by=by, now=now
            )
        else:
            keeping.switch(keys=keys, enabled=do == "on", by=by, now=now)
        messages.success(request, "The rule is changed.")
    except WatchfloorError as error:
        messages.error(request, f"Nothing was changed: {error.message}")
    return go(request, rule.href)
