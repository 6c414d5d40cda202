"""The tick that runs custom detections when they are due."""

from watchfloor.hunting.custom.running import run_due
from watchfloor.kernel.clock import utc_now
from watchfloor.runtime.services import every


@every(20, name="custom-detections")
def custom_detections_tick() -> int:
    return run_due(now=utc_now())
