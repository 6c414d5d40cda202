"""How mail gets into the quarantine: what the border kept back, read by cursor, and what an action took out of mailboxes.

The cursor moves in the transaction that stores what was read, so a kill loses nothing and stores nothing twice.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from watchfloor.connectors.contracts import AcceptedMail
from watchfloor.connectors.selectors import accepted_after
from watchfloor.lake import selectors as lake
from watchfloor.response.contracts import LineStatus
from watchfloor.response.quarantine.border import FACTS, threat_named
from watchfloor.response.quarantine.contracts import (
    POLICY_TYPES,
    REASONS,
    STATUS_ORDER,
    USUAL_DAYS,
    BorderPolicy,
    CopyStatus,
    HeldBy,
    HeldReason,
    PolicyType,
)
from watchfloor.response.quarantine.indexing import follow_text
from watchfloor.response.quarantine.locking import lock_mails
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail
from watchfloor.response.quarantine.policies import border_policy
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor

if TYPE_CHECKING:
    from watchfloor.response.models import LedgerLine, Remediation

READER = "response.quarantine"
BATCH = 500
PATIENCE = timedelta(minutes=2)
"""So long we wait for the lake to name a mail; what it cannot read is listed without its name."""


def hold_pending(*, now: datetime, limit: int = BATCH) -> int:
    """Store what the border kept back since; returns how many accepted mails were looked at."""
    position = cursor_position(READER)
    mails = accepted_after(position, limit=limit)
    ids = lake.emails_by_fingerprint({_said(mail).get("fingerprint", "") for mail in mails if is_held(mail)})
    ready = _ready(mails, ids, now)
    if not ready:
        return 0
    with transaction.atomic():
        if cursor_position(READER) != position:
            return 0  # somebody else stored them meanwhile
        for mail in ready:
            if is_held(mail):
                hold_accepted(mail, network_message_id=ids.get(_said(mail).get("fingerprint", ""), ""))
        move_cursor(READER, position=ready[-1].position)
    return len(ready)


def is_held(mail: AcceptedMail) -> bool:
    """Whether a milter kept copies of it here; what waits in a mail server's own queue names nobody."""
    return bool(mail.facts.get("held"))


def hold_accepted(mail: AcceptedMail, *, network_message_id: str) -> QuarantinedMail:
    """Store one mail that the border kept back, once."""
    said = _said(mail)
    reason = HeldReason(said.get("reason", HeldReason.ADMIN))
    expires = mail.received_at + timedelta(days=int(said.get("days", USUAL_DAYS)))
    held, made = QuarantinedMail.objects.get_or_create(
        position=mail.position,
        defaults={
            "sha256": mail.sha256,
            "fingerprint": said.get("fingerprint", ""),
            "network_message_id": network_message_id,
            "internet_message_id": _text(said.get("message_id"), 998),
            "source": mail.source,
            "held_by": HeldBy.BORDER.value,
            "received_at": mail.received_at,
            "held_at": mail.received_at,
            "expires_at": expires,
            "mail_from": _text(mail.mail_from, 320),
            "sender": _text(said.get("sender"), 320),
            "sender_name": _text(said.get("sender_name"), 400),
            "subject": _text(said.get("subject"), 1000),
            "size": int(said.get("size", 0)),
            "direction": _text(said.get("direction"), 20),
            "reason": reason.value,
            "policy_type": said.get("policy_type", POLICY_TYPES[reason].value),
            "policy_name": _text(said.get("policy_name"), 200),
            "threats": _text(said.get("threats"), 200),
            "threat": _text(said.get("threat"), 40),
            "override": _text(said.get("override"), 200),
            "words": str(mail.facts.get("verdict", "")),
        },
    )
    if made:
        people = sorted({str(one).strip().lower()[:400] for one in mail.facts["held"]})
        QuarantinedCopy.objects.bulk_create(
            [
                QuarantinedCopy(
                    mail=held, recipient=one, sha256=mail.sha256, held_at=mail.received_at, expires_at=expires
                )
                for one in people
            ]
        )
        follow_copies([held.pk])
    return held


def hold_from_mailboxes(remediation: "Remediation", lines: Sequence["LedgerLine"]) -> None:
    """Store what these lines of the action “Quarantine” took, in the transaction that stores them."""
    taken = [
        line for line in lines if line.status == LineStatus.MOVED and any(place.get("kept") for place in line.before)
    ]
    if not taken:
        return
    policy = border_policy()
    names = {line.network_message_id for line in taken}
    said = lake.inspections_of(names)
    mails = {}
    for line in taken:
        name = line.network_message_id
        if name not in mails:
            mails[name] = _taken_mail(remediation, line, said.get(name, {}), policy)
    copies = [_taken_copy(mails[line.network_message_id], line) for line in taken]
    QuarantinedCopy.objects.bulk_create(copies, ignore_conflicts=True, batch_size=200)
    follow_copies({mail.pk for mail in mails.values()})


