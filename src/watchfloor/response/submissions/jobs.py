"""What submissions do in the worker: read reports, and tell the verdict on what was taken in with them."""

from watchfloor.kernel.clock import utc_now
from watchfloor.lake.services import leave_unfiltered
from watchfloor.response.submissions.apart import keep_ready
from watchfloor.response.submissions.policy import current, report_addresses
from watchfloor.response.submissions.reading import INTAKE, read_reports, settle_waiting
from watchfloor.response.submissions.settling import follow_verdicts
from watchfloor.response.submissions.uploading import finish_uploads
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import every

leave_unfiltered(report_addresses)


@every(0.3, name="response.reports")
def reports() -> int:
    """Read what people reported; a verdict is there with the next round at the latest."""
    now = utc_now()
    if current().addresses:
        keep_ready()
    done = finish_uploads(ready=cursor_position(INTAKE), now=now)
    done += follow_verdicts(now=now)
    return done + read_reports(now=now) + settle_waiting(now=now)
