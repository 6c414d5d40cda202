"""An allow entry in the step of a release: what was held by mistake is to come through the next time (QU-10)."""

from collections.abc import Sequence
from datetime import date, datetime

from watchfloor.access.contracts import Actor
from watchfloor.intelligence.contracts import Effect, Kind, Life
from watchfloor.intelligence.services import add_entry
from watchfloor.kernel.errors import BadInput, Conflict
from watchfloor.response.quarantine.models import QuarantinedMail

LIVES = (Life.UNUSED_45, Life.DAYS_1, Life.DAYS_7, Life.DAYS_30)
MOST_SENDERS = 20


def life_of(text: str) -> Life | date | None:
    """A span by its key, a day as 2026-12-24, None for none. Raises BadInput."""
    if not text:
        return None
    if text in set(map(str, LIVES)):
        return Life(text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput("choose how long the sender is allowed, or name the day it ends", place="allow") from None


def allow_senders(*, by: Actor, mails: Sequence[int], life: Life | date, reason: str, now: datetime) -> list[str]:
    """An allow entry for each sender of these mails; returns what stood in the way, in words. Raises Forbidden."""
    found = QuarantinedMail.objects.filter(pk__in=mails).exclude(sender="").order_by("pk")
    senders = {mail.sender.lower(): mail.network_message_id for mail in found}
    if len(senders) > MOST_SENDERS:
        return [f"the mails have {len(senders):,} senders; at most {MOST_SENDERS} are allowed in one step, so none was"]
    words = []
    for sender, email in senders.items():
        try:
            add_entry(
                by=by,
                kind=Kind.SENDER,
                effect=Effect.ALLOW,
                value=sender,
                life=life,
                note=reason or "Released from quarantine as harmless",
                email=email,
                source="Quarantine",
                now=now,
            )
        except (BadInput, Conflict) as error:
            words.append(f"{sender} is not allowed anew: {error.message}")
    return words
