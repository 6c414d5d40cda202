"""The tick that turns findings into alerts and incidents."""

from watchfloor.incidents import sentinel  # noqa: F401  gives custom detections the rows of SecurityIncident
from watchfloor.incidents.promotion import promote
from watchfloor.kernel.clock import utc_now
from watchfloor.runtime.services import every


@every(1, name="incidents")
def incidents_tick() -> int:
    return promote(now=utc_now())
