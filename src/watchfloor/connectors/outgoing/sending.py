"""Putting a mail into the outbox, and giving one that failed another chance."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors.contracts import Capability, SendingSystem
from watchfloor.connectors.models import Connection, Outgoing
from watchfloor.connectors.outgoing.composing import checked_addresses, compose, message_id, one_line
from watchfloor.connectors.outgoing.reading import as_contract
from watchfloor.connectors.outgoing.words import Attachment, MailState, OutgoingMail, Sender
from watchfloor.connectors.registry import systems
from watchfloor.connectors.selectors import enabled_connections, settings_of
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, NotConfigured, NotFound

audit_verb("mail.resend", "{actor} had the mail {target} sent again")


def send_mail(
    *,
    to: Sequence[str],
    subject: str,
    text: str,
    dedup_key: str,
    html: str = "",
    attachments: Sequence[Attachment] = (),
    connection: str = "",
    now: datetime | None = None,
) -> OutgoingMail:
    """Put one mail into the outbox; on return it is durable, and the worker hands it over. The same `dedup_key` is one mail.

    `connection` names which connection sends it, else the first by name that can. Who calls answers for who may send.
    Raises BadInput (an address, size), NotConfigured when no enabled connection sends mail.
    """
    if not dedup_key or len(dedup_key) > 200:
        raise BadInput("a mail needs a key of at most 200 characters", place="dedup_key")
    known = Outgoing.objects.filter(dedup_key=dedup_key).first()
    if known is not None:
        return as_contract(known)
    at, addresses = now or utc_now(), checked_addresses(to)
    name, sender = _sender(connection)
    key = message_id(dedup_key, sender=sender, at=at)
    raw = compose(
        sender=sender,
        to=addresses,
        subject=subject,
        text=text,
        html=html,
        attachments=attachments,
        message_id=key,
        at=at,
    )
    if len(raw) > sender.largest:
        raise BadInput(
            f"the mail has {len(raw) >> 20} MB, “{name}” sends {sender.largest >> 20} at most", place="attachments"
        )
    row = Outgoing(
        dedup_key=dedup_key,
        message_id=key,
        connection=name,
        mail_from=sender.address,
        subject=one_line(subject)[:500],
        to=list(addresses),
        waiting=list(addresses),
        raw=raw,
        size=len(raw),
        state=MailState.WAITING,
        created_at=at,
        queued_at=at,
        next_at=at,
    )
    return as_contract(_kept(row))


def can_send() -> bool:
    """Whether any enabled connection sends mail."""
    return any(Capability.SEND_MAIL in systems()[one.kind].capabilities for one in enabled_connections())


def send_again(*, by: Actor, id: int) -> None:
    """Give a mail that failed to its server once more, now. Raises NotFound when it did not fail or its text has gone."""
    with audited(
        by=by, permission=Permission.CONNECTION_MANAGE, verb="mail.resend", target_type="mail", target=str(id)
    ) as result:
        row = Outgoing.objects.filter(pk=id, state=MailState.FAILED).exclude(raw=None).first()
        if row is None:
            raise NotFound("this mail is not there, was sent, or is no longer kept")
        now = utc_now()
        row.waiting = row.waiting or [one for one in row.to if one not in row.accepted]
        row.state, row.cut_off, row.refused, row.queued_at, row.next_at = MailState.WAITING, 0, {}, now, now
        row.save()
        result["after"] = {"subject": row.subject, "to": row.waiting}


def _kept(row: Outgoing) -> Outgoing:
    """The row, or the one of the same key that somebody else stored in the same moment."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return Outgoing.objects.get(dedup_key=row.dedup_key)
    return row


def _sender(name: str) -> tuple[str, Sender]:
    sending = {one.name: one for one in enabled_connections() if isinstance(systems()[one.kind], SendingSystem)}
    found: Connection | None = sending.get(name) if name else next(iter(sending.values()), None)
    if found is None:
        which = f"no enabled connection “{name}” sends mail" if name else "no connection sends mail"
        raise NotConfigured(f"{which}; add “Outgoing mail (SMTP submission)” under Settings, Connections")
    system = systems()[found.kind]
    assert isinstance(system, SendingSystem)
    return found.name, system.sender(settings_of(found))
