"""What the lake does in the worker: take in accepted mail, move hot rows to the cold tier, keep both small."""

import atexit
import time
from contextlib import ExitStack
from datetime import timedelta

from django.conf import settings

from watchfloor.connectors.contracts import ObservedKind
from watchfloor.connectors.selectors import accepted_after
from watchfloor.connectors.services import register_observer
from watchfloor.inspection.services import InspectionPool
from watchfloor.kernel.clock import utc_now
from watchfloor.lake import campaign_verdicts, campaigns, observing, recent, storage, upkeep
from watchfloor.lake.facts import tenant_facts
from watchfloor.lake.history import forget as forget_history
from watchfloor.lake.ingest import READER, ingest_pending
from watchfloor.lake.keeping import Errand, keep
from watchfloor.lake.upkeep import MAINTAIN_EVERY
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import every

TICK_MAILS = 500
FORGET_EVERY = timedelta(minutes=5)


class Turn:
    """Lets a tick through for the first time `first` seconds after this process began, then every `seconds`."""

    def __init__(self, *, first: float, seconds: float) -> None:
        self.seconds = seconds
        self.next = time.monotonic() + first

    def is_due(self) -> bool:
        if time.monotonic() < self.next:
            return False
        self.next = time.monotonic() + self.seconds
        return True


# What waited while the worker was down waits a little longer: the first half minute is for the people who wait for the start.
_flushing = Turn(first=30, seconds=0)
_maintenance = Turn(first=120, seconds=MAINTAIN_EVERY.total_seconds())
_sealing = Turn(first=300, seconds=MAINTAIN_EVERY.total_seconds())
_pools = ExitStack()
_open: list[InspectionPool] = []


def _pool() -> InspectionPool:
    """The worker's inspection processes, started with the first mail, told what is known of the organisation now."""
    if not _open:
        _open.append(_pools.enter_context(InspectionPool(settings.WATCHFLOOR.inspection_workers, tenant_facts())))
        atexit.register(_pools.close)
    _open[0].tell(tenant_facts())
    return _open[0]


@every(0.3, name="lake.ingest")
def ingest() -> int:
    """Store what the connectors accepted."""
    if not accepted_after(cursor_position(READER), limit=1):
        return 0
    return ingest_pending(_pool(), TICK_MAILS, utc_now())


register_observer(observing.READER, kinds=[ObservedKind.EVENTS])


@every(0.3, name="lake.observe")
def observe() -> int:
    """Store the events that connections observed."""
    return observing.observe_pending(now=utc_now())


@every(FORGET_EVERY.total_seconds(), name="lake.forget_recent")
def forget_recent() -> int:
    """Drop what tells an event sent twice, where nobody sends it again."""
    return recent.forget(now=utc_now())


@every(10, name="lake.flush")
def flush() -> int:
    """Move what waits long enough, or is enough, into the cold tier; forget what lies there safely."""
    now = utc_now()
    if _flushing.is_due() and storage.due(now=now):
        keep(Errand.FLUSH, now=now)
    with storage.only_writer() as mine:
        if mine:
            storage.forget_flushed(now=now)
    return 0


@every(FORGET_EVERY.total_seconds(), name="lake.forget_seen")
def forget_seen() -> int:
    """Drop what mail taught and nobody met again for long."""
    forget_history(now=utc_now())
    return 0


@every(30, name="lake.maintain")
def maintain() -> int:
    """Compact days with many files, drop days past retention, delete files nobody reads; every ten minutes, or when asked."""
    if _maintenance.is_due() or upkeep.is_asked():
        keep(Errand.MAINTAIN, now=utc_now())
    return 0


@every(30, name="lake.seal")
def seal() -> int:
    """Lay settled days out for fast reading; every ten minutes."""
    if _sealing.is_due():
        keep(Errand.SEAL, now=utc_now())
    return 0


@every(2, name="lake.campaigns")
def spread_campaigns() -> int:
    """Tell earlier mails of campaigns that turned out bad."""
    return campaign_verdicts.spread(now=utc_now())


@every(3600, name="lake.campaigns.forget")
def forget_campaigns() -> int:
    """Drop what no mail was like for ninety days."""
    today = utc_now().date()
    return sum(iter(lambda: campaigns.forget(today=today), 0))
