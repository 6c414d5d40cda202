"""The Take action wizard (EA-01): choose an action, see the dry run, name it, submit.

Each step is one form that carries what was chosen in hidden fields, so it works as plain pages and, with htmx, in the fly-out.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.views.decorators.http import require_http_methods, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import authorise, requires
from watchfloor.kernel.clock import utc_now
from watchfloor.response import services
from watchfloor.response.action import MailAction
from watchfloor.response.catalogue import action_of
from watchfloor.response.contracts import ActionSource, RemediationStatus, Targets, Verdict
from watchfloor.response.dry_run import dry_run, expected_count, verdicts
from watchfloor.response.exports import csv_answer
from watchfloor.response.models import Remediation
from watchfloor.response.selectors import needs_second_person
from watchfloor.response.targets import read_targets, sentence_of, target_rows
from watchfloor.ui.services import render_page

STEPS = (("choose", "Choose the action"), ("targets", "Check the targets"), ("review", "Review and submit"))
IMPACTED = ("Impacted asset", "Action", "NetworkMessageId", "Latest delivery location", "Will be touched", "Why not")
METADATA = ("Subject", "Sender")
"""Only for people who may read them in Explorer."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What the person has chosen so far; `fields` are the hidden inputs that carry it to the next step."""

    targets: Targets
    action: MailAction | None
    name: str
    reason: str
    fields: tuple[tuple[str, str], ...]


@requires(Permission.EMAIL_ACTION_PROPOSE)
@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """Step 1: every action, those that fit no latest location greyed out with the reason (EA-04)."""
    return _choose(request)


@requires(Permission.EMAIL_ACTION_PROPOSE)
@require_POST
def targets(request: HttpRequest) -> HttpResponse:
    """Step 2: the dry run."""
    now = utc_now()
    draft = _draft(request, now=now)
    if draft.action is None:
        messages.warning(request, "Choose an action first.")
        return _choose(request)
    return _step(request, "targets", draft, now=now, run=dry_run(draft.action, draft.targets, now=now))


@requires(Permission.EMAIL_ACTION_PROPOSE)
@require_POST
def review(request: HttpRequest) -> HttpResponse:
    """Step 3: name, reason, and the button that this person's rights allow."""
    now = utc_now()
    draft = _draft(request, now=now)
    if draft.action is None:
        messages.warning(request, "Choose an action first.")
        return _choose(request)
    return _review(request, draft, now=now)


@requires(Permission.EMAIL_ACTION_PROPOSE)
@require_POST
def submit(request: HttpRequest) -> HttpResponse:
    """Start it, or propose it, as the pressed button says; then the remediation's own page."""
    now = utc_now()
    draft = _draft(request, now=now)
    trouble = _trouble(draft, request.POST)
    if draft.action is None or trouble:
        return _review(request, draft, now=now, trouble=trouble)
    verb = services.start if request.POST.get("do") == "start" else services.propose
    made = verb(
        by=_actor(request),
        name=draft.name,
        reason=draft.reason,
        action=draft.action.key,
        targets=draft.targets,
        source=ActionSource.EXPLORER,
        alert_id=request.POST.get("alert_id", ""),
        incident_id=request.POST.get("incident_id", ""),
        at=now,
    )
    messages.success(request, _said(made))
    return _done(request, made)


@requires(Permission.EMAIL_ACTION_PROPOSE)
@require_POST
def impacted(request: HttpRequest) -> HttpResponse:
    """“Impacted assets.csv” (EA-51): every message aimed at, and whether it will be touched.

    Subject and sender are in it for people who may read metadata of any mail; to the others an export is no way around that.
    """
    now = utc_now()
    draft = _draft(request, now=now)
    action = action_of(request.POST.get("action", ""))
    found = (row for rows in target_rows(draft.targets, now=now) for row in rows)
    readable = _actor(request).may(Permission.EMAIL_METADATA_READ)
    lines = ([*_impacted_line(action, row), *(_metadata(row) if readable else ())] for row in found)
    return csv_answer("Impacted assets.csv", (*IMPACTED, *METADATA) if readable else IMPACTED, lines)


