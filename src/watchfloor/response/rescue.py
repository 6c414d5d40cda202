"""Approving at the server what needs a second person where there is none: a lone administrator must not be locked out of acting.

Whoever can run commands on the server could change its database; so the command hides nothing, and writes everything down.
"""

from datetime import datetime

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.selectors import rights_by_email
from watchfloor.access.services import audit_verb, audited
from watchfloor.kernel.errors import BadInput, Conflict, NotFound
from watchfloor.response.accounts.two_people import others_who_may
from watchfloor.response.catalogue import action_of, any_action_of
from watchfloor.response.contracts import RemediationStatus
from watchfloor.response.models import Remediation

audit_verb("remediation.rescue", "{actor} approved the action {target} in place of a second person")
AT_THE_SERVER = Actor("system:command-line", "The command line", frozenset(Permission))


def approve_at_server(*, name: str, reason: str, at: datetime) -> Remediation:
    """Let the waiting action of that name run, in the name of who proposed it, who then is shown temporary passwords.

    Raises BadInput without a reason, NotFound, and Conflict when it does not wait for a second person or somebody is there to be one.
    """
    if not reason.strip():
        raise BadInput("give a reason; it stands in the action center and in the audit log", place="reason")
    known = (
        Remediation.objects.filter(name=name, status=RemediationStatus.PENDING.value).order_by("-created_at").first()
    )
    if known is None:
        raise NotFound(f"no action “{name}” waits for approval", place="name")
    about = {"target_type": "remediation", "target": known.name}
    with audited(
        by=AT_THE_SERVER, permission=permission_to_change(known), verb="remediation.rescue", **about, reason=reason
    ) as result:
        remediation = _rescued(known, reason.strip(), at)
        result["after"] = {"status": remediation.status, "decided by": remediation.decided_by_name}
    return remediation


def _rescued(known: Remediation, reason: str, at: datetime) -> Remediation:
    proposer = Actor(known.created_by, known.created_by_name, frozenset())
    if not known.second_person:
        raise Conflict(f"“{known.name}” waits for no second person: approve it in the action center")
    if others := others_who_may(proposer, permission_to_change(known), rights_by_email()):
        raise Conflict(f"{others[0]} may approve “{known.name}” in the action center")
    decided = {"status": RemediationStatus.STARTED.value, "decided_at": at, "decided_by": known.created_by}
    words = {"decided_by_name": known.created_by_name, "decision_reason": f"Approved at the server: {reason}"}
    if not Remediation.objects.filter(pk=known.pk, status=known.status).update(**decided, **words):
        raise Conflict(f"“{known.name}” was decided meanwhile")
    known.refresh_from_db()
    return known  # the worker looks for started ones by itself; a command must not run jobs


def permission_to_change(known: Remediation) -> Permission:
    """What changing a remediation needs; an undo on accounts needs what it undoes needed, one of mail what puts it back."""
    meant = known.undo_of if known.undo_of and known.on_accounts else known
    return any_action_of(meant.action).permission


def permission_to_undo(original: Remediation) -> Permission:
    """What undoing needs: what is quarantined comes back by a release, so by who may release."""
    if original.on_accounts:
        return permission_to_change(original)
    return action_of(action_of(original.action).undone_by).permission
