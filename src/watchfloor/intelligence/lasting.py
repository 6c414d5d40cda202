"""How long an entry lasts: one of the shipped spans, or until the end of a day that somebody names (TB-04, TB-06).

An entry about an address or a spoofed sender has no span, as in the original; it may be given a day all the same.
"""

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from watchfloor.intelligence.contracts import Effect, Kind, Life
from watchfloor.kernel.errors import BadInput

Lasts = Life | date

LIVES: dict[Effect, tuple[Life, ...]] = {
    Effect.BLOCK: (Life.DAYS_30, Life.DAYS_1, Life.DAYS_7, Life.DAYS_90, Life.NEVER),
    Effect.ALLOW: (Life.UNUSED_45, Life.DAYS_1, Life.DAYS_7, Life.DAYS_30),
    Effect.INDICATOR: (Life.DAYS_90, Life.DAYS_30, Life.DAYS_7, Life.NEVER),
    Effect.TRUST: (Life.NEVER, Life.DAYS_7, Life.DAYS_30, Life.DAYS_90),
}
"""The spans; the first is the default."""
IDLE = timedelta(days=45)
FARTHEST = timedelta(days=3653)
FARTHEST_ALLOWED = timedelta(days=31)
"""What is allowed ends within a month, or goes with its use."""


def lives_of(kind: Kind, effect: Effect) -> tuple[Life, ...]:
    """The spans of such an entry, the default first; entries about addresses and spoofing never end (TB-04)."""
    return (Life.NEVER,) if kind in (Kind.IP, Kind.SPOOF) and effect is not Effect.INDICATOR else LIVES[effect]


def read(text: str) -> Lasts:
    """A span by its key, or a day as 2026-12-24. Raises BadInput."""
    if text in set(Life):
        return Life(text)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput("choose how long the entry lasts, or name the day it ends", place="life") from None


def told(lasts: Lasts) -> str:
    """In words."""
    return lasts.label if isinstance(lasts, Life) else f"until {lasts:%d %B %Y}"


def refuse_end(kind: Kind, effect: Effect, lasts: Lasts, *, now: datetime) -> None:
    """Raise BadInput for an end such an entry may not have."""
    if isinstance(lasts, Life):
        if lasts not in lives_of(kind, effect):
            raise BadInput(f"such an entry cannot last “{lasts.label}”", place="life")
        return
    end = _end_of_day(lasts)
    allows = effect is Effect.ALLOW and Life.NEVER not in lives_of(kind, effect)
    if end <= now:
        raise BadInput("the day it ends has passed", place="until")
    if end > now + (FARTHEST_ALLOWED if allows else FARTHEST):
        raise BadInput(
            "what is allowed ends within 30 days" if allows else "name a day within ten years", place="until"
        )


def end_of(lasts: Lasts, *, used: datetime, now: datetime) -> tuple[datetime | None, int]:
    """(when it ends, None for never; days without use after which it does, 0 when use does not matter)."""
    if not isinstance(lasts, Life):
        return _end_of_day(lasts), 0
    if lasts is Life.NEVER:
        return None, 0
    return (used + IDLE, IDLE.days) if lasts is Life.UNUSED_45 else (now + timedelta(days=int(lasts)), 0)


def _end_of_day(day: date) -> datetime:
    """The named day counts whole, by the organisation's clock."""
    try:
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
    except OverflowError:
        raise BadInput("there is no such day", place="until") from None
