"""Emptying the outbox of one webhook.

A delivery that is cut off is posted again under the same id, by which the receiver drops what it has: at least once on the
line, exactly once for who looks at the id. The order of events is kept only among those that are taken at the first try.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import QuerySet

from watchfloor.connectors.models import Delivery
from watchfloor.connectors.outgoing.outbox import FIRST_WAIT, GIVE_UP, KEEP_ROW, KEEP_TEXT, LONGEST_WAIT
from watchfloor.connectors.outgoing.words import Answered, MailState, Poster
from watchfloor.kernel.errors import BadInput, Unreachable

log = logging.getLogger(__name__)

LATER = frozenset({408, 421, 425, 429})
"""Answers of the 400s that say “not now”; all others of them, and redirections, say “never”."""


def empty(connection: str, *, poster: Poster, now: Callable[[], datetime], stop: Callable[[], bool]) -> int:
    """Post all that is due; returns how many were tried. Raises Unreachable when nobody answers, after noting it."""
    done = 0
    while not stop() and (row := _due(connection, now()).order_by("next_at", "id").first()) is not None:
        _post(row, poster, now=now)
        done += 1
    return done


def release(connection: str, *, now: datetime) -> None:
    """Let all that waits be due at once: the settings have changed, or the worker has come back."""
    Delivery.objects.filter(connection=connection, state=MailState.WAITING, next_at__gt=now).update(next_at=now)


def trim(*, now: datetime) -> int:
    """Forget the body of what was delivered or given up, later its row; returns how many changed."""
    ended = Delivery.objects.filter(state__in=(MailState.SENT, MailState.FAILED))
    bodies = ended.filter(queued_at__lt=now - KEEP_TEXT, body__isnull=False).update(body=None)
    gone, _ = ended.filter(queued_at__lt=now - KEEP_ROW).delete()
    return bodies + gone


def _due(connection: str, now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(connection=connection, state=MailState.WAITING, next_at__lte=now)


def _post(row: Delivery, poster: Poster, *, now: Callable[[], datetime]) -> None:
    row.attempts, row.tried_at = row.attempts + 1, now()
    try:
        said = poster.post(bytes(row.body or b""), delivery=row.delivery_id, event=row.event, at=now())
    except Unreachable as error:
        row.status, row.reason = 0, error.message
        _wait(row, 0.0, now=now())
        row.save()
        raise
    except BadInput as error:
        _give_up(row, error.message)
    else:
        _settle(row, said, now=now())
    row.save()


def _settle(row: Delivery, said: Answered, *, now: datetime) -> None:
    row.status = said.status
    row.reason = f"answered {said.status}{f': {said.words}' if said.words else ''}"
    if 200 <= said.status < 300:
        row.state, row.sent_at = MailState.SENT, now
    elif said.status >= 500 or said.status in LATER:
        _wait(row, said.wait, now=now)
    elif 300 <= said.status < 400:
        _give_up(row, f"{row.reason}; redirections are not followed")
    else:
        _give_up(row, row.reason)


def _wait(row: Delivery, told: float, *, now: datetime) -> None:
    if now - row.queued_at >= GIVE_UP:
        _give_up(row, f"given up after {GIVE_UP.days} days: {row.reason}")
        return
    usual = min(FIRST_WAIT * 2 ** min(row.attempts - 1, 10), LONGEST_WAIT)
    row.next_at = now + max(usual, min(timedelta(seconds=told), LONGEST_WAIT))


def _give_up(row: Delivery, reason: str) -> None:
    log.warning("webhook delivery %s was given up: %s", row.delivery_id, reason)
    row.state, row.reason = MailState.FAILED, reason
