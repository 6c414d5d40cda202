"""What the worker does for reports: measures delays as mail comes in, sends what is scheduled, forgets what is old."""

from functools import cache

from watchfloor.kernel.clock import utc_now
from watchfloor.lake.services import register_reader
from watchfloor.portal.reports import delays, schedules
from watchfloor.runtime.services import every


@cache
def _registered() -> bool:
    """Once per process, not at import: it writes to the database."""
    register_reader(delays.READER, tables=("EmailEvents",))
    return True


@every(5, name="reports.delays")
def gather_delays() -> int:
    _registered()
    return delays.gather()


@every(30, name="reports.schedules")
def send_reports() -> int:
    return schedules.send_due(now=utc_now())


@every(3600, name="reports.forget")
def forget_old_delays() -> int:
    delays.forget(now=utc_now())
    return 0
