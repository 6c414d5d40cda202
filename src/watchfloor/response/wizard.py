"""The Take action wizard (EA-01): choose what is done and said, check what it touches, name it, submit.

Each step is one form that carries what was chosen in hidden fields, so it works as plain pages and, with htmx, in the fly-out.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.views.decorators.http import require_http_methods, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.connectors.selectors import mailbox_actions
from watchfloor.intelligence.services import lasting_in_words, read_lasting
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, NotConfigured, WatchfloorError
from watchfloor.response import services
from watchfloor.response.action import MailAction
from watchfloor.response.adding import open_proposals
from watchfloor.response.catalogue import action_of
from watchfloor.response.contracts import ActionSource, Opened, RemediationStatus, Row, Verdict
from watchfloor.response.drafting import refuse_wish
from watchfloor.response.drafts import ALLOW_LIVES, LIVES, NONE, SENDER_COPY_WITH, Draft, read_draft
from watchfloor.response.dry_run import dry_run, expected_count, verdicts
from watchfloor.response.exports import csv_answer
from watchfloor.response.late import MOST_DAYS, watch_sentence
from watchfloor.response.models import Remediation
from watchfloor.response.nameable import nameable
from watchfloor.response.opened import opened_by
from watchfloor.response.quarantine.held_among import MOST as MOST_HELD
from watchfloor.response.quarantine.held_among import held_among
from watchfloor.response.quarantine.models import QuarantinedCopy
from watchfloor.response.selectors import needs_second_person, policy
from watchfloor.response.sent_on import sent_on
from watchfloor.response.submissions.contracts import Said
from watchfloor.response.targets import sentence_of, target_rows
from watchfloor.ui.services import render_page

STEPS = (("choose", "Choose the actions"), ("targets", "Check the targets"), ("review", "Review and submit"))
IMPACTED = ("Impacted asset", "Action", "NetworkMessageId", "Latest delivery location", "Will be touched", "Why not")
METADATA = ("Subject", "Sender")
"""Only for people who may read them in Explorer."""


@requires(Permission.EMAIL_ACTION_PROPOSE)
@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """Step 1: every action, those that fit no latest location greyed out with the reason (EA-04), and what is said beside."""
    return _choose(request, _draft(request, now=utc_now()))


@requires(Permission.EMAIL_ACTION_PROPOSE)
@require_POST
def targets(request: HttpRequest) -> HttpResponse:
    """Step 2: the dry run, and what may be ticked beside it."""
    now = utc_now()
    draft = _draft(request, now=now)
    if not draft.chosen:
        messages.warning(request, "Choose an action first.")
        return _choose(request, draft)
    return _targets(request, draft, now=now)


@requires(Permission.EMAIL_ACTION_PROPOSE)
@require_POST
def review(request: HttpRequest) -> HttpResponse:
    """Step 3: name, reason, and the button that this person's rights allow."""
    now = utc_now()
    draft = _draft(request, now=now)
    if not draft.chosen:
        messages.warning(request, "Choose an action first.")
        return _choose(request, draft)
    if draft.empty:
        messages.warning(request, "Choose an action, say something about the messages, or tick values to block.")
        return _targets(request, draft, now=now)
    try:
        for entry in draft.beside.entries:
            refuse_wish(entry, now=now)
    except BadInput as error:
        messages.warning(request, f"{error.message[:1].upper()}{error.message[1:]}.")
        return _targets(request, draft, now=now)
    return _review(request, draft, now=now)


@requires(Permission.EMAIL_ACTION_PROPOSE)
@require_POST
def submit(request: HttpRequest) -> HttpResponse:
    """Start it, or propose it, as the pressed button says; then the first remediation's own page."""
    now = utc_now()
    draft = _draft(request, now=now)
    if trouble := _trouble(draft, request.POST):
        return _review(request, draft, now=now, trouble=trouble)
    if request.POST.get("do") == "add":
        return _add(request, draft, now=now)
    try:
        made = services.start_plan(
            by=_actor(request),
            name=draft.name,
            reason=draft.reason,
            action=draft.action.key if draft.action else "",
            targets=draft.targets,
            beside=draft.beside,
            source=ActionSource.EXPLORER,
            alert_id=request.POST.get("alert_id", ""),
            incident_id=request.POST.get("incident_id", ""),
            proposed=request.POST.get("do") != "start",
            at=now,
        )
    except BadInput as error:
        return _review(request, draft, now=now, trouble=error.message)
    for one in made:
        messages.success(request, _said(one))
    return _done(request, made[0])


