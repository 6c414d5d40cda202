"""The one place that asks the machine for the time; logic takes `now` as an argument."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The current moment, aware, in UTC."""
    return datetime.now(UTC)
