"""The verbs of quarantine: release, approve, deny, delete, and what recipients may do themselves. All are audited."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors.services import checked_addresses
from watchfloor.intelligence.contracts import LabelKind
from watchfloor.intelligence.services import label_verdict
from watchfloor.kernel.errors import BadInput, Conflict, Forbidden
from watchfloor.lake.selectors import late_verdicts_of
from watchfloor.response.contracts import ActionSource, Row, Targets
from watchfloor.response.models import Remediation
from watchfloor.response.quarantine.alerting import tell_of_requests
from watchfloor.response.quarantine.border import threat_named
from watchfloor.response.quarantine.contracts import (
    HELD,
    NEVER_BY_USERS,
    REASONS,
    USER_MAY_WORDS,
    CopyStatus,
    ReleaseOptions,
    UserMay,
)
from watchfloor.response.quarantine.holding import follow_copies, name_unnamed
from watchfloor.response.quarantine.locking import lock_copies
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail, ReleaseOrder
from watchfloor.response.quarantine.policies import border_policy as border_policy
from watchfloor.response.quarantine.policies import change_border_policy as change_border_policy
from watchfloor.response.quarantine.retention import drop_raw
from watchfloor.response.quarantine.selectors import BUSY, quarantined_copy, recipient_may
from watchfloor.response.services import start

audit_verb("quarantine.release", "{actor} released {target} from quarantine")
audit_verb("quarantine.approve", "{actor} approved the release of {target}")
audit_verb("quarantine.deny", "{actor} denied the release of {target}")
audit_verb("quarantine.delete", "{actor} deleted {target} from quarantine")
audit_verb("quarantine.request", "{actor} requested the release of {target}")

S = CopyStatus
MANAGE = Permission.QUARANTINE_MANAGE
AS_IT_IS = ReleaseOptions()


def release(
    *, by: Actor, copies: Sequence[int], options: ReleaseOptions = AS_IT_IS, reason: str = "", at: datetime
) -> Remediation:
    """Give these copies (by their ids) back to their recipients, as a remediation with the action “Release from quarantine”.

    With `options.copy_to` other addresses get the mail too. Raises BadInput (none chosen, an address), Conflict when one is
    no longer held or is being released already, Forbidden.
    """
    with (
        audited(by=by, permission=MANAGE, verb="quarantine.release", **_about(copies), reason=reason) as result,
        transaction.atomic(),
    ):
        held = _held(copies)
        made = _ordered(held, by, options, reason, at)
        if options.false_positive:
            _say_harmless(held, by, reason, at)
        result["after"] = {"remediation": str(made.pk), "to": _people(held), "copy to": list(options.copy_to)}
    return made


def approve(*, by: Actor, copies: Sequence[int], reason: str = "", at: datetime) -> Remediation:
    """Say yes to requests: those copies are released. Raises Conflict when one is not requested, and as `release`."""
    with (
        audited(by=by, permission=MANAGE, verb="quarantine.approve", **_about(copies), reason=reason) as result,
        transaction.atomic(),
    ):
        held = _requested(_held(copies))
        for copy in held:
            _decide(copy, S.APPROVED, by, reason, at)
        made = _ordered(held, by, AS_IT_IS, reason, at)
        _save(held)
        result["after"] = {"remediation": str(made.pk), "to": _people(held)}
    return made


def deny(*, by: Actor, copies: Sequence[int], reason: str = "", at: datetime) -> int:
    """Say no to requests, each recipient's by itself (LM-18); returns how many. Raises Conflict when one is not requested."""
    with (
        audited(by=by, permission=MANAGE, verb="quarantine.deny", **_about(copies), reason=reason) as result,
        transaction.atomic(),
    ):
        held = _requested(_held(copies))
        for copy in held:
            _decide(copy, S.DENIED, by, reason, at)
        _save(held)
        result["after"] = {"to": _people(held)}
    return len(held)