def _add(request: HttpRequest, draft: Draft, *, now: datetime) -> HttpResponse:
    """Add the messages to the proposal that was chosen, then its page."""
    one = request.POST.get("proposal", "")
    try:
        made = services.add_to_proposal(
            by=_actor(request), remediation_id=one, targets=draft.targets, reason=draft.reason, at=now
        )
    except WatchfloorError as error:
        return _review(request, draft, now=now, trouble=error.message)
    messages.success(request, f"Added to “{made.name}”: it aims at {made.expected:,} messages now.")
    return _done(request, made)


@requires(Permission.EMAIL_ACTION_PROPOSE)
@require_POST
def opened(request: HttpRequest) -> HttpResponse:
    """Who has read it, asked of the mail system; a fragment of step 2, as it may take seconds."""
    now = utc_now()
    draft = _draft(request, now=now)
    try:
        found = opened_by(_dry_action(draft), draft.targets, mailboxes=mailbox_actions(), now=now)
    except NotConfigured as error:
        found = Opened(why=error.message)
    return render_page(request, "response/wizard/opened.html", {"opened": found})


@requires(Permission.EMAIL_ACTION_PROPOSE)
@require_POST
def impacted(request: HttpRequest) -> HttpResponse:
    """“Impacted assets.csv” (EA-51): every message aimed at, and whether it will be touched.

    Subject and sender are in it for people who may read metadata of any mail; to the others an export is no way around that.
    """
    now = utc_now()
    draft = _draft(request, now=now)
    action = _dry_action(draft)
    found = (row for rows in target_rows(draft.targets, now=now) for row in rows)
    readable = _actor(request).may(Permission.EMAIL_METADATA_READ)
    lines = ([*_impacted_line(action, row), *(_metadata(row) if readable else ())] for row in found)
    return csv_answer("Impacted assets.csv", (*IMPACTED, *METADATA) if readable else IMPACTED, lines)


# --- how it is done -----------------------------------------------------------------------------------------------


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _parameters(request: HttpRequest) -> QueryDict:
    return request.POST if request.method == "POST" else request.GET


def _draft(request: HttpRequest, *, now: datetime) -> Draft:
    return read_draft(_parameters(request), actor=_actor(request), now=now)


def _dry_action(draft: Draft) -> MailAction:
    """What the dry run counts for: the action, or saying something of the messages."""
    return draft.action or action_of("submit")


def _choose(request: HttpRequest, draft: Draft) -> HttpResponse:
    now = utc_now()
    show_all = bool(_parameters(request).get("all"))
    offered = verdicts(draft.targets, now=now, show_all=show_all)
    held = _held(request, draft, now=now)
    context = {
        "held": held,
        "held_mails": sorted({copy.mail_id for copy in held}),
        "held_words": _held_words(held),
        "offered": offered,
        "show_all": show_all,
        "selected": _preselected(draft, offered),
        "judgements": [(one.value, one.label) for one in Said],
    }
    return _step(request, "choose", draft, now=now, **context)


def _held(request: HttpRequest, draft: Draft, *, now: datetime) -> list[QuarantinedCopy]:
    """What this person may release of it."""
    return held_among(draft.targets, now=now) if _actor(request).may(Permission.QUARANTINE_MANAGE) else []


def _held_words(held: Sequence[QuarantinedCopy]) -> str:
    number, people = len(held), len({copy.recipient for copy in held})
    if number == 1:
        return "1 copy lies in quarantine, outside the mailboxes. Release gives it to its recipient."
    first = "The first " if number == MOST_HELD else ""
    return (
        f"{first}{number:,} copies for {people:,} recipient{'' if people == 1 else 's'} lie in quarantine, outside the "
        "mailboxes. Release gives them to all or some of their recipients."
    )


