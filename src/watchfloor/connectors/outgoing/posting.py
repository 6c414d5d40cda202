"""Putting a JSON document into the outbox of a webhook, and giving one that was given up another chance."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors.contracts import Capability
from watchfloor.connectors.models import Delivery
from watchfloor.connectors.outgoing.composing import one_line
from watchfloor.connectors.outgoing.words import MailState
from watchfloor.connectors.registry import systems
from watchfloor.connectors.selectors import enabled_connections, settings_of
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import BadInput, NotConfigured, NotFound

audit_verb("webhook.resend", "{actor} had the webhook delivery {target} posted again")

MOST_WAITING = 10_000
"""Deliveries of one connection: a receiver that is gone for days must not fill the disk."""


def webhooks() -> tuple[str, ...]:
    """The enabled connections that post, by name."""
    known = systems()
    return tuple(one.name for one in enabled_connections() if Capability.POST_WEBHOOKS in known[one.kind].capabilities)


def post_event(
    *, connection: str, event: str, subject: str, body: Mapping[str, Any], dedup_key: str, now: datetime
) -> str:
    """Put one event into the outbox of a webhook; on return it is durable. The same key is one delivery. Returns its id.

    `event` as “alert.created”. Raises NotConfigured when no such enabled webhook is there, BadInput when it is too large or
    the outbox is full.
    """
    if not dedup_key or len(dedup_key) > 200:
        raise BadInput("a delivery needs a key of at most 200 characters", place="dedup_key")
    known = Delivery.objects.filter(connection=connection, dedup_key=dedup_key).first()
    if known is not None:
        return known.delivery_id
    largest = _largest(connection)
    delivery = str(uuid4())
    raw = json.dumps({"id": delivery, "type": event, "createdDateTime": now.isoformat(), **body}, default=str).encode()
    if len(raw) > largest:
        raise BadInput(f"the event has {len(raw) >> 10} KB, “{connection}” takes {largest >> 10} at most", place="body")
    if Delivery.objects.filter(connection=connection, state=MailState.WAITING).count() >= MOST_WAITING:
        raise BadInput(f"{MOST_WAITING:,} deliveries wait for “{connection}” already", place="connection")
    row = Delivery(
        connection=connection,
        dedup_key=dedup_key,
        delivery_id=delivery,
        event=event,
        subject=one_line(subject)[:300],
        body=raw,
        size=len(raw),
        state=MailState.WAITING,
        created_at=now,
        queued_at=now,
        next_at=now,
    )
    return _kept(row).delivery_id


def post_again(*, by: Actor, id: int) -> None:
    """Post one that was given up once more, now, under its id. Raises NotFound when it was not given up or is not kept."""
    with audited(
        by=by, permission=Permission.CONNECTION_MANAGE, verb="webhook.resend", target_type="delivery", target=str(id)
    ) as result:
        row = Delivery.objects.filter(pk=id, state=MailState.FAILED).exclude(body=None).first()
        if row is None:
            raise NotFound("this delivery is not there, was delivered, or is no longer kept")
        now = utc_now()
        row.state, row.queued_at, row.next_at = MailState.WAITING, now, now
        row.save()
        result["after"] = {"delivery": row.delivery_id, "connection": row.connection}


def _largest(name: str) -> int:
    found = next((one for one in enabled_connections() if one.name == name), None)
    poster = getattr(systems()[found.kind], "poster", None) if found else None
    if found is None or poster is None:
        raise NotConfigured(f"no enabled connection “{name}” posts webhooks; add one under Settings, Connections")
    return int(poster(settings_of(found)).largest)


def _kept(row: Delivery) -> Delivery:
    """The row, or the one of the same key that somebody else stored in the same moment."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return Delivery.objects.get(connection=row.connection, dedup_key=row.dedup_key)
    return row
