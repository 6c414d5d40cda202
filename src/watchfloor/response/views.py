"""The action center (AC-01..08) and the page of one remediation: translate, nothing else."""

from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.response import selectors, services
from watchfloor.response.accounts.detail import account_detail
from watchfloor.response.accounts.rendering import account_lines_csv
from watchfloor.response.alerted import raised_alert, remediations_of_alert
from watchfloor.response.catalogue import action_of, any_action_of
from watchfloor.response.contracts import DryRun, RemediationStatus, Row
from watchfloor.response.dry_run import dry_run
from watchfloor.response.exports import csv_answer
from watchfloor.response.models import LedgerLine, Remediation
from watchfloor.response.rendering import (
    OPENED_WORDS,
    RemediationRow,
    column_heads,
    hunt_href,
    ledger_rows,
    ledger_tabs,
    progress_context,
    remediation_facts,
)
from watchfloor.ui.services import render_page, seen_at, stamp

LEDGER_SIZE = 50
EXPORTED = (
    "Approval ID", "Name", "Reason", "Action", "Status", "Source", "Created", "Created by", "Decided", "Decided by",
    "Decision", "Messages", "Moved", "Deleted", "Changed", "Already", "Missing", "Failed", "Not touched", "Ended", "Targets",
)  # fmt: skip
LEDGER_EXPORTED = (
    "NetworkMessageId", "Recipient", "Message-ID", "Status", "Found where", "Moved where", "Verified", "Why", "At", "Opened",
    "Why it is here",
)  # fmt: skip
DECIDERS = frozenset(
    {
        Permission.EMAIL_ACTION_MANAGE,
        Permission.IDENTITY_ACTION_MANAGE,
        Permission.IDENTITY_RISK_MANAGE,
        Permission.QUARANTINE_MANAGE,
    }
)
DECISIONS: dict[str, tuple[Any, str]] = {
    "approve": (services.approve, "approved"),
    "reject": (services.reject, "rejected"),
    "undo": (services.undo, "being undone"),
}
METADATA = ("Subject", "Sender")
"""Only for people who may read them in Explorer."""


@requires(Permission.ACTION_CENTER_READ)
@require_GET
def action_center(request: HttpRequest) -> HttpResponse:
    """Pending and History, with the filters in the URL; without any, what waits comes first."""
    counts = selectors.tab_counts()
    if not request.GET and counts["pending"]:
        return redirect("/action-center?tab=pending")
    listing, now = selectors.read_listing(request.GET), utc_now()
    found = selectors.listed(listing, now=now)
    page = Paginator(found, listing.size).get_page(listing.page)
    context = {
        "listing": listing,
        "seen": stamp(now),
        "rows": [RemediationRow.of(one) for one in page.object_list],
        "total": page.paginator.count,
        "page": page.number,
        "choices": selectors.choices(),
        "counts": counts,
        "columns": column_heads(request.GET, listing),
        "sizes": selectors.SIZES,
        "clear_href": f"/action-center?tab={listing.tab}",
        "needs_selection": {"data-needs-selection": "remediations"},
        "pager_href": f"/action-center?{without(request.GET, 'page')}",
        "query": without(request.GET, "page"),
        "may_decide": bool(actor_of(request).permissions & DECIDERS),
        "filtered": any((listing.action, listing.status, listing.decided_by, listing.source, listing.search)),
    }
    return render_page(request, "response/action_center.html", context)


@requires(Permission.ACTION_CENTER_READ)
@require_GET
def export(request: HttpRequest) -> HttpResponse:
    """The listed remediations as CSV, all pages."""
    listing = selectors.read_listing(request.GET)
    found = selectors.listed(listing, now=utc_now()).iterator(chunk_size=1000)
    return csv_answer(f"Action center {listing.tab}.csv", EXPORTED, (_exported(one) for one in found))