def _preselected(draft: Draft, offered: tuple[Verdict, ...]) -> str:
    fitting = [verdict.action for verdict in offered if verdict.fits]
    if draft.action is not None and draft.action.key in fitting:
        return draft.action.key
    return fitting[0] if fitting and not (draft.chosen and draft.action is None) else NONE


def _targets(request: HttpRequest, draft: Draft, *, now: datetime) -> HttpResponse:
    action = _dry_action(draft)
    run = dry_run(action, draft.targets, now=now)
    readable = _actor(request).may(Permission.EMAIL_METADATA_READ)
    clean = draft.beside.judgement is Said.CLEAN
    named = nameable(draft.targets, now=now) if readable else ()
    wanted = {f"{one.kind}:{one.value}" for one in draft.beside.entries}
    context = {
        "run": run,
        "copies": _ticks(draft, sent_on(draft.targets, now=now) if readable and action.mailboxes else ()),
        "sender_copies": run.senders if action.key in SENDER_COPY_WITH else 0,
        "nameable": [(one, one.field in wanted) for one in named],
        "lives": [(life.value, life.label) for life in (ALLOW_LIVES if clean else LIVES)],
        "life": next((one.life for one in draft.beside.entries), ""),
        "clean": clean,
        "late_words": watch_sentence(draft.targets, now=now) if draft.action and not action.needs_origin else "",
        "most_days": MOST_DAYS,
        "blocked": bool(draft.action) and not run.touched,
    }
    return _step(request, "targets", draft, now=now, **context)


def _ticks(draft: Draft, found: Sequence[Any]) -> list[tuple[Any, bool]]:
    chosen: set[Row] = set(draft.targets.also)
    return [(one, one.row in chosen) for one in found]


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
    actor = _actor(request)
    expected = expected_count(draft.targets, now=now)
    context = {
        "may_start": _may_start(draft, actor),
        "expected": expected,
        "second_person": draft.action is not None
        and needs_second_person(actor.id, expected, action=draft.action.key, now=now),
        "trouble": trouble,
        "reason_required": policy().reason_required,
        "suggested": draft.name or f"{draft.label} {now:%Y-%m-%d %H:%M}"[:200],
        "parts": _parts(draft, now=now),
        "proposals": open_proposals(draft.action.key) if draft.action and not draft.beside.submits else [],
    }
    return _step(request, "review", draft, now=now, **context)


def _may_start(draft: Draft, actor: Actor) -> bool:
    needed = {_dry_action(draft).permission}
    if draft.beside.submits:
        needed.add(action_of("submit").permission)
    if draft.beside.entries:
        needed.add(Permission.DETECTION_TUNE)
    return needed <= actor.permissions


def _parts(draft: Draft, *, now: datetime) -> list[str]:
    """The plan in sentences, one for each thing that will happen."""
    parts = [f"{draft.action.label}: {draft.action.description}"] if draft.action else []
    if draft.beside.judgement:
        parts.append(f"Submit: {draft.beside.judgement.label}.")
    if draft.beside.entries and draft.offered:
        chosen = len(draft.beside.entries)
        parts.append(f"{chosen:,} of the {draft.offered:,} values they came with:")
    parts += [f"{one.words}, {_lasting(one.life)}" for one in draft.beside.entries]
    if draft.beside.late_days and draft.action:
        parts.append(f"Late copies for {draft.beside.late_days} days: {watch_sentence(draft.targets, now=now)}.")
    return parts


def _lasting(life: str) -> str:
    words = lasting_in_words(read_lasting(life)) if life else "for the usual time"
    return f"{words[:1].lower()}{words[1:]}."


def _trouble(draft: Draft, parameters: QueryDict) -> str:
    """What still stands in the way of submitting; empty when nothing does."""
    if draft.empty:
        return "Choose an action, say something about the messages, or tick values to block."
    if parameters.get("do") == "add":
        return "" if parameters.get("proposal") else "Choose the proposal to add to."
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
