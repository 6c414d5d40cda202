"""When the page was made on which somebody decides: what came since was not seen, and is not decided with the rest."""

from datetime import UTC, datetime, timedelta

from django.http import HttpRequest

UNDER_WAY = timedelta(seconds=5)
"""What is shown is stamped before it is stored: something so young may not be on the page yet."""


def stamp(now: datetime) -> int:
    """What the form's field `seen` says of when its page was made, in milliseconds since 1970."""
    return int((now - UNDER_WAY).timestamp() * 1000)


def seen_at(request: HttpRequest) -> datetime | None:
    """When the page was made on which somebody decides; None when the form does not say."""
    text = request.POST.get("seen", "")
    return datetime.fromtimestamp(int(text) / 1000, UTC) if text.isdecimal() and len(text) < 15 else None
