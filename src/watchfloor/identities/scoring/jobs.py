"""Ticks of the score: events, alerts, and everybody's decay every minute."""

from functools import cache

from watchfloor.identities.scoring.alerts import score_alerts
from watchfloor.identities.scoring.events import READER, TABLES, score_events
from watchfloor.identities.scoring.standing import forget, rescore
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.services import register_reader
from watchfloor.runtime.services import every

DECAY_SECONDS = 60.0
"""Also how long a percentile may be behind: it changes when others rise. A pass over 100,000 people takes 1.5 s."""


@cache
def _registered() -> bool:
    """Once per process, not at import: it writes to the database."""
    register_reader(READER, tables=TABLES)
    return True


@every(1, name="identities.score_events")
def score_events_tick() -> int:
    _registered()
    return score_events(now=utc_now())


@every(2, name="identities.score_alerts")
def score_alerts_tick() -> int:
    return score_alerts(now=utc_now())


@every(DECAY_SECONDS, name="identities.rescore")
def rescore_tick() -> int:
    """Nothing is left to do at once, however many were scored."""
    now = utc_now()
    rescore(now=now)
    forget(now=now)
    return 0
