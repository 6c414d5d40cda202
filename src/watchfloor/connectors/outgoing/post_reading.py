"""Webhook deliveries as people see them."""

import json

from django.db.models import QuerySet

from watchfloor.connectors.models import Delivery
from watchfloor.connectors.outgoing.words import MailState, OutgoingPost
from watchfloor.kernel.errors import NotFound

TABS = (("", "All"), ("waiting", "Waiting"), ("sent", "Delivered"), ("failed", "Not delivered"))
_STATES = {one: one for one in (MailState.WAITING, MailState.SENT, MailState.FAILED)}


def deliveries(tab: str = "") -> QuerySet[Delivery]:
    """Rows without their body, newest first; `tab` is a key of TABS."""
    rows = Delivery.objects.defer("body")
    return rows.filter(state=tab) if tab in _STATES else rows


def delivery(id: int) -> OutgoingPost:
    """One with its body. Raises NotFound."""
    row = Delivery.objects.filter(pk=id).first() if id < 2**63 else None
    if row is None:
        raise NotFound("there is no such delivery")
    body = json.dumps(json.loads(bytes(row.body)), indent=2, ensure_ascii=False) if row.body else ""
    return as_contract(row, body=body)


def as_contract(row: Delivery, *, body: str = "") -> OutgoingPost:
    state = MailState(row.state)
    return OutgoingPost(
        id=row.pk,
        delivery=row.delivery_id,
        event=row.event,
        subject=row.subject,
        state=state,
        sentence=_sentence(row, state),
        attempts=row.attempts,
        size=row.size,
        created_at=row.created_at,
        sent_at=row.sent_at,
        next_at=row.next_at if state is MailState.WAITING else None,
        connection=row.connection,
        body=body,
    )


def _sentence(row: Delivery, state: MailState) -> str:
    if state is MailState.WAITING and row.attempts:
        return f"Tried {row.attempts} time{'s' if row.attempts > 1 else ''}; {row.reason}"
    return row.reason[:1].upper() + row.reason[1:] if row.reason else "Not tried yet"
