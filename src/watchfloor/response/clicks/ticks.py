"""Ticks of click protection: clicks into the lake, and what mail tells of URLs."""

from functools import cache

from watchfloor.kernel.clock import utc_now
from watchfloor.lake.services import register_reader
from watchfloor.response.clicks import learning
from watchfloor.response.clicks.keeping import keep_clicks
from watchfloor.response.clicks.long_urls import forget_long
from watchfloor.runtime.services import every


@cache
def _registered() -> bool:
    """Once per process, not at import: it writes to the database."""
    register_reader(learning.URLS, tables=[learning.TABLE])
    return True


@every(1, name="response.keep_clicks")
def keep() -> int:
    """Move clicks into the lake."""
    return keep_clicks(now=utc_now())


@every(1, name="response.learn_urls")
def learn() -> int:
    """Read what new mail and late verdicts say of URLs."""
    _registered()
    return learning.learn(now=utc_now())


@every(3600, name="response.forget_urls")
def forget() -> int:
    """Drop what is old."""
    learning.forget(now=utc_now())
    forget_long(now=utc_now())
    return 0
