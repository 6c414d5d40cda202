"""Reads of the quarantine. Lists, filters and search are in `search`; these are the basics verbs and pages share."""

from collections.abc import Iterable

from django.db.models import QuerySet

from watchfloor.kernel.errors import NotFound
from watchfloor.response.contracts import RUNNING, RemediationStatus
from watchfloor.response.quarantine.contracts import HELD, BorderPolicy, CopyStatus, UserMay
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail
from watchfloor.response.quarantine.policies import border_policy

BUSY = frozenset({*RUNNING, RemediationStatus.PENDING})


def quarantined_mail(pk: int) -> QuarantinedMail:
    """One mail; raises NotFound."""
    found = QuarantinedMail.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound("there is no such mail in quarantine", place=str(pk))
    return found


def copies_of(mails: Iterable[int]) -> "QuerySet[QuarantinedCopy]":
    """The copies of these mails with their mail and release, by recipient."""
    return (
        QuarantinedCopy.objects.filter(mail__in=list(mails))
        .select_related("mail", "release")
        .order_by("mail", "recipient")
    )


def held_copies(mails: Iterable[int]) -> list[int]:
    """The ids of those copies of these mails that we still hold."""
    held = QuarantinedCopy.objects.filter(mail__in=list(mails), status__in=[status.value for status in HELD])
    return list(held.values_list("pk", flat=True))


def quarantined_copy(pk: int, *, recipient: str = "") -> QuarantinedCopy:
    """One copy, with `recipient` only when it is theirs; raises NotFound."""
    found = QuarantinedCopy.objects.select_related("mail", "release").filter(pk=pk).first()
    if found is None or (recipient and found.recipient != recipient.strip().lower()):
        raise NotFound("there is no such mail in quarantine", place=str(pk))
    return found


def quarantined_of(network_message_id: str) -> list[QuarantinedMail]:
    """What of one email is, or was, in quarantine, newest first."""
    return list(QuarantinedMail.objects.filter(network_message_id=network_message_id.lower()).order_by("-held_at"))


def being_released(copy: QuarantinedCopy) -> bool:
    """Whether a release of it waits for approval or is on its way."""
    return copy.status in HELD and copy.release is not None and copy.release.status in BUSY


def recipient_may(copy: QuarantinedCopy, *, policy: BorderPolicy | None = None) -> UserMay:
    """What the recipient may do with this copy now: as the policy says, and only what still makes sense."""
    if copy.status not in HELD or being_released(copy):
        return UserMay.NOTHING
    may = (policy or border_policy()).may(copy.mail.reason, threat=copy.mail.threat)
    if copy.status in {CopyStatus.REQUESTED, CopyStatus.APPROVED, CopyStatus.DENIED}:
        may &= ~(UserMay.REQUEST_RELEASE | UserMay.RELEASE)
    return may
