"""Rows that changed since the last look, in pages: a flood within the overlap of two looks must not hold up what comes after it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Model, Q, QuerySet

OVERLAP = timedelta(minutes=1)
"""A change that was still being written when the last look ended is met by the next."""
MOST_PAGES = 20
"""Of one look; the rest is for the next."""


def pages(rows: "QuerySet[Any]", *, by: str, size: int) -> Iterator[list[Any]]:
    """The rows in the order of the time `by`, so many at once; rows of one moment by their key. The last page is not full."""
    last: Model | None = None
    for _ in range(MOST_PAGES):
        left = rows
        if last is not None:
            at = getattr(last, by)
            left = rows.filter(Q(**{f"{by}__gt": at}) | Q(**{by: at, "pk__gt": last.pk}))
        page = list(left.order_by(by, "pk")[:size])
        # Kept apart from the page: whoever is told of a row may change it.
        last = page[-1] if page else None
        yield page
        if len(page) < size:
            return


def next_look(seen: datetime, last: datetime) -> datetime:
    """Where to go on after so many pages that some are left; beyond the overlap, where all of them lay within it."""
    return last if last > seen else last + OVERLAP
