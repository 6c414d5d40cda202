"""What the page of a remediation on accounts shows beside what every remediation shows, and the temporary passwords."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import requires
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.response.accounts.dry_run import Plan, plan_of
from watchfloor.response.accounts.passwords import show_passwords, waiting_passwords
from watchfloor.response.accounts.rendering import AccountRow
from watchfloor.response.accounts.systems import systems_to_ask
from watchfloor.response.catalogue import account_action_of
from watchfloor.response.contracts import RemediationStatus
from watchfloor.response.models import AccountLine, Remediation
from watchfloor.response.selectors import remediation


def account_detail(one: Remediation, lines: Iterable[AccountLine], *, actor: Actor) -> dict[str, Any]:
    """Rows of the ledger, passwords to show, and for an approver what would change."""
    return {
        "account_rows": [AccountRow.of(line) for line in lines],
        "passwords": waiting_passwords(one, now=utc_now()) if actor.id == one.decided_by else 0,
        "plan": _plan(one, actor),
    }


@never_cache
@requires(Permission.IDENTITY_ACTION_MANAGE)
@require_POST
def passwords(request: HttpRequest, remediation_id: UUID) -> HttpResponse:
    """Show the temporary passwords, once, to whoever decided the action."""
    one = remediation(remediation_id)
    try:
        shown = show_passwords(by=request.actor, remediation_id=one.pk, now=utc_now())  # type: ignore[attr-defined]
    except WatchfloorError as error:
        messages.error(request, error.message)
        return HttpResponseRedirect(one.href)
    return render(request, "response/people/shown.html", {"one": one, "shown": shown})


def _plan(one: Remediation, actor: Actor) -> Plan | None:
    if one.status != RemediationStatus.PENDING or one.undo_of is not None:
        return None
    if not actor.may(Permission.IDENTITY_READ):
        return None  # the dry run tells how accounts stand, as forwarding
    return plan_of(account_action_of(one.action), one.aimed_at, systems_to_ask(actor))
