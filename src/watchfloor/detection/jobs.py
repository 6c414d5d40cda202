"""The tick that holds the rules against what is new in the lake."""

from watchfloor.detection.services import READER, detect
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.services import register_reader
from watchfloor.runtime.services import every

register_reader(READER)


@every(1, name="detection")
def detection_tick() -> int:
    return detect(now=utc_now())
