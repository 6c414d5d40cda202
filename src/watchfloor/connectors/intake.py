"""Taking mail in: raw bytes durable first, then one row in one commit, in the order of positions."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from watchfloor.connectors import store
from watchfloor.connectors.contracts import AcceptedMail, NewMail
from watchfloor.connectors.models import Accepted
from watchfloor.runtime.services import keep_order

QUEUE = "connectors.accepted"
"""Held until commit, so that no reader sees position 8 before 7 is committed."""


def raw_root() -> Path:
    """The folder of the raw store."""
    return Path(settings.HOME) / "mail"


def take_in(mails: Sequence[NewMail], *, alongside: Callable[[], None] | None = None) -> list[AcceptedMail]:
    """Make all of `mails` durable; `alongside` writes (a reader's cursor) in the same transaction. Raises OSError when the disk fails."""
    hashes = store.keep(raw_root(), (mail.raw for mail in mails))
    rows = [_row(mail, sha256) for mail, sha256 in zip(mails, hashes, strict=True)]
    with transaction.atomic():
        insert(rows)
        if alongside is not None:
            alongside()
    return [as_contract(row) for row in rows]


def insert(rows: Sequence[Accepted]) -> None:
    """Insert rows so that positions become visible in order; call inside a transaction."""
    keep_order(QUEUE)
    Accepted.objects.bulk_create(rows, batch_size=500)


def as_contract(row: Accepted) -> AcceptedMail:
    envelope = row.envelope
    return AcceptedMail(
        position=row.position,
        sha256=row.sha256,
        source=row.source,
        received_at=row.received_at,
        mail_from=envelope.get("mail_from", ""),
        recipients=tuple(envelope.get("recipients", ())),
        client_ip=envelope.get("client_ip", ""),
        helo=envelope.get("helo", ""),
        queue_id=envelope.get("queue_id", ""),
        folder=row.folder,
        facts=row.facts,
    )


def _row(mail: NewMail, sha256: str) -> Accepted:
    envelope = {
        "mail_from": storable(mail.mail_from.lower()),
        "recipients": [storable(recipient.lower()) for recipient in mail.recipients],
        "client_ip": mail.client_ip,
        "helo": storable(mail.helo),
        "queue_id": storable(mail.queue_id),
    }
    facts = {**mail.facts, "place": storable(mail.place)} if mail.place else dict(mail.facts)
    return Accepted(
        sha256=sha256,
        source=mail.source,
        received_at=mail.received_at,
        envelope=envelope,
        folder=mail.folder,
        facts=facts,
    )


def storable(text: str) -> str:
    """Without NUL and lone surrogates, which PostgreSQL's JSON refuses; envelopes and file names come from strangers."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def storable_inside(said: Any) -> Any:
    """The same for every text inside lists and objects, and for the names of their fields."""
    if isinstance(said, str):
        return storable(said)
    if isinstance(said, Mapping):
        return {storable_inside(name): storable_inside(value) for name, value in said.items()}
    return [storable_inside(value) for value in said] if isinstance(said, list | tuple) else said
