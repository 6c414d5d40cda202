"""Ticks, cursors and the order they need, durable jobs, health reports, and secrets at rest (`seal`, `unseal`)."""

from collections.abc import Callable

from watchfloor.kernel.clock import utc_now
from watchfloor.runtime.contracts import Tick
from watchfloor.runtime.giving_way import giving_way
from watchfloor.runtime.models import Cursor, PartHealth
from watchfloor.runtime.ordering import keep_order
from watchfloor.runtime.parts import show_health_at
from watchfloor.runtime.secrets import check_key, remember, reseal, rotate_key, seal, unseal

__all__ = [
    "check_key",
    "every",
    "keep_order",
    "move_cursor",
    "registered_ticks",
    "remember",
    "report_health",
    "reseal",
    "rotate_key",
    "run_ticks",
    "seal",
    "show_health_at",
    "unseal",
]

_ticks: dict[str, Tick] = {}


def every(seconds: float, *, name: str, gives_way: bool = False) -> Callable[[Callable[[], int]], Callable[[], int]]:
    """Register a function as a tick of the worker. Source: a slice's `jobs` module, imported at start.

    One that `gives_way` rests after a call that took much processor time, for whom a flood gives work for minutes.
    """

    def register(run: Callable[[], int]) -> Callable[[], int]:
        _ticks[name] = Tick(name, seconds, giving_way(run, name=name) if gives_way else run)
        return run

    return register


def registered_ticks() -> tuple[Tick, ...]:
    return tuple(_ticks.values())


def move_cursor(name: str, *, position: int) -> None:
    """Move reader `name` to `position`; call it inside the transaction that stores what was read."""
    Cursor.objects.update_or_create(name=name, defaults={"position": position})


def report_health(part: str, *, state: str, sentence: str) -> None:
    """Say how a part is; `since` stays while the state stays."""
    now = utc_now()
    previous = PartHealth.objects.filter(part=part).first()
    since = previous.since if previous and previous.state == state else now
    PartHealth.objects.update_or_create(part=part, defaults={"state": state, "sentence": sentence, "since": since})


def run_ticks(*names: str, progress: Callable[[int], None] = lambda done: None) -> int:
    """Do here what the worker would: call these ticks in turn until none finds work; returns how many things they did.

    The `jobs` modules that register them must be imported. `progress` hears the running total.
    """
    runs = [tick.run for tick in _ticks.values() if tick.name in names]
    done = 0
    while found := sum(run() for run in runs):
        done += found
        progress(done)
    return done
