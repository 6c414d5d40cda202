"""Outgoing mail as people see it."""

from django.db.models import QuerySet

from watchfloor.connectors.models import Outgoing
from watchfloor.connectors.outgoing.words import MailState, OutgoingMail

TABS = (("", "All"), ("waiting", "Waiting"), ("sent", "Sent"), ("failed", "Not sent"))
_STATES = {
    "waiting": (MailState.WAITING, MailState.SENDING),
    "sent": (MailState.SENT,),
    "failed": (MailState.FAILED,),
}


def outgoing(tab: str = "") -> QuerySet[Outgoing]:
    """Rows without their text, newest first; `tab` is a key of TABS."""
    rows = Outgoing.objects.defer("raw")
    return rows.filter(state__in=_STATES[tab]) if tab in _STATES else rows


def outgoing_mail(dedup_key: str) -> OutgoingMail | None:
    """The mail of a key, as who sent it wants to show what became of it."""
    row = Outgoing.objects.defer("raw").filter(dedup_key=dedup_key).first()
    return as_contract(row) if row else None


def as_contract(row: Outgoing) -> OutgoingMail:
    state = MailState(row.state)
    return OutgoingMail(
        id=row.pk,
        message_id=row.message_id,
        to=tuple(row.to),
        subject=row.subject,
        state=state,
        sentence=_sentence(row, state),
        attempts=row.attempts,
        size=row.size,
        created_at=row.created_at,
        sent_at=row.sent_at,
        next_at=row.next_at if state is MailState.WAITING else None,
        connection=row.connection,
    )


def _sentence(row: Outgoing, state: MailState) -> str:
    twice = "; it was cut off once, so it may have arrived twice with the same Message-ID" if row.cut_off else ""
    if state is MailState.SENT:
        some = f", refused for {len(row.refused)} ({row.reason})" if row.refused else ""
        return f"The server took it for {len(row.accepted)} of {len(row.to)}{some}{twice}: {row.answer}".rstrip(": ")
    if state is MailState.FAILED:
        return row.reason
    if state is MailState.SENDING:
        return "Being handed to the server"
    return f"Tried {row.attempts} times; {row.reason}" if row.attempts else "Not tried yet"
