"""URLs too long for their own protected links, kept by their digest for as long as mail is followed."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from watchfloor.response.clicks.models import LongUrl
from watchfloor.response.clicks.tokens import Link

KEPT = timedelta(days=730)


def keep_long(urls: Iterable[str], *, at: datetime) -> None:
    """Keep these URLs before the mail that names them is delivered; a known one stays."""
    rows = [
        LongUrl(digest=hashlib.sha256(_bytes(url)).hexdigest(), url=_bytes(url).decode(), at=at) for url in set(urls)
    ]
    LongUrl.objects.bulk_create(rows, ignore_conflicts=True, batch_size=100)


def _bytes(url: str) -> bytes:
    return url.replace("\0", "").encode("utf-8", "replace")


def whole(link: Link) -> Link | None:
    """The link with its whole URL; None when that is not kept any more. Asks the database only for long ones."""
    if not link.digest:
        return link
    found = LongUrl.objects.filter(pk=link.digest).values_list("url", flat=True).first()
    return Link(found, link.mail, link.recipient) if found else None


def forget_long(*, now: datetime) -> None:
    """Drop those of mail nobody opens any more."""
    LongUrl.objects.filter(at__lt=now - KEPT).delete()
