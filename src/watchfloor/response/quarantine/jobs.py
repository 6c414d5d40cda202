"""The ticks of quarantine."""

from watchfloor.kernel.clock import utc_now
from watchfloor.response.quarantine.holding import hold_pending
from watchfloor.response.quarantine.retention import expire
from watchfloor.runtime.services import every


@every(1, name="response.quarantine")
def hold() -> int:
    """List what the border kept back."""
    return hold_pending(now=utc_now())


@every(60, name="response.quarantine_retention")
def end_what_is_over() -> int:
    """End the quarantine of what was kept long enough."""
    return expire(now=utc_now())
