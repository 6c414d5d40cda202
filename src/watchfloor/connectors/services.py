"""The verbs of this slice: taking mail in, burying what cannot be read, connecting systems."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from watchfloor.connectors import intake
from watchfloor.connectors.connections import (
    add_connection,
    change_connection,
    remove_connection,
    switch_connection,
    try_connection,
)
from watchfloor.connectors.contracts import AcceptedMail, NewMail
from watchfloor.connectors.models import DeadLetter
from watchfloor.kernel.clock import utc_now

__all__ = [
    "accept",
    "accept_many",
    "add_connection",
    "bury",
    "bury_unread",
    "change_connection",
    "remove_connection",
    "switch_connection",
    "try_connection",
]


def accept(
    raw: bytes,
    *,
    source: str,
    received_at: datetime,
    mail_from: str = "",
    recipients: Sequence[str] = (),
    client_ip: str = "",
    helo: str = "",
    queue_id: str = "",
    folder: str = "",
    facts: dict[str, Any] | None = None,
) -> AcceptedMail:
    """Take one mail in; on return the raw bytes and the row are on disk. Raises OSError when the disk will not take it."""
    mail = NewMail(
        raw=raw,
        source=source,
        received_at=received_at,
        mail_from=mail_from,
        recipients=tuple(recipients),
        client_ip=client_ip,
        helo=helo,
        queue_id=queue_id,
        folder=folder,
        facts=facts or {},
    )
    return intake.take_in([mail])[0]


def accept_many(mails: Sequence[NewMail], *, alongside: Callable[[], None] | None = None) -> list[AcceptedMail]:
    """Take many in with shared syncs and one commit; `alongside` may write a reader's cursor in that commit."""
    return intake.take_in(mails, alongside=alongside)


def bury(*, accepted: AcceptedMail, reason: str) -> DeadLetter:
    """Put an accepted mail that cannot be read onto the dead-letter page. Joins the caller's transaction."""
    again = accepted.facts.get("retry_of")
    known = DeadLetter.objects.filter(pk=again).first() if again else None
    if known is not None:
        known.attempts, known.reason, known.resolved_at, known.at = known.attempts + 1, reason, None, utc_now()
        known.save()
        return known
    return DeadLetter.objects.create(
        accepted_id=accepted.position,
        sha256=accepted.sha256,
        source=accepted.source,
        place=str(accepted.facts.get("place", ""))[:1000],
        reason=reason,
        at=utc_now(),
    )


def bury_unread(*, source: str, place: str, reason: str) -> DeadLetter:
    """Note something a source could not even take in (too large, not a mail); the same place is one dead letter."""
    with transaction.atomic():
        letter, made = DeadLetter.objects.get_or_create(
            source=source,
            place=place[:1000],
            accepted=None,
            resolved_at=None,
            defaults={"reason": reason, "at": utc_now()},
        )
        if not made:
            letter.attempts, letter.reason, letter.at = letter.attempts + 1, reason, utc_now()
            letter.save()
    return letter
