"""The ticks that turn findings into alerts and incidents, and tell people of them."""

from watchfloor.incidents import sentinel  # noqa: F401  gives custom detections the rows of SecurityIncident
from watchfloor.incidents.notifying import notify
from watchfloor.incidents.promotion import promote
from watchfloor.kernel.clock import utc_now
from watchfloor.runtime.services import every


@every(1, name="incidents")
def incidents_tick() -> int:
    return promote(now=utc_now())


@every(5, name="incident-notices")
def notices_tick() -> int:
    return notify(now=utc_now())