@requires(Permission.ACTION_CENTER_READ)
@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Approve, reject or undo one remediation or many (AC-03, AC-06); what could not be done is said, the others are.

    Whether this person may is the verb's question: it differs from action to action.
    """
    verb, word = DECISIONS.get(request.POST.get("decision", ""), DECISIONS["reject"])
    reason = request.POST.get("reason", "")
    chosen = request.POST.getlist("row")
    seen = {"seen": seen_at(request)} if verb is services.approve else {}
    decided = sum(attempt(request, verb, remediation_id=one, reason=reason, **seen) for one in chosen)
    if decided:
        messages.success(request, f"{decided} {word}.")
    if not chosen:
        messages.warning(request, "Choose at least one remediation.")
    return back(request, "/action-center?tab=pending")


@requires(Permission.ACTION_CENTER_READ)
@require_GET
def detail(request: HttpRequest, remediation_id: UUID) -> HttpResponse:
    """One remediation: page, or fly-out when htmx asks."""
    one = selectors.remediation(remediation_id)
    if request.htmx and not request.htmx.boosted:  # type: ignore[attr-defined]
        return remediation_flyout(request, one)
    return render(request, "response/remediation.html", _detail(request, one))


def remediation_flyout(request: HttpRequest, one: Remediation) -> HttpResponse:
    """The fly-out of a remediation; also what the wizard ends with."""
    return render(request, "response/remediation_flyout.html", _detail(request, one))


@requires(Permission.INCIDENT_READ)
@require_GET
def of_an_alert(request: HttpRequest, alert_id: str) -> HttpResponse:
    """What was done about an alert, as a fragment of its page; nothing for people who may not look into the action center."""
    if not actor_of(request).may(Permission.ACTION_CENTER_READ):
        return HttpResponse()
    rows = [RemediationRow.of(one) for one in remediations_of_alert(alert_id)]
    return render(request, "response/of_alert.html", {"rows": rows})


@requires(Permission.ACTION_CENTER_READ)
@require_GET
def progress(request: HttpRequest, remediation_id: UUID) -> HttpResponse:
    """The counts alone, polled while it runs: one query. When it has ended, the whole page or fly-out, with its new verbs."""
    one = selectors.remediation(remediation_id)
    if one.running or not request.htmx:  # type: ignore[attr-defined]
        return render(request, "response/progress.html", progress_context(one))
    if urlsplit(request.headers.get("HX-Current-URL", "")).path == one.href:
        return HttpResponse(headers={"HX-Refresh": "true"})
    answer = remediation_flyout(request, one)
    answer["HX-Retarget"], answer["HX-Reswap"] = "#flyout", "innerHTML"
    return answer


@requires(Permission.ACTION_CENTER_READ)
@require_GET
def ledger_export(request: HttpRequest, remediation_id: UUID) -> HttpResponse:
    """The ledger as CSV, all lines of the chosen status."""
    one = selectors.remediation(remediation_id)
    lines = selectors.ledger_stream(one, status=request.GET.get("status", ""), opened=request.GET.get("opened", ""))
    if one.on_accounts:
        return csv_answer(f"Remediation {one.approval_id}.csv", *account_lines_csv(lines))
    readable = actor_of(request).may(Permission.EMAIL_METADATA_READ)
    header = (*LEDGER_EXPORTED, *METADATA) if readable else LEDGER_EXPORTED
    return csv_answer(f"Remediation {one.approval_id}.csv", header, _ledger_lines(lines, readable=readable))


@requires(Permission.ACTION_CENTER_READ)
@require_POST
def act(request: HttpRequest, remediation_id: UUID, verb: str) -> HttpResponse:
    """Approve, reject, stop, retry or undo one remediation, from its page; the verb asks for the right."""
    reason = request.POST.get("reason", "")
    one = selectors.remediation(remediation_id)
    try:
        if verb == "undo":
            rows = [Row.parse(text) for text in request.POST.getlist("row")]
            one = services.undo(by=actor_of(request), remediation_id=one.pk, reason=reason, rows=rows)
            messages.success(request, f"“{one.name}”: {one.status.lower()}.")
        elif verb == "stop-late":
            services.stop_late(by=actor_of(request), remediation_id=one.pk, reason=reason)
            messages.success(request, "No more late copies are caught.")
        elif verb == "retry":
            services.retry(by=actor_of(request), remediation_id=one.pk)
            messages.success(request, "What failed is tried again.")
        else:
            approve = partial(services.approve, seen=seen_at(request))
            decisions: dict[str, Any] = {"approve": approve, "reject": services.reject, "stop": services.stop}
            decisions[verb](by=actor_of(request), remediation_id=one.pk, reason=reason)
    except WatchfloorError as error:
        messages.error(request, error.message)
    return HttpResponseRedirect(one.href)


# --- how it is done -----------------------------------------------------------------------------------------------


def actor_of(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def attempt(request: HttpRequest, verb: Any, **arguments: Any) -> bool:
    """Call a verb; its refusal becomes a message."""
    try:
        verb(by=actor_of(request), **arguments)
    except WatchfloorError as error:
        messages.error(request, error.message)
        return False
    return True


def back(request: HttpRequest, default: str) -> HttpResponse:
    """To the page the form was on."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return HttpResponseRedirect(wanted if safe and wanted else default)


