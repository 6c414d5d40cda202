"""Where the evidence of a point is shown: the person's timeline at that moment."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

MOMENT = timedelta(seconds=1)


def event_href(person: int, *, table: str, report: str, at: datetime) -> str:
    """The timeline narrowed to the second of the event; table and report say which line is meant."""
    window = {"from": (at - MOMENT).strftime("%Y-%m-%dT%H:%M:%S"), "to": (at + MOMENT).strftime("%Y-%m-%dT%H:%M:%S")}
    return (
        f"/identities/{person}/timeline?{urlencode({'period': 'custom', **window, 'event': f'{table}:{report[:120]}'})}"
    )