def _taken_mail(
    remediation: "Remediation", line: "LedgerLine", summary: dict[str, Any], policy: BorderPolicy
) -> QuarantinedMail:
    verdict = summary.get("verdict") or {}
    threat = threat_named(remediation.event_type.removesuffix(" ZAP") or line.threats, verdict.get("confidence") or "")
    reason = REASONS[threat]
    at = line.at or remediation.created_at
    places = [place for place in line.before if place.get("kept")]
    received = next((place["internal_date"] for place in places if place["internal_date"]), None)
    mail, _ = QuarantinedMail.objects.get_or_create(
        remediation=remediation,
        network_message_id=line.network_message_id,
        defaults={
            "sha256": places[0]["kept"],
            "fingerprint": _text(summary.get("fingerprint"), 128),
            "internet_message_id": _text(line.message_id, 998),
            "source": remediation.name[:200],
            "held_by": HeldBy.ACTION.value,
            "received_at": datetime.fromisoformat(received) if received else at,
            "held_at": at,
            "expires_at": at + timedelta(days=policy.rule(threat).days),
            "mail_from": _text(summary.get("mail_from"), 320),
            "sender": _text(line.sender, 320),
            "sender_name": _text(summary.get("sender_name"), 400),
            "subject": _text(line.subject, 1000),
            "size": int(summary.get("size") or 0),
            "direction": _text(summary.get("direction"), 20),
            "reason": reason.value,
            "policy_type": PolicyType.ACTION.value,
            "policy_name": "Zero-hour purge" if remediation.event_type else "Taken out by the team",
            "threats": _text(line.threats, 200),
            "threat": threat.value,
            "override": _text(verdict.get("allowed"), 200),
            "words": remediation.reason or remediation.name,
        },
    )
    return mail


def _taken_copy(mail: QuarantinedMail, line: "LedgerLine") -> QuarantinedCopy:
    places = [place for place in line.before if place.get("kept")]
    return QuarantinedCopy(
        mail=mail,
        recipient=line.recipient[:400],
        sha256=places[0]["kept"],
        held_at=line.at or mail.held_at,
        expires_at=mail.expires_at,
        places=places,
        line=line,
    )


def name_unnamed(mails: Iterable[QuarantinedMail]) -> None:
    """Give mails the id that the lake knows them by, where it was not known when they were held."""
    unnamed = {mail.fingerprint: mail for mail in mails if mail.fingerprint and not mail.network_message_id}
    for fingerprint, name in (lake.emails_by_fingerprint(unnamed) if unnamed else {}).items():
        unnamed[fingerprint].network_message_id = name
        unnamed[fingerprint].save(update_fields=["network_message_id"])


def follow_copies(mails: Iterable[int]) -> None:
    """Bring status, number and expiry of these mails into line with their copies; call it in the transaction that changed them."""
    locked = lock_mails(mails)  # before their copies are read: who changes another copy of one waits until this is over
    copies: dict[int, list[QuarantinedCopy]] = {mail.pk: [] for mail in locked}
    for copy in QuarantinedCopy.objects.filter(mail__in=locked).only("mail_id", "status", "expires_at"):
        copies[copy.mail_id].append(copy)
    changed = []
    for mail in locked:
        own = copies[mail.pk]
        if not own:
            continue
        mail.recipients = len(own)
        mail.status = min((CopyStatus(copy.status) for copy in own), key=STATUS_ORDER.index).value
        mail.expires_at = max(copy.expires_at for copy in own)
        changed.append(mail)
    QuarantinedMail.objects.bulk_update(changed, ["recipients", "status", "expires_at"], batch_size=200)
    follow_text(changed)


def _ready(mails: Sequence[AcceptedMail], ids: dict[str, str], now: datetime) -> Sequence[AcceptedMail]:
    """Those up to the first held one that the lake has still to name."""
    for at, mail in enumerate(mails):
        waits = is_held(mail) and _said(mail).get("fingerprint", "") not in ids
        if waits and now - mail.received_at < PATIENCE:
            return mails[:at]
    return mails


def _said(mail: AcceptedMail) -> dict[str, Any]:
    said = mail.facts.get(FACTS)
    return said if isinstance(said, dict) else {}


def _text(value: Any, most: int) -> str:
    return str(value or "").replace("\0", "").encode("utf-8", "replace").decode()[:most]