def without(parameters: QueryDict, *names: str) -> str:
    """The querystring less some parameters."""
    kept = parameters.copy()
    for name in names:
        kept.pop(name, None)
    return kept.urlencode()


def _what_would_happen(one: Remediation) -> DryRun | None:
    """The dry run an approver decides by; none for an undo, whose ledger says it."""
    if one.status != RemediationStatus.PENDING or one.undo_of is not None or one.on_accounts:
        return None
    return dry_run(action_of(one.action), one.targets, now=utc_now())


def _raised(one: Remediation, actor: Actor) -> list[tuple[str, str, str]]:
    """The alert that says it was done, for who reads alerts."""
    raised = raised_alert(one) if actor.may(Permission.INCIDENT_READ) else None
    return [("Alert raised", raised.title, f"/alerts/{raised.alert_id}")] if raised else []


def _detail(request: HttpRequest, one: Remediation) -> dict[str, Any]:
    status = request.GET.get("status", "")
    opened = request.GET.get("opened", "") if request.GET.get("opened", "") in selectors.OPENED else ""
    lines = selectors.ledger(one, status=status, opened=opened)
    page = Paginator(lines, LEDGER_SIZE).get_page(request.GET.get("page", "1"))
    actor = actor_of(request)
    return {
        **progress_context(one),
        "seen": stamp(utc_now()),
        "action": any_action_of(one.action),
        "facts": [*remediation_facts(one), *_raised(one, actor)],
        "tabs": ledger_tabs(one, status),
        "status": status,
        "lines": [] if one.on_accounts else ledger_rows(one, list(page.object_list)),
        "export_href": f"{one.href}/ledger.csv?{urlencode({'status': status, 'opened': opened})}",
        "opened": opened,
        "opened_choices": selectors.opened_choices(one),
        "siblings": selectors.siblings(one),
        "watch": selectors.watch_of(one),
        "hunt_href": hunt_href(one),
        "page": page.number,
        "total": page.paginator.count,
        "pager_href": f"{one.href}?{without(request.GET, 'page')}",
        "may_act": actor.may(services.permission_to_change(one)),
        "may_undo": actor.may(services.permission_to_undo(one)),
        "may_read": actor.may(Permission.EMAIL_METADATA_READ),
        "own_second": one.second_person and actor.id in one.proposers,
        "pending": one.status == RemediationStatus.PENDING,
        "run": _what_would_happen(one),
        "undo_question": (
            "Put every changed account back to how it stood before?"
            if one.on_accounts
            else "Put every moved message back into the folder it came from?"
        ),
        "no_undo": selectors.why_no_undo(one),
        "retriable": not one.running and bool(one.failed or (one.decided_at and one.counts.pending)),
        **(account_detail(one, page.object_list, actor=actor) if one.on_accounts else {}),
    }


def _exported(one: Remediation) -> list[Any]:
    return [
        one.approval_id, one.name, one.reason, any_action_of(one.action).label, one.status, one.source, one.created_at,
        one.created_by_name, one.decided_at, one.decided_by_name, one.decision_reason, one.total or one.expected,
        one.moved, one.deleted, one.changed, one.already, one.missing, one.failed, one.skipped, one.finished_at, one.sentence,
    ]  # fmt: skip


def _ledger_lines(lines: Iterator[LedgerLine], *, readable: bool) -> Iterator[list[Any]]:
    for line in lines:
        yield [
            line.network_message_id, line.recipient, line.message_id, line.status, line.found_where, line.moved_where,
            "yes" if line.verified else "no", line.why, line.at, OPENED_WORDS[line.opened].lower(), line.because, *((line.subject, line.sender) if readable else ()),
        ]  # fmt: skip
