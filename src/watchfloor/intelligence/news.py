"""What happens to entries that somebody should hear of (TB-07): written down once, told by whoever the composition root names.

An entry ends within seven days; one was removed, by a person or because the filter learned; mail that an allow entry let through
turned out harmful; an allow entry is due for review.
"""

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from watchfloor.inspection.services import THRESHOLD
from watchfloor.intelligence.contracts import Effect, EntryNews, Kind, NewsKind
from watchfloor.intelligence.facts import changed, facts_at, valid_at
from watchfloor.intelligence.models import Entry, News
from watchfloor.lake.contracts import Condition, Operator, Query, TooLarge, TooSlow
from watchfloor.lake.selectors import all_rows, late_verdicts_after
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import move_cursor

log = logging.getLogger(__name__)

Teller = Callable[[Sequence[EntryNews]], None]
SOON = timedelta(days=7)
READER = "intelligence.allowed_mail"
BATCH = 200
ROUND = 500
LEARN_AFTER = timedelta(days=7)
LEARN_MAILS = 10
"""Mails that an allow entry must have met before its absence is said to make no difference."""
BACK = timedelta(days=30)
KEPT = timedelta(days=90)
_teller: list[Teller] = []


def tell_news_to(teller: Teller) -> None:
    """Name who hears of it; alerts lie above this slice."""
    _teller[:] = [teller]


def note_news(found: Iterable[EntryNews]) -> None:
    """Write news down in the caller's transaction; what was written before stays as it is."""
    News.objects.bulk_create(
        [News(key=one.key, kind=one.kind, entry=one.entry, at=one.at, words=one.words, mail=one.mail) for one in found],
        ignore_conflicts=True,
    )


def tell(*, now: datetime) -> int:
    """Tell what was not told yet, oldest first; returns how many. It is told again when telling fails."""
    waiting = list(News.objects.filter(told_at=None).order_by("id")[:ROUND])
    if not waiting or not _teller:
        return 0
    with transaction.atomic():
        _teller[0]([_news(row) for row in waiting])
        News.objects.filter(pk__in=[row.pk for row in waiting]).update(told_at=now)
    return len(waiting)


def latest(limit: int = 10) -> list[EntryNews]:
    """The newest happenings."""
    return [_news(row) for row in News.objects.order_by("-id")[:limit]]


def _news(row: News) -> EntryNews:
    return EntryNews(row.key, NewsKind(row.kind), row.entry, row.at, row.words, row.mail)


def removed(entry: Entry, *, by: str, at: datetime) -> EntryNews:
    """That somebody took an entry away before its end."""
    words = f"{by} removed the entry “{entry}”; it applies no more."
    return EntryNews(f"removed:{entry.pk}", NewsKind.REMOVED, str(entry), at, words)


def watch_ends(*, now: datetime) -> int:
    """Note what ends within seven days, and allow entries due for review. An entry that never lasted longer is left alone."""
    listed = Entry.objects.filter(effect__in=(Effect.BLOCK, Effect.ALLOW))
    soon = listed.filter(expires_at__gt=now, expires_at__lte=now + SOON, added_at__lt=F("expires_at") - SOON)
    found = [
        EntryNews(
            f"ending:{entry.pk}:{entry.expires_at:%Y-%m-%d}", NewsKind.ENDING, str(entry), now,
            f"The entry “{entry}” ends on {entry.expires_at:%d %B %Y}. Let it last longer if it is still needed.",
        )
        for entry in soon.order_by("expires_at")[:ROUND]
    ]  # fmt: skip
    due = listed.filter(valid_at(now), review_at__lte=now).order_by("review_at")[:ROUND]
    found += [
        EntryNews(
            f"review:{entry.pk}:{entry.review_at:%Y-%m-%d}", NewsKind.REVIEW, str(entry), now,
            f"The entry “{entry}” that {entry.added_by} allowed directly is due for review: is it still needed?",
        )
        for entry in due
    ]  # fmt: skip
    note_news(found)
    return 0


def watch_allowed_mail(*, now: datetime) -> int:
    """Note allow entries that let mail through which turned out harmful; returns how many late verdicts were read."""
    position = cursor_position(READER)
    verdicts = late_verdicts_after(position, limit=BATCH)
    if not verdicts:
        return 0
    harmful = {one.network_message_id: one for one in verdicts if set(one.threat_types) & {"Phish", "Malware"}}
    news = []
    for row in _rows(tuple(harmful), now=now) if harmful else ():
        late = harmful[row["NetworkMessageId"]]
        for name in _allow_entries(row.get("TenantEntries")):
            words = f"Mail that the entry “{name}” let through is {' and '.join(late.threat_types)}: {late.words}"
            key = f"bad:{name}:{late.network_message_id}"
            news.append(EntryNews(key, NewsKind.FOUND_BAD, name, now, words, late.network_message_id))
    with transaction.atomic():
        note_news(news)
        move_cursor(READER, position=verdicts[-1].position)
    return len(verdicts)


def _rows(mails: tuple[str, ...], *, now: datetime) -> list[dict[str, Any]]:
    only = Condition("NetworkMessageId", Operator.EQUAL_ANY, mails)
    return list(all_rows(Query("EmailEvents", now - BACK, now + timedelta(days=1), (only,)), limit=5000))


def _allow_entries(value: object) -> list[str]:
    """The column is a JSON list."""
    names = json.loads(value) if isinstance(value, str) and value else value or ()
    return [str(name) for name in names if str(name).startswith("allow ")] if isinstance(names, list | tuple) else []


def end_learned(*, now: datetime) -> int:
    """End allow entries that change nothing any more: none of their last mails would be a threat without them (TB-06).

    Only those about senders: what a URL or file would have said is not known once it was spared. Returns 0: once a day is enough.
    """
    facts = facts_at(now)
    threshold = facts.threshold or THRESHOLD
    listed = Entry.objects.filter(
        valid_at(now), effect=Effect.ALLOW, kind__in=(Kind.SENDER, Kind.DOMAIN), uses__gte=LEARN_MAILS
    )
    for entry in listed.filter(added_at__lte=now - LEARN_AFTER)[:ROUND]:
        if _changes_nothing(entry, threshold, now=now):
            _end_learned(entry, now=now)
    return 0


def _changes_nothing(entry: Entry, threshold: float, *, now: datetime) -> bool:
    met = Condition("TenantEntries", Operator.EQUAL_ANY, (str(entry),))
    try:
        rows = list(all_rows(Query("EmailEvents", now - BACK, now, (met,)), limit=5000))
    except (TooLarge, TooSlow):
        return False
    scores = {row["NetworkMessageId"]: row.get("VerdictScore") for row in rows}
    return len(scores) >= LEARN_MAILS and all(score is not None and score < threshold for score in scores.values())


def _end_learned(entry: Entry, *, now: datetime) -> None:
    words = (
        f"The entry “{entry}” has ended early: the filter judges this sender's mail harmless without it, "
        f"in all of its last mails."
    )
    with transaction.atomic():
        Entry.objects.filter(pk=entry.pk).update(expires_at=now, idle_days=0)
        changed(now=now)
        note_news([EntryNews(f"learned:{entry.pk}", NewsKind.LEARNED, str(entry), now, words)])


def forget(*, now: datetime) -> None:
    """Drop what was told long ago."""
    News.objects.filter(told_at__lt=now - KEPT).delete()
