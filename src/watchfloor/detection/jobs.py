"""The tick that holds the rules against what is new in the lake."""

from functools import cache

from watchfloor.detection.delays import READER as DELAYS
from watchfloor.detection.delays import count_delays
from watchfloor.detection.own_activities import tell_own_activities
from watchfloor.detection.selectors import watched_tables
from watchfloor.detection.services import READER, detect
from watchfloor.detection.unusual import look_at_volumes
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.services import register_reader
from watchfloor.runtime.services import every


@cache
def _registered() -> bool:
    """Once per process, not at import: it writes to the database."""
    register_reader(READER, tables=watched_tables())
    return True


@cache
def _delays_registered() -> bool:
    register_reader(DELAYS, tables=("EmailEvents",))
    return True


@every(1, name="detection", gives_way=True)
def detection_tick() -> int:
    _registered()
    return detect(now=utc_now())


@every(60, name="detection.volume")
def volume_tick() -> int:
    """Returns 0, as there is never more at once."""
    look_at_volumes(now=utc_now())
    return 0


@every(10, name="detection.delays")
def delays_tick() -> int:
    _delays_registered()
    return count_delays(now=utc_now())


@every(2, name="detection.own-activities")
def own_activities_tick() -> int:
    return tell_own_activities(now=utc_now())
