"""The ticks of what follows investigations."""

from watchfloor.investigations.aftercare import following, keeping, reminding, watching
from watchfloor.kernel.clock import utc_now
from watchfloor.runtime.services import every


@every(5, name="investigations.aftercare")
def aftercare() -> int:
    """Tell the lake and the reporters of what changed."""
    return following.care(now=utc_now())


@every(120, name="investigations.remind")
def remind() -> int:
    """Bring to mind what waits for people."""
    return reminding.remind(now=utc_now())


@every(3600, name="investigations.forget")
def forget() -> int:
    """Remove what is past its time."""
    return keeping.forget(now=utc_now())


@every(5, name="investigations.restrict")
def restrict() -> int:
    """Restrict senders over their limit."""
    return watching.restrict_by_alert(now=utc_now())
