"""Verbs on the verdict policy: the threshold, and reasons that count nothing here."""

from datetime import datetime

from django.db import transaction

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.inspection.services import THRESHOLD, WEIGHTS
from watchfloor.intelligence.facts import ONLY, changed
from watchfloor.intelligence.models import Policy, Silenced
from watchfloor.kernel.errors import BadInput, Conflict, NotFound

audit_verb("reason.silence", "{actor} silenced the reason {target}")
audit_verb("reason.restore", "{actor} let the reason {target} count again")
audit_verb("threshold.change", "{actor} changed the threshold of the verdict")

LOWEST, HIGHEST = 1.0, 9.0
"""A threshold above would let mail through that an entry blocks."""


def silence_reason(*, by: Actor, signal: str, note: str, now: datetime) -> None:
    """Let a reason count nothing from the next mail on. Raises BadInput for an unknown reason or an empty note."""
    signal, note = signal.replace("\0", ""), note.replace("\0", "")  # which PostgreSQL does not keep
    with audited(
        by=by,
        permission=Permission.DETECTION_TUNE,
        verb="reason.silence",
        target_type="reason",
        target=signal,
        reason=note,
    ) as result:
        if signal not in WEIGHTS:
            raise BadInput(f"there is no reason “{signal}”", place="signal")
        if not note.strip():
            raise BadInput("write down why, for whoever finds it silenced later", place="note")
        if Silenced.objects.filter(signal=signal).exists():
            raise Conflict(f"“{signal}” is silenced already", place="signal")
        with transaction.atomic():
            Silenced.objects.create(signal=signal, by=by.name, at=now, note=note.strip()[:2000])
            changed(now=now)
        result["after"] = {"points": WEIGHTS[signal].points, "counts": False}


def restore_reason(*, by: Actor, signal: str, now: datetime) -> None:
    """Undo a silencing. Raises NotFound when the reason counts already."""
    with audited(
        by=by, permission=Permission.DETECTION_TUNE, verb="reason.restore", target_type="reason", target=signal
    ) as result:
        with transaction.atomic():
            gone, _ = Silenced.objects.filter(signal=signal).delete()
            if not gone:
                raise NotFound(f"“{signal}” is not silenced")
            changed(now=now)
        result["after"] = {"counts": True}


def change_threshold(*, by: Actor, threshold: float, now: datetime) -> None:
    """Call a mail a threat from `threshold` points on, 1 to 9; the shipped number puts the shipped one back."""
    before = Policy.objects.filter(pk=ONLY).values_list("threshold", flat=True).first() or THRESHOLD
    with audited(
        by=by,
        permission=Permission.DETECTION_TUNE,
        verb="threshold.change",
        target_type="verdict policy",
        target="threshold",
        before={"threshold": before},
    ) as result:
        if not LOWEST <= threshold <= HIGHEST:
            raise BadInput(f"a threshold lies between {LOWEST:g} and {HIGHEST:g}", place="threshold")
        kept = 0.0 if threshold == THRESHOLD else round(threshold, 2)
        with transaction.atomic():
            Policy.objects.update_or_create(
                pk=ONLY, defaults={"threshold": kept, "changed_by": by.name, "changed_at": now}
            )
            changed(now=now)
        result["after"] = {"threshold": threshold}
