"""Malicious mail that a remediation was to remove and could not: told, so that an alert policy raises it and it is looked into (AP-10).

What an investigation itself could not remove is told on its own page; told here too, it would set off the next investigation.
"""

from collections.abc import Iterator
from datetime import datetime

from watchfloor.detection.contracts import OwnActivity
from watchfloor.detection.services import tell_activities
from watchfloor.response.contracts import ActionSource, LineStatus
from watchfloor.response.models import LedgerLine, Remediation

VERB = "remediation.not_removed"
REMOVES = frozenset({"soft-delete", "hard-delete", "move-to-deleted", "move-to-junk", "quarantine"})
GRAVE = ("Malware", "Phish")
MOST = 500
"""So many copies are told of one run; the alert leads to the ledger, which has them all."""


def tell_not_removed(remediation: Remediation, *, now: datetime) -> None:
    """One activity for each copy that failed, in the caller's transaction; a retry that fails again is told again."""
    if _tells(remediation):
        tell_activities(_activities(remediation, now))


def _tells(remediation: Remediation) -> bool:
    ours = remediation.source == ActionSource.AUTOMATED and not remediation.event_type
    return bool(remediation.failed) and remediation.action in REMOVES and remediation.undo_of_id is None and not ours


def _activities(remediation: Remediation, now: datetime) -> Iterator[OwnActivity]:
    failed = remediation.lines.filter(status=LineStatus.FAILED.value).order_by("id")
    told = 0
    for line in failed.iterator(chunk_size=1000):
        if told == MOST:
            return
        if threat := _threat(remediation, line):
            told += 1
            yield _activity(remediation, line, threat, now)


def _threat(remediation: Remediation, line: LedgerLine) -> str:
    """The gravest it is known for; what a late verdict says counts before what the mail was stored with."""
    known = remediation.event_type or line.threats
    return next((threat for threat in GRAVE if threat in known), "")


def _activity(remediation: Remediation, line: LedgerLine, threat: str, now: datetime) -> OwnActivity:
    return OwnActivity(
        id=f"not-removed-{line.pk}-{remediation.run}",
        at=now,
        verb=VERB,
        object=line.subject,
        object_id=line.network_message_id,
        object_type=threat,
        account=line.recipient,
        more={"remediation": remediation.name, "approval": remediation.approval_id, "why": line.why[:500]},
    )
