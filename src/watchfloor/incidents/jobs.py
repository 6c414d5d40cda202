"""The ticks that turn findings into alerts and incidents, and tell people of them."""

from watchfloor.incidents import sentinel  # noqa: F401  gives custom detections the rows of SecurityIncident
from watchfloor.incidents.alert_notifying import notify_of_alerts, tell_of_capped
from watchfloor.incidents.notifying import notify
from watchfloor.incidents.promotion import promote
from watchfloor.incidents.tagging import tag_changed
from watchfloor.kernel.clock import utc_now
from watchfloor.runtime.services import every


@every(1, name="incidents", gives_way=True)
def incidents_tick() -> int:
    return promote(now=utc_now())


@every(5, name="incident-notices")
def notices_tick() -> int:
    return notify(now=utc_now())


@every(5, name="alert-notices")
def alert_notices_tick() -> int:
    return notify_of_alerts(now=utc_now())


@every(300, name="alert-notices.capped")
def capped_tick() -> int:
    return tell_of_capped(now=utc_now())


@every(10, name="incident-tags")
def tags_tick() -> int:
    return sum(tag_changed(now=utc_now()) for _ in range(4))
