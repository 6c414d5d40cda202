"""The end of what is kept: copies whose time is over, and raw mail that nobody needs any more."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.access.services import audit_verb, record
from watchfloor.connectors.selectors import accepted_again
from watchfloor.connectors.services import forget_raw
from watchfloor.lake import selectors as lake
from watchfloor.response.quarantine.contracts import HELD, CopyStatus
from watchfloor.response.quarantine.holding import READER, follow_copies
from watchfloor.response.quarantine.locking import lock_copies
from watchfloor.response.quarantine.models import QuarantinedCopy
from watchfloor.response.quarantine.selectors import BUSY
from watchfloor.runtime.selectors import cursor_position

audit_verb("quarantine.expire", "{actor} ended the quarantine of {target}: the time it is kept is over")

MIND = system_actor("quarantine retention", Permission.QUARANTINE_MANAGE)
BATCH = 500
INTAKE = "lake.ingest"


def expire(*, now: datetime, limit: int = BATCH) -> int:
    """End up to `limit` copies whose time is over; returns how many. What is being released is left to its release."""
    due = QuarantinedCopy.objects.filter(expires_at__lte=now, status__in=[status.value for status in HELD])
    with transaction.atomic():
        over = due.exclude(release__status__in=[status.value for status in BUSY])[:limit]
        copies = [copy for copy in lock_copies(over.values_list("pk", flat=True)) if _still_due(copy, now)]
        ended = QuarantinedCopy.objects.filter(pk__in=[copy.pk for copy in copies])
        ended.update(status=CopyStatus.EXPIRED.value, ended_at=now, ended_by=MIND.name)
        follow_copies({copy.mail_id for copy in copies})
    if copies:
        record(
            by=MIND,
            verb="quarantine.expire",
            outcome="success",
            target_type="quarantine",
            target=f"{len(copies):,} messages",
            after={"of": [f"{copy.mail} for {copy.recipient}"[:200] for copy in copies[:50]]},
        )
    return len(copies)


def _still_due(copy: QuarantinedCopy, now: datetime) -> bool:
    """Whether nobody did anything with it while we waited for it."""
    busy = copy.release is not None and copy.release.status in BUSY
    return copy.status in HELD and copy.expires_at <= now and not busy


def drop_raw(copies: Sequence[int]) -> int:
    """Forget the raw bytes of deleted copies that nobody else has or had; returns how many mails went."""
    gone = 0
    for sha256, name in set(
        QuarantinedCopy.objects.filter(pk__in=list(copies), status=CopyStatus.DELETED.value).values_list(
            "sha256", "mail__network_message_id"
        )
    ):
        if name and not _needed(sha256, name):
            gone += forget_raw(sha256)
    return gone


def _needed(sha256: str, network_message_id: str) -> bool:
    """Whether a copy with these bytes stands elsewhere: held still, released, or delivered to somebody at once."""
    same = QuarantinedCopy.objects.filter(sha256=sha256)
    ended = {CopyStatus.DELETED.value, CopyStatus.EXPIRED.value}
    if same.exclude(status__in=ended).exists():
        return True
    read = min(cursor_position(READER), cursor_position(INTAKE))
    if accepted_again(sha256, after=read):
        return True  # it came again, and neither list knows yet for whom
    known = lake.email(network_message_id)
    if known is None:
        return True
    ours = QuarantinedCopy.objects.filter(mail__network_message_id=network_message_id, status__in=ended)
    return not {row["RecipientEmailAddress"] for row in known.rows} <= set(ours.values_list("recipient", flat=True))