def delete(*, by: Actor, copies: Sequence[int], permanent: bool = False, reason: str = "", at: datetime) -> int:
    """Remove copies from quarantine for good: nobody can release them any more; returns how many.

    The raw mail stays as evidence for Explorer; with `permanent` it goes too, unless somebody else has or had a copy.
    """
    with (
        audited(by=by, permission=MANAGE, verb="quarantine.delete", **_about(copies), reason=reason) as result,
        transaction.atomic(),
    ):
        held = _held(copies)
        _end(held, S.DELETED, by.name, at)
        result["after"] = {"of": _people(held), "permanent": permanent}
    if permanent:
        drop_raw([copy.pk for copy in held])
    return len(held)


# --- what recipients do themselves; who calls has made sure that they are who they say ------------------------------


def request_release(*, recipient: str, copy: int, why: str = "", at: datetime) -> None:
    """A recipient asks for an own mail; the team hears of it by the alert “User requested release”.

    Raises NotFound when it is not theirs, Forbidden when the policy does not let them ask.
    """
    with _own(recipient, copy, UserMay.REQUEST_RELEASE, "quarantine.request", why) as found:
        found.status, found.requested_at, found.requested_why = S.REQUESTED.value, at, why.strip()[:1000]
        _save([found])
        tell_of_requests([found], at=at)


def release_own(*, recipient: str, copy: int, at: datetime) -> Remediation:
    """A recipient takes an own mail out; never malware or high-confidence phish (QU-31). Raises as `request_release`."""
    by = recipient_actor(recipient)
    with _own(recipient, copy, UserMay.RELEASE, "quarantine.release", "") as found:
        if _worse_since(found.mail):
            raise Forbidden("it turned out to be harmful since; only the team can release it", permission="")
        return _ordered([found], by, AS_IT_IS, "Released by its recipient", at)


def _worse_since(mail: QuarantinedMail) -> bool:
    """Whether a verdict that came after it was held calls it malware or high-confidence phish."""
    later = late_verdicts_of(mail.network_message_id) if mail.network_message_id else []
    return (
        bool(later) and REASONS[threat_named(", ".join(later[-1].threat_types), later[-1].confidence)] in NEVER_BY_USERS
    )


def delete_own(*, recipient: str, copy: int, at: datetime) -> None:
    """A recipient deletes an own mail from quarantine. Raises as `request_release`."""
    with _own(recipient, copy, UserMay.DELETE, "quarantine.delete", "") as found:
        _end([found], S.DELETED, recipient, at)


def recipient_actor(address: str) -> Actor:
    """Who a recipient is in the audit log; their rights over their own mail come from the border policy."""
    clean = address.strip().lower()
    return Actor(f"recipient:{clean}", clean, frozenset({MANAGE}))


# --- how it is done -------------------------------------------------------------------------------------------------


def _about(copies: Sequence[int]) -> dict[str, str]:
    """What the audit log calls the target: the mail's subject, or how many."""
    some = QuarantinedCopy.objects.filter(pk__in=list(copies)[:2]).select_related("mail")
    names = list(dict.fromkeys(str(copy.mail) for copy in some))
    target = f"“{names[0][:150]}”" if len(names) == 1 and len(copies) == 1 else f"{len(copies):,} quarantined messages"
    return {"target_type": "quarantine", "target": target}


def _held(copies: Sequence[int]) -> list[QuarantinedCopy]:
    """These copies, locked; all of them held and none on its way."""
    wanted = set(copies)
    found = lock_copies(wanted)
    if not wanted or len(found) < len(wanted):
        raise BadInput("choose at least one message that is in quarantine", place="copy")
    for copy in found:
        if copy.status not in HELD:
            raise Conflict(f"the copy of {copy.recipient} is not in quarantine any more: it is {copy.status}")
        if copy.release is not None and copy.release.status in BUSY:
            raise Conflict(f"the copy of {copy.recipient} is being released by “{copy.release.name}”")
    return found


