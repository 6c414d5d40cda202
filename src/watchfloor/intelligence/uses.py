"""When entries were last met, how often, and on which days: only what changed since the last look is asked about."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F

from watchfloor.intelligence.models import Entry, EntryDay

CHUNK = 500
DAYS = 30
_seen: dict[str, tuple[datetime, int]] = {}
"""What this process wrote down last, by name."""


def note_uses(met: Iterable[tuple[str, datetime, int]], *, now: datetime) -> int:
    """Write down when entries were last met and how often: (name, newest mail, mails). Their end moves along where it should."""
    fresh = {name: (at, mails) for name, at, mails in met if _seen.get(name) != (at, mails)}
    names = list(fresh)
    touched = 0
    for start in range(0, len(names), CHUNK):
        chunk = names[start : start + CHUNK]
        touched += _note(chunk, fresh, now)
        _seen.update({name: fresh[name] for name in chunk})
    return touched


def _note(names: list[str], met: dict[str, tuple[datetime, int]], now: datetime) -> int:
    values = [name.partition(":")[2] for name in names]
    touched = []
    days: dict[tuple[str, date], int] = {}
    for entry in Entry.objects.filter(value__in=values):
        name = str(entry)
        at, mails = met.get(name, (None, 0))
        if at is None or (entry.last_used_at, entry.uses) == (at, mails) or at < entry.added_at:
            continue
        more = mails - entry.uses
        if more > 0:
            days[name, at.date()] = more
        entry.last_used_at, entry.uses = at, mails
        if entry.idle_days and (entry.expires_at is None or entry.expires_at > now):
            entry.expires_at = max(at, entry.added_at) + timedelta(days=entry.idle_days)
        touched.append(entry)
    with transaction.atomic():
        Entry.objects.bulk_update(touched, ["last_used_at", "uses", "expires_at"], batch_size=200)
        _count(days)
    return len(touched)


def _count(days: dict[tuple[str, date], int]) -> None:
    for (name, day), more in days.items():
        if not EntryDay.objects.filter(name=name, day=day).update(mails=F("mails") + more):
            EntryDay.objects.create(name=name, day=day, mails=more)


def days_of(names: Iterable[str], *, now: datetime) -> dict[str, tuple[int, ...]]:
    """Mails of each of the last 30 days, oldest first, by entry; one question. Entries met by none are left out."""
    first = now.date() - timedelta(days=DAYS - 1)
    found: dict[str, list[int]] = {}
    for name, day, mails in EntryDay.objects.filter(name__in=list(names), day__gte=first).values_list(
        "name", "day", "mails"
    ):
        if 0 <= (day - first).days < DAYS:
            found.setdefault(name, [0] * DAYS)[(day - first).days] = mails
    return {name: tuple(counts) for name, counts in found.items()}


def line_of(days: Sequence[int], *, width: int = 90, height: int = 20) -> str:
    """The points of a small line over these counts, as an SVG polyline takes them; "" when there is nothing to draw."""
    most = max(days, default=0)
    if not most:
        return ""
    step = width / max(len(days) - 1, 1)
    return " ".join(f"{n * step:.1f},{height - 1 - (height - 2) * count / most:.1f}" for n, count in enumerate(days))


def forget_days(*, now: datetime) -> None:
    """Drop counts that no line shows any more."""
    EntryDay.objects.filter(day__lt=now.date() - timedelta(days=2 * DAYS)).delete()
