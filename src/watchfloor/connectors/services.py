"""The verbs of this slice: taking mail in, burying what cannot be read, connecting systems."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from watchfloor.connectors import intake, store
from watchfloor.connectors.burying import bury, bury_unread
from watchfloor.connectors.connections import (
    add_connection,
    change_connection,
    remove_connection,
    switch_connection,
    try_connection,
)
from watchfloor.connectors.contracts import AcceptedMail, NewMail
from watchfloor.connectors.delivered import delivered_digest
from watchfloor.connectors.event_importing import import_events
from watchfloor.connectors.hashing import file_sha256
from watchfloor.connectors.importing import import_paths
from watchfloor.connectors.judging import set_judge
from watchfloor.connectors.observing import observe, recall, register_observer, remember
from watchfloor.connectors.opinions import consult
from watchfloor.connectors.outgoing.composing import checked_addresses
from watchfloor.connectors.outgoing.posting import post_event, webhooks
from watchfloor.connectors.outgoing.sending import can_send, send_again, send_mail
from watchfloor.connectors.parts import take_parts_from
from watchfloor.connectors.releasing import marked as mark_released
from watchfloor.connectors.retrying import retry_all, retry_dead_letter
from watchfloor.connectors.tables_known import take_rows_for

__all__ = [
    "accept",
    "accept_many",
    "add_connection",
    "bury",
    "bury_unread",
    "can_send",
    "change_connection",
    "checked_addresses",
    "consult",
    "delivered_digest",
    "file_sha256",
    "forget_raw",
    "import_events",
    "import_paths",
    "keep_raw",
    "mark_released",
    "observe",
    "post_event",
    "recall",
    "register_observer",
    "remember",
    "remove_connection",
    "retry_all",
    "retry_dead_letter",
    "send_again",
    "send_mail",
    "set_judge",
    "switch_connection",
    "take_parts_from",
    "take_rows_for",
    "try_connection",
    "webhooks",
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


def keep_raw(mails: Sequence[bytes]) -> list[str]:
    """Make these raw mails durable, without taking them in; returns their hashes. Raises OSError. Needs no database."""
    return store.keep(intake.raw_root(), mails)


def forget_raw(sha256: str) -> bool:
    """Remove the raw bytes of a mail for good; False when they were gone. Who calls has made sure that nobody needs them."""
    return store.remove(intake.raw_root(), sha256)


def accept_many(mails: Sequence[NewMail], *, alongside: Callable[[], None] | None = None) -> list[AcceptedMail]:
    """Take many in with shared syncs and one commit; `alongside` may write a reader's cursor in that commit."""
    return intake.take_in(mails, alongside=alongside)
