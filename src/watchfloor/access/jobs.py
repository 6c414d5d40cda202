"""The hourly walk of the audit chain."""

from watchfloor.access.services import verify_chain
from watchfloor.runtime.services import every, report_health

AUDIT_LOG = "audit log"


@every(3600, name="audit chain check")
def check_chain() -> int:
    """Walk the chain and report what it says as the health of the part `audit log`."""
    report = verify_chain()
    report_health(AUDIT_LOG, state="ok" if report.intact else "failing", sentence=report.sentence)
    return 0