def _requested(copies: list[QuarantinedCopy]) -> list[QuarantinedCopy]:
    for copy in copies:
        if copy.status != S.REQUESTED:
            raise Conflict(f"{copy.recipient} did not request a release: it is {copy.status}")
    return copies


def _decide(copy: QuarantinedCopy, status: CopyStatus, by: Actor, reason: str, at: datetime) -> None:
    copy.status, copy.decided_at, copy.decided_by, copy.decided_by_name = status.value, at, by.id, by.name
    copy.decision_reason = reason.strip()[:1000]


def _save(copies: Sequence[QuarantinedCopy]) -> None:
    fields = [
        "status",
        "release",
        "requested_at",
        "requested_why",
        "decided_at",
        "decided_by",
        "decided_by_name",
        "decision_reason",
        "ended_at",
        "ended_by",
    ]
    QuarantinedCopy.objects.bulk_update(copies, fields, batch_size=200)
    follow_copies({copy.mail_id for copy in copies})


def _end(copies: Sequence[QuarantinedCopy], status: CopyStatus, who: str, at: datetime) -> None:
    for copy in copies:
        copy.status, copy.ended_at, copy.ended_by = status.value, at, who
    _save(copies)


def _ordered(
    copies: list[QuarantinedCopy], by: Actor, options: ReleaseOptions, reason: str, at: datetime
) -> Remediation:
    """The remediation that releases them, begun or waiting for a second person; call it inside a transaction."""
    name_unnamed([copy.mail for copy in copies])
    if unknown := next((copy for copy in copies if not copy.mail.network_message_id), None):
        raise Conflict(f"“{unknown.mail}” is still being read; release it in a minute")
    also = checked_addresses(options.copy_to) if options.copy_to else ()
    if options.only_copy and not also:
        raise BadInput("say who is to get the copy", place="copy_to")
    rows = dict.fromkeys(Row(copy.mail.network_message_id, copy.recipient) for copy in copies)
    made = start(
        by=by,
        name=_name(copies),
        reason=reason,
        action="release",
        targets=Targets(rows=tuple(rows)),
        source=ActionSource.MANUAL,
        at=at,
    )
    ReleaseOrder.objects.create(
        remediation=made, copy_to=list(also), only_copy=options.only_copy, false_positive=options.false_positive
    )
    for copy in copies:
        copy.release = made
    QuarantinedCopy.objects.bulk_update(copies, ["release"], batch_size=200)
    return made


def _say_harmless(copies: Sequence[QuarantinedCopy], by: Actor, reason: str, at: datetime) -> None:
    """The verdict was wrong: for these mails, and for what is like them."""
    for name in {copy.mail.network_message_id for copy in copies}:
        with suppress(BadInput):  # somebody said so already
            label_verdict(
                by=by,
                network_message_id=name,
                kind=LabelKind.FALSE_POSITIVE,
                note=reason or "Released from quarantine as harmless",
                now=at,
            )


def _name(copies: Sequence[QuarantinedCopy]) -> str:
    first = f"Release: {copies[0].mail}"[:150]
    return first if len({copy.mail_id for copy in copies}) == 1 else f"{first} and others"


def _people(copies: Sequence[QuarantinedCopy]) -> list[str]:
    """Whose copies, for the audit log; of very many the first."""
    return [copy.recipient for copy in copies[:50]]


@contextmanager
def _own(recipient: str, copy: int, right: UserMay, verb: str, why: str) -> Iterator[QuarantinedCopy]:
    """A recipient's own copy, locked, with the policy asked and the audit told."""
    found = quarantined_copy(copy, recipient=recipient)
    by = recipient_actor(recipient)
    with (
        audited(by=by, permission=MANAGE, verb=verb, **_about([copy]), reason=why) as result,
        transaction.atomic(),
    ):
        (locked,) = _held([found.pk])
        if not recipient_may(locked) & right:
            raise Forbidden(f"the organisation's policy does not let recipients {USER_MAY_WORDS[right]}", permission="")
        yield locked
        result["after"] = {"status": locked.status, "recipient": locked.recipient}
