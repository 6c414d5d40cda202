"""Mail that waited too long before it was judged: counted as it comes in, told once an hour per connection (AP-11, messages delayed)."""

from collections import Counter
from datetime import datetime, timedelta

from django.db import transaction

from watchfloor.detection.contracts import OwnActivity
from watchfloor.detection.models import DelayedMail
from watchfloor.detection.own_activities import tell_activities
from watchfloor.lake import selectors as lake
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor

READER = "detection.delays"
VERB = "mail.delayed"
LONG = 3600.0
IMPORTED = 86_400.0
"""Mail older than a day when it is first read was not waiting: an import, the first look into a mailbox."""
MANY = 50
"""Mails of one connection within an hour of the clock that make a delay worth telling."""
KEPT = timedelta(days=2)


def count_delays(*, now: datetime) -> int:
    """Count the late mails of the next batches; returns how many batches were read."""
    position = cursor_position(READER)
    batches = lake.arrivals_after(position)
    if not batches:
        return 0
    late: Counter[tuple[datetime, str]] = Counter()
    longest: dict[tuple[datetime, str], float] = {}
    for batch in batches:
        hour = batch.at.replace(minute=0, second=0, microsecond=0)
        for connection, seconds in batch.seconds.items():
            waited = [one for one in seconds if LONG <= one < IMPORTED]
            if waited:
                key = (hour, connection[:200])
                late[key] += len(waited)
                longest[key] = max(longest.get(key, 0.0), *waited)
    with transaction.atomic():
        if cursor_position(READER) != position:
            return 0  # another worker was faster
        for key, number in late.items():
            _add(*key, number, longest[key])
        DelayedMail.objects.filter(hour__lt=now - KEPT).delete()
        move_cursor(READER, position=batches[-1].position)
    return len(batches)


def _add(hour: datetime, connection: str, number: int, longest: float) -> None:
    row, _ = DelayedMail.objects.select_for_update().get_or_create(hour=hour, connection=connection)
    before, row.mails, row.longest = row.mails, row.mails + number, max(row.longest, longest)
    row.save()
    if before < MANY <= row.mails:
        tell_activities([_activity(row)])


def _activity(row: DelayedMail) -> OwnActivity:
    name = row.connection or "a connection without a name"
    words = f"{row.mails:,} mails by {name} waited more than an hour, the longest {row.longest / 3600:.1f} hours"
    return OwnActivity(
        id=f"delayed-{row.pk}",
        at=row.hour,
        verb=VERB,
        object=words,
        object_id=row.connection,
        object_type="connection",
        more={"mails": row.mails, "longest_seconds": round(row.longest)},
    )
