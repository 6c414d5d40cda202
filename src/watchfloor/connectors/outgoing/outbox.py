"""Emptying the outbox of one connection.

A mail is marked as being sent, in a commit of its own, before the server hears of it, and as sent after the server has taken
it. Who is killed between the two leaves it marked as being sent: it is sent once more under the same Message-ID, and when
that is cut off too it is given up, so that nobody gets it more than twice.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import F

from watchfloor.connectors.models import Outgoing
from watchfloor.connectors.outgoing.words import Handover, MailState, SendingSession
from watchfloor.kernel.errors import Unreachable, WatchfloorError

log = logging.getLogger(__name__)

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
GIVE_UP = timedelta(days=2)
MOST_CUT_OFF = 2
KEEP_TEXT = timedelta(days=7)
KEEP_ROW = timedelta(days=400)

_in_hand: set[int] = set()
"""What a thread of this process is handing over right now: marked as being sent, and not cut off."""


def empty(connection: str, *, open_session: Callable[[], SendingSession], now: Callable[[], datetime]) -> int:
    """Hand over all that is due; returns how many mails were tried. Raises what `open_session` raises, after noting it."""
    _take_back(connection, now=now())
    if not _due(connection, now()).exists():
        return 0
    try:
        session = open_session()
    except WatchfloorError as error:
        _note(connection, str(error), now=now())
        raise
    done = 0
    try:
        while (row := _due(connection, now()).order_by("next_at", "id").first()) is not None:
            _hand_over(row, session, now=now)
            done += 1
    finally:
        session.close()
    return done


def release(connection: str, *, now: datetime) -> None:
    """Let all that waits be due at once: its settings have changed, or the worker has come back."""
    Outgoing.objects.filter(connection=connection, state=MailState.WAITING, next_at__gt=now).update(next_at=now)


def trim(*, now: datetime) -> int:
    """Forget the text of what was sent or given up, later its row; returns how many changed."""
    ended = Outgoing.objects.filter(state__in=(MailState.SENT, MailState.FAILED))
    texts = ended.filter(queued_at__lt=now - KEEP_TEXT, raw__isnull=False).update(raw=None)
    gone, _ = ended.filter(queued_at__lt=now - KEEP_ROW).delete()
    return texts + gone


def _due(connection: str, now: datetime):  # type: ignore[no-untyped-def]
    return Outgoing.objects.filter(connection=connection, state=MailState.WAITING, next_at__lte=now)


def _hand_over(row: Outgoing, session: SendingSession, *, now: Callable[[], datetime]) -> None:
    row.state, row.attempts, row.tried_at = MailState.SENDING, row.attempts + 1, now()
    _in_hand.add(row.pk)
    try:
        row.save()
        try:
            said = session.send(bytes(row.raw or b""), mail_from=row.mail_from, to=row.waiting)
        except Unreachable as error:
            _settle(row, Handover(deferred=dict.fromkeys(row.waiting, error.message)), now=now())
            raise
        _settle(row, said, now=now())
    finally:
        _in_hand.discard(row.pk)


def _settle(row: Outgoing, said: Handover, *, now: datetime) -> None:
    row.accepted = [*row.accepted, *said.accepted]
    row.refused = {**row.refused, **said.refused}
    row.waiting = [one for one in row.waiting if one not in said.accepted and one not in said.refused]
    row.answer = said.answer or row.answer
    if said.unsure:
        _cut_off(row, "the line broke before the server answered", now=now)
    elif row.waiting:
        row.reason = "; ".join(sorted({f"{said.deferred.get(one, '')}" for one in row.waiting}))
        _wait(row, now=now)
    elif row.accepted:
        row.state, row.sent_at, row.reason = MailState.SENT, now, _refusals(row)
    else:
        row.state, row.reason = MailState.FAILED, _refusals(row)
    row.save()


def _wait(row: Outgoing, *, now: datetime) -> None:
    if now - row.queued_at >= GIVE_UP:
        row.state, row.reason = MailState.FAILED, f"given up after {GIVE_UP.days} days: {row.reason}"
        return
    row.state = MailState.WAITING
    row.next_at = now + min(FIRST_WAIT * 2 ** min(row.attempts - 1, 10), LONGEST_WAIT)


def _cut_off(row: Outgoing, why: str, *, now: datetime) -> None:
    """Nobody knows whether the server has it: once more, under the same Message-ID; not a third time."""
    row.cut_off += 1
    row.reason = f"{why}; it may have arrived already"
    if row.cut_off >= MOST_CUT_OFF:
        row.state, row.reason = MailState.FAILED, f"{why}, twice; it may have arrived already, up to two times"
    else:
        row.state, row.next_at = MailState.WAITING, now
        if why.startswith("the line"):
            row.next_at = now + FIRST_WAIT


def _take_back(connection: str, *, now: datetime) -> None:
    left = Outgoing.objects.filter(connection=connection, state=MailState.SENDING).exclude(pk__in=_in_hand)
    for row in left:
        log.warning("mail %s was cut off while being sent", row.message_id)
        _cut_off(row, "Watchfloor was stopped while sending it", now=now)
        row.save()


def _note(connection: str, reason: str, *, now: datetime) -> None:
    """Keep the reason with what waits, and give up what has waited too long."""
    waiting = _due(connection, now)
    waiting.update(reason=reason, attempts=F("attempts") + 1, tried_at=now)
    too_long = f"given up after {GIVE_UP.days} days: {reason}"
    waiting.filter(queued_at__lte=now - GIVE_UP).update(state=MailState.FAILED, reason=too_long)


def _refusals(row: Outgoing) -> str:
    return "; ".join(f"{address}: {words}" for address, words in row.refused.items())