# --- how it is done -----------------------------------------------------------------------------------------------


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _sent(request: HttpRequest) -> QueryDict:
    return request.POST if request.method == "POST" else request.GET


def _choose(request: HttpRequest) -> HttpResponse:
    now = utc_now()
    draft = _draft(request, now=now)
    show_all = bool(_sent(request).get("all"))
    offered = verdicts(draft.targets, now=now, show_all=show_all)
    context = {"offered": offered, "show_all": show_all, "chosen": _preselected(draft, offered)}
    return _step(request, "choose", draft, now=now, **context)


def _draft(request: HttpRequest, *, now: datetime) -> Draft:
    """What was sent so far. Raises Forbidden for a whole query of somebody who may not search: its counts would answer it."""
    parameters = _sent(request)
    aimed = read_targets(parameters, now=now)
    if aimed.whole_query:
        authorise(_actor(request), Permission.EMAIL_METADATA_READ)
    key = parameters.get("action", "")
    action = action_of(key) if key else None
    kept = [("query", aimed.query)] if aimed.whole_query else [("row", str(row)) for row in aimed.rows]
    kept += [("except", str(row)) for row in aimed.excepted]
    kept += [(name, value) for name in ("alert_id", "incident_id") if (value := parameters.get(name, ""))]
    return Draft(aimed, action, parameters.get("name", ""), parameters.get("reason", ""), tuple(kept))


def _preselected(draft: Draft, offered: tuple[Verdict, ...]) -> str:
    fitting = [verdict.action for verdict in offered if verdict.fits]
    if draft.action is not None and draft.action.key in fitting:
        return draft.action.key
    return fitting[0] if fitting else ""


def _step(request: HttpRequest, step: str, draft: Draft, *, now: datetime, **context: Any) -> HttpResponse:
    steps = [(number, key, label) for number, (key, label) in enumerate(STEPS, start=1)]
    shared = {
        "draft": draft,
        "step": step,
        "steps": steps,
        "sentence": sentence_of(draft.targets, now=now),
        "layout": "ui/flyout.html" if _in_flyout(request) else "ui/page.html",
    }
    return render_page(request, f"response/wizard/{step}.html", {**shared, **context})


def _in_flyout(request: HttpRequest) -> bool:
    return bool(request.htmx) and not request.htmx.boosted  # type: ignore[attr-defined]


def _review(request: HttpRequest, draft: Draft, *, now: datetime, trouble: str = "") -> HttpResponse:
    assert draft.action is not None
    actor = _actor(request)
    expected = expected_count(draft.targets, now=now)
    context = {
        "may_start": actor.may(draft.action.permission),
        "expected": expected,
        "second_person": needs_second_person(actor.id, expected, now=now),
        "trouble": trouble,
        "suggested": draft.name or f"{draft.action.label} {now:%Y-%m-%d %H:%M}",
    }
    return _step(request, "review", draft, now=now, **context)


def _trouble(draft: Draft, parameters: QueryDict) -> str:
    """What still stands in the way of submitting; empty when nothing does."""
    if not draft.name.strip():
        return "Give the remediation a name, so that others find it."
    if draft.action is not None and draft.action.dangerous and parameters.get("confirmed") != "yes":
        return "Tick the box: a hard delete cannot be undone."
    return ""


def _said(made: Remediation) -> str:
    if made.status == RemediationStatus.PENDING:
        return f"“{made.name}” waits for approval in the action center."
    return f"“{made.name}” has started."


def _done(request: HttpRequest, made: Remediation) -> HttpResponse:
    if not _in_flyout(request):
        return HttpResponseRedirect(made.href)
    from watchfloor.response.views import remediation_flyout

    return remediation_flyout(request, made)


def _impacted_line(action: MailAction, row: dict[str, Any]) -> list[str]:
    location = row["LatestDeliveryLocation"] or ""
    why = action.unreachable(location)
    return [
        row["RecipientEmailAddress"],
        action.label,
        row["NetworkMessageId"],
        location,
        "no" if why else "yes",
        why,
    ]


def _metadata(row: dict[str, Any]) -> list[str]:
    return [row["Subject"] or "", row["SenderFromAddress"] or ""]
