"""The tick that holds the rules against what is new in the lake."""

from functools import cache

from watchfloor.detection.services import READER, detect, watched_tables
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.services import register_reader
from watchfloor.runtime.services import every


@cache
def _registered() -> bool:
    """Once per process, not at import: it writes to the database."""
    register_reader(READER, tables=watched_tables())
    return True


@every(1, name="detection")
def detection_tick() -> int:
    _registered()
    return detect(now=utc_now())
