"""After each change of an investigation: the lake is told, the reporters are answered. Each once, however often it is looked at."""

from datetime import UTC, datetime, timedelta

from django.db import transaction

from watchfloor.investigations.aftercare.answering import answer_reporters
from watchfloor.investigations.aftercare.events import tell_investigation
from watchfloor.investigations.aftercare.models import Aftercare, AftercarePolicy
from watchfloor.investigations.aftercare.policy import current
from watchfloor.investigations.contracts import Status
from watchfloor.investigations.models import Investigation
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor

READER = "investigations.aftercare"
"""Its position is the moment up to which changes were looked at, in milliseconds since 1970."""
OVERLAP = timedelta(minutes=2)
"""A change is stamped before its transaction ends; looking so far back again loses none."""
FIRST = timedelta(days=2)
AT_ONCE = 200
PASSING = frozenset({Status.QUEUED, Status.RUNNING})


def care(*, now: datetime) -> int:
    """Look at what changed since the last time; returns how many investigations something was said of."""
    seen = datetime.fromtimestamp(cursor_position(READER) / 1000, UTC)
    since = max(seen, now - FIRST) - OVERLAP
    changed = Investigation.objects.filter(changed_at__gte=since).exclude(status__in=[one.value for one in PASSING])
    rows = list(changed.select_related("aftercare").order_by("changed_at", "pk")[: AT_ONCE + 1])
    policy = current()
    said = sum(_care(one, policy=policy, now=now) for one in rows[:AT_ONCE] if _news(one))
    upto = rows[AT_ONCE - 1].changed_at if len(rows) > AT_ONCE else now
    if upto - seen > timedelta(seconds=30):  # a cursor that moves with every tick would be a write with every tick
        move_cursor(READER, position=int(upto.timestamp() * 1000))
    return said


def _news(one: Investigation) -> bool:
    known: Aftercare | None = getattr(one, "aftercare", None)
    return known is None or known.told != _as_told(one)


def _as_told(one: Investigation) -> str:
    """A run that ends as the one before it is news again."""
    return f"{one.run} {one.status}"


def _care(one: Investigation, *, policy: AftercarePolicy, now: datetime) -> bool:
    with transaction.atomic():
        known, _ = Aftercare.objects.select_for_update().get_or_create(investigation=one)
        if known.told == _as_told(one):
            return False
        tell_investigation(one, at=now)
        answer_reporters(one, known, policy=policy, now=now)
        known.told, known.told_at = _as_told(one), now
        if one.status != Status.PENDING:
            known.reminded_at = known.escalated_at = None
        known.save()
    return True
