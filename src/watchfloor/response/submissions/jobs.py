"""What submissions do in the worker: read reports, and tell the verdict on what was taken in with them."""

import time

from django.db.models import Q

from watchfloor.kernel.clock import utc_now
from watchfloor.lake.selectors import late_verdicts_after
from watchfloor.lake.services import leave_unfiltered
from watchfloor.response.submissions.apart import keep_ready
from watchfloor.response.submissions.contracts import ReportState
from watchfloor.response.submissions.models import Submission, UserReport
from watchfloor.response.submissions.policy import current, report_addresses
from watchfloor.response.submissions.reading import INTAKE, READER, read_reports, settle_waiting
from watchfloor.response.submissions.settling import VERDICTS, follow_verdicts
from watchfloor.response.submissions.uploading import finish_uploads
from watchfloor.runtime.selectors import cursor_positions
from watchfloor.runtime.services import every

leave_unfiltered(report_addresses)
READY_SECONDS = 2.0


@every(0.3, name="response.reports")
def reports() -> int:
    """Read what people reported; a verdict is there with the next round at the latest."""
    _keep_ready()
    read = cursor_positions(READER, INTAKE, VERDICTS)
    if read[READER] == read[INTAKE] and not late_verdicts_after(read[VERDICTS], limit=1) and not _waits():
        return 0
    now = utc_now()
    done = finish_uploads(ready=read[INTAKE], now=now)
    done += follow_verdicts(now=now)
    return done + read_reports(now=now) + settle_waiting(now=now)


def _waits() -> bool:
    """Whether something was taken in that has no verdict yet; asked several times a second, so with one query."""
    unsettled = Q(state=ReportState.WAITING) | Q(state=ReportState.MATCHED, verdict_at=None)
    reports = UserReport.objects.filter(unsettled).order_by().values_list("pk")
    uploads = Submission.objects.filter(judged_at=None, taken__gt=0).order_by().values_list("pk")
    return bool(uploads.union(reports, all=True)[:1])


_looked = [float("-inf")]


def _keep_ready() -> None:
    """See every few seconds to the process that reads the next report."""
    if time.monotonic() - _looked[0] > READY_SECONDS:
        _looked[0] = time.monotonic()
        if current().addresses:
            keep_ready()
