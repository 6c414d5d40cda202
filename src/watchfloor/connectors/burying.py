"""Dead letters: what could not be read, and why."""

from django.db import transaction

from watchfloor.connectors.contracts import AcceptedMail
from watchfloor.connectors.models import DeadLetter
from watchfloor.kernel.clock import utc_now


def bury(*, accepted: AcceptedMail, reason: str) -> DeadLetter:
    """Put an accepted mail that cannot be read onto the dead-letter page. Joins the caller's transaction."""
    again = accepted.facts.get("retry_of")
    known = DeadLetter.objects.filter(pk=again).first() if again else None
    if known is not None:
        known.attempts, known.reason, known.resolved_at, known.at = known.attempts + 1, reason, None, utc_now()
        known.save()
        return known
    return DeadLetter.objects.create(
        accepted_id=accepted.position,
        sha256=accepted.sha256,
        source=accepted.source,
        place=str(accepted.facts.get("place", ""))[:1000],
        reason=reason,
        at=utc_now(),
    )


def bury_unread(*, source: str, place: str, reason: str) -> DeadLetter:
    """Note something a source could not even take in (too large, not a mail); the same place is one dead letter."""
    with transaction.atomic():
        letter, made = DeadLetter.objects.get_or_create(
            source=source,
            place=place[:1000],
            accepted=None,
            resolved_at=None,
            defaults={"reason": reason, "at": utc_now()},
        )
        if not made:
            letter.attempts, letter.reason, letter.at = letter.attempts + 1, reason, utc_now()
            letter.save()
    return letter
