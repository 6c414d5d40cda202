"""Health, ticks and cursors, as words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Health:
    """How one part is: `state` is ok, warning or failing; `sentence` says what a person should know or do; `href` shows it."""

    part: str
    state: str
    sentence: str
    since: datetime | None = None
    href: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A short function the worker calls every `seconds`; it returns how many things it did (more than 0: call again at once)."""

    name: str
    seconds: float
    run: Callable[[], int]
