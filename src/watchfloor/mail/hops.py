"""The way a mail took (EE-25): its Received headers read as hops, oldest first, with the time each took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from watchfloor.inspection.services import hop_of
from watchfloor.kernel.text import visible

MOST_HOPS = 50


@dataclass(frozen=True, slots=True)
class Step:
    """One hop. `seconds` is how long after the one before it; None when either has no time, below 0 when a clock is wrong."""

    number: int
    giver: str
    ip: str
    taker: str
    protocol: str
    at: datetime | None
    seconds: int | None

    @property
    def delay(self) -> str:
        """The delay in words."""
        if self.seconds is None:
            return ""
        if self.seconds < 0:
            return f"{-self.seconds:,} s before (a clock is wrong)"
        minutes, seconds = divmod(self.seconds, 60)
        return f"{minutes:,} min {seconds} s" if minutes else f"{seconds} s"


def steps_of(headers: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """The hops, oldest first, at most fifty."""
    values = [str(one["raw"]) for one in headers if str(one["name"]).lower() == "received"][:MOST_HOPS]
    steps: list[Step] = []
    before: datetime | None = None
    for number, value in enumerate(reversed(values), start=1):
        hop, at = hop_of(" ".join(value.split())), moment_of(value)
        took = int((at - before).total_seconds()) if at and before else None
        giver, ip, taker, how = map(visible, (hop.host, hop.ip, hop.by, hop.protocol))
        steps.append(Step(number, giver, ip, taker, how, at, took))
        before = at or before
    return tuple(steps)


def moment_of(value: str) -> datetime | None:
    """The time after the last semicolon, in UTC; None when it is none."""
    try:
        found = parsedate_to_datetime(value.rpartition(";")[2].strip()[:100])
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def delay_chart(steps: Sequence[Step]) -> dict[str, Any] | None:
    """The delays as a bar a hop; None when there is none to compare."""
    timed = [one for one in steps if one.seconds is not None]
    if not timed:
        return None
    values = [max(one.seconds or 0, 0) for one in timed]
    names = [f"{one.number}. {one.taker or one.giver or 'unknown'}" for one in timed]
    return {"categories": names, "series": [{"name": "Seconds", "values": values}], "horizontal": True}
