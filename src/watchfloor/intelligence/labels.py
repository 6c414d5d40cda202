"""The verb that marks a verdict wrong: kept as a label, and told to whoever acts on late verdicts."""

from datetime import datetime
from typing import Any

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.intelligence.contracts import LabelKind
from watchfloor.intelligence.models import Label
from watchfloor.kernel.errors import BadInput, NotFound
from watchfloor.lake.contracts import EmailRecord, LateVerdict
from watchfloor.lake.selectors import email
from watchfloor.lake.services import flow_to_campaign, note_late_verdicts

audit_verb("verdict.label", "{actor} marked the verdict on {target} as wrong")

MOST_NOTE = 2000


def label_verdict(*, by: Actor, network_message_id: str, kind: LabelKind, note: str, now: datetime) -> None:
    """Keep what `by` says about the verdict, and let it flow on as a late verdict. Raises NotFound for no such email.

    Raises BadInput when the newest label of the email says so already.
    """
    note, network_message_id = _plain(note), _plain(network_message_id)
    with audited(
        by=by,
        permission=Permission.EMAIL_ACTION_PROPOSE,
        verb="verdict.label",
        target_type="email",
        target=network_message_id,
        reason=note,
    ) as result:
        record = email(network_message_id)
        if record is None:
            raise NotFound("there is no such email", place=network_message_id[:100])
        before = Label.objects.filter(network_message_id=record.network_message_id).order_by("-id").first()
        if before and before.kind == kind:
            raise BadInput(f"{before.by} marked it so already", place="kind")
        with transaction.atomic():
            _label(record, kind, by, note, now).save()
            late = _late(record, kind, by, note, now)
            note_late_verdicts([late])
            if kind is LabelKind.FALSE_POSITIVE:
                # Else its campaign would go on condemning the next mail that is like it.
                flow_to_campaign(late)
        result["before"] = {"label": before.kind if before else "none"}
        result["after"] = {"label": kind.value}


def _label(record: EmailRecord, kind: LabelKind, by: Actor, note: str, now: datetime) -> Label:
    verdict: dict[str, Any] = record.summary.get("verdict") or {}
    return Label(
        network_message_id=record.network_message_id,
        kind=kind,
        by=by.name,
        by_id=by.id,
        at=now,
        note=note[:MOST_NOTE],
        subject=_plain(record.summary.get("subject"))[:1000],
        sender=_plain(record.summary.get("sender_address"))[:400],
        said=", ".join(verdict.get("threat_types") or ()) or "No threat",
        score=float(verdict.get("score") or 0),
        received_at=record.received_at,
    )


def _late(record: EmailRecord, kind: LabelKind, by: Actor, note: str, now: datetime) -> LateVerdict:
    words = f"{by.name} marked it: {kind.label}" + (f" ({note.strip()})" if note.strip() else "")
    # A confident word condemns the whole campaign: that is for those who may act on mail.
    sure = ("High" if by.may(Permission.EMAIL_ACTION_MANAGE) else "Normal") if kind.threat_types else ""
    return LateVerdict(now, record.network_message_id, kind.threat_types, sure, "person", words[:MOST_NOTE])


def _plain(value: object) -> str:
    """Text that every database keeps: strangers' words may hold NUL and lone surrogates."""
    return str(value or "").strip().replace("\0", "").encode("utf-8", "replace").decode()
