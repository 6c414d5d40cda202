"""What submissions do in the worker: read reports, and tell the verdict on what was taken in with them."""

from watchfloor.kernel.clock import utc_now
from watchfloor.lake.services import leave_unfiltered
from watchfloor.response.submissions.policy import report_addresses
from watchfloor.response.submissions.reading import read_reports, settle_waiting
from watchfloor.runtime.services import every

leave_unfiltered(report_addresses)


@every(0.3, name="response.reports")
def reports() -> int:
    """Read what people reported; a verdict is there with the next round at the latest."""
    now = utc_now()
    return read_reports(now=now) + settle_waiting(now=now)
