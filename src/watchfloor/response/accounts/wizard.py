"""Take action on people: choose an action, see what it would change at each account, give a reason, submit.

Each step is one form that carries what was chosen in hidden fields, so it works as plain pages and, with htmx, in the fly-out.
"""

from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, record, requires
from watchfloor.access.services import authorise as must_be_allowed
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, WatchfloorError
from watchfloor.response import services
from watchfloor.response.accounts.action import AccountAction
from watchfloor.response.accounts.dry_run import plan_of, verdicts
from watchfloor.response.accounts.systems import systems_to_ask
from watchfloor.response.accounts.targets import read_people, sentence_of
from watchfloor.response.accounts.two_people import why_two
from watchfloor.response.catalogue import account_action_of, rights_of
from watchfloor.response.contracts import ActionSource, People, RemediationStatus, TargetKind
from watchfloor.response.selectors import needs_second_person
from watchfloor.ui.services import render_page

audit_verb("account.look", "{actor} looked at how the accounts of {target} stand at their source")

STEPS = (("choose", "Choose the action"), ("review", "Check and submit"))
MAY_ACT = (Permission.IDENTITY_ACTION_MANAGE, Permission.IDENTITY_RISK_MANAGE)
CARRIED = ("alert_id", "incident_id", "source")


@dataclass(frozen=True, slots=True)
class Draft:
    """What was chosen so far; `fields` are the hidden inputs that carry whom it is aimed at."""

    aimed: People
    action: AccountAction | None
    name: str
    reason: str
    fields: tuple[tuple[str, str], ...]


@requires(Permission.IDENTITY_READ)
@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """Step 1: every action, those that cannot be done greyed out with the reason. With an action in the address: step 2."""
    draft = _draft(request)
    if draft.action is not None and not request.POST.get("back"):
        return _review(request, draft)
    return _choose(request, draft)


@requires(Permission.IDENTITY_READ)
@require_POST
def review(request: HttpRequest) -> HttpResponse:
    """Step 2: the dry run per account, the options, a reason, and the buttons that this person's rights allow."""
    draft = _draft(request)
    if draft.action is None:
        messages.warning(request, "Choose an action first.")
        return _choose(request, draft)
    return _review(request, draft)


@requires(Permission.IDENTITY_READ)
@require_POST
def submit(request: HttpRequest) -> HttpResponse:
    """Start it, or propose it, as the pressed button says; then the remediation's own page."""
    draft = _draft(request)
    trouble = _trouble(draft, confirmed=request.POST.get("confirmed") == "yes")
    if draft.action is None or trouble:
        return _review(request, draft, trouble=trouble)
    verb = services.start if request.POST.get("do") == "start" else services.propose
    try:
        made = verb(
            by=_actor(request),
            name=draft.name.strip() or _suggested(draft),
            reason=draft.reason,
            action=draft.action.key,
            targets=draft.aimed,
            source=ActionSource.HUNTING if request.POST.get("source") == "hunting" else ActionSource.IDENTITY,
            alert_id=request.POST.get("alert_id", ""),
            incident_id=request.POST.get("incident_id", ""),
        )
    except WatchfloorError as error:
        return _review(request, draft, trouble=error.message)
    waits = made.status == RemediationStatus.PENDING
    said = "waits for approval in the action center" if waits else "has started"
    messages.success(request, f"“{made.name}” {said}.")
    if not _in_flyout(request):
        return HttpResponseRedirect(made.href)
    from watchfloor.response.views import remediation_flyout

    return remediation_flyout(request, made)


# --- how it is done -----------------------------------------------------------------------------------------------


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not any(actor.may(right) for right in MAY_ACT):
        must_be_allowed(actor, Permission.IDENTITY_ACTION_PROPOSE)
    return actor


def _draft(request: HttpRequest) -> Draft:
    sent = request.POST if request.method == "POST" else request.GET
    aimed = read_people(sent)
    action = account_action_of(sent["action"]) if sent.get("action") else None
    if action is not None and not action.offered:
        raise BadInput(f"“{action.label}” cannot be chosen; it begins at what it undoes", place="action")
    if action is not None:  # an option of another action, chosen a step before
        aimed = replace(aimed, options=tuple(option.key for option in action.chosen(aimed.options)))
    kept = [("person", str(pk)) for pk in aimed.people] + [("name", name) for name in aimed.names]
    kept += [("account", key) for key in aimed.only]
    kept += [(name, value) for name in CARRIED if (value := sent.get(name, ""))]
    return Draft(aimed, action, sent.get("title", ""), sent.get("reason", ""), tuple(kept))


def _choose(request: HttpRequest, draft: Draft) -> HttpResponse:
    actor = _actor(request)
    offered = list(verdicts(draft.aimed, systems_to_ask(actor), actor=actor))
    fitting = [one.action for one in offered if one.fits]
    chosen = draft.action.key if draft.action and draft.action.key in fitting else next(iter(fitting), "")
    return _step(request, "choose", draft, offered=offered, chosen=chosen)


def _review(request: HttpRequest, draft: Draft, *, trouble: str = "") -> HttpResponse:
    assert draft.action is not None
    actor, now = _actor(request), utc_now()
    plan = plan_of(draft.action, draft.aimed, systems_to_ask(actor))
    record(by=actor, verb="account.look", outcome="success", target_type="person", target=sentence_of(draft.aimed))
    wanted = {draft.action.permission, *rights_of(draft.action.key, draft.aimed)}
    context = {
        "plan": plan,
        "options": [(option, option.key in draft.aimed.options) for option in draft.action.options],
        "may_start": all(actor.may(right) for right in wanted),
        "may_propose": actor.may(draft.action.propose_permission),
        "missing": ", ".join(sorted(right.description for right in wanted if not actor.may(right))),
        "second_person": needs_second_person(
            actor.id, len(draft.aimed), kind=TargetKind.ACCOUNTS.value, now=now
        ),
        "about_rights": why_two(actor, action=draft.action.key, aimed=draft.aimed),
        "trouble": trouble,
        "suggested": draft.name or _suggested(draft),
    }  # fmt: skip
    return _step(request, "review", draft, **context)


def _suggested(draft: Draft) -> str:
    assert draft.action is not None
    return f"{draft.action.label}: {sentence_of(replace(draft.aimed, only=()))}"[:200]


def _trouble(draft: Draft, *, confirmed: bool) -> str:
    """What still stands in the way of submitting; empty when nothing does."""
    if not draft.reason.strip():
        return "Give a reason; it stands in the action center and in the audit log."
    if draft.action is not None and draft.action.dangerous and not confirmed:
        return "Tick the box to confirm whom it is aimed at."
    return ""


def _step(request: HttpRequest, step: str, draft: Draft, **context: Any) -> HttpResponse:
    shared = {
        "draft": draft,
        "step": step,
        "steps": [(number, key, label) for number, (key, label) in enumerate(STEPS, start=1)],
        "sentence": sentence_of(draft.aimed),
        "people": len(draft.aimed),
        "in_flyout": _in_flyout(request),
        "layout": "ui/flyout.html" if _in_flyout(request) else "ui/page.html",
    }
    return render_page(request, f"response/people/{step}.html", {**shared, **context})


def _in_flyout(request: HttpRequest) -> bool:
    return bool(request.htmx) and not request.htmx.boosted  # type: ignore[attr-defined]
