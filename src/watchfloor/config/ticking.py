"""The worker's rounds: each tick in a thread of its own, called again and again, its health told."""

import logging
import threading
import time
from collections.abc import Sequence

from watchfloor.runtime.contracts import Tick
from watchfloor.runtime.selectors import health
from watchfloor.runtime.services import report_health

log = logging.getLogger(__name__)

HEALTH_EVERY_S = 30.0
"""An unchanged state is written this seldom: each write is a sync of the disk."""

RESTS_AFTER_S, RESTING_S = 30.0, 1.0
"""What found nothing to do for so long looks once a second, not three times: all ticks together took a tenth of a core all night."""


RARE_S = 5.0
"""What looks less often first does so after this: upkeep is for a worker that lives on, not for one that dies again and again."""


JOBS_FIRST_S = 2.0
"""Where jobs wait they have the start to themselves: a worker that is killed every few seconds still gets them on."""


def start_ticks(ticks: Sequence[Tick], stopping: threading.Event, *, jobs: bool) -> list["Ticking"]:
    """Every tick in its thread, after the `jobs` that wait; what is known of its health already is not written anew."""
    after = JOBS_FIRST_S if jobs else 0.0
    known = {one.part: (one.state, one.sentence) for one in health()}
    threads = []
    for place, tick in enumerate(ticks):
        first = first_look(tick.seconds, place / len(ticks), after=after)
        threads.append(Ticking(tick, stopping, known=known.get(tick.name, ("", "")), first=first))
    for thread in threads:
        thread.start()
    return threads


def first_look(seconds: float, share: float, *, after: float = 0) -> float:
    """Seconds from the start until a tick looks for the first time; spread, so that sixty at once hold up nothing else."""
    return after + (seconds * share if seconds <= RARE_S else RARE_S + min(seconds - RARE_S, RARE_S) * share)


def pause(seconds: float, *, idle: float) -> float:
    """Seconds until a tick that found nothing looks again; `idle` are those since it last found something."""
    return max(seconds, RESTING_S) if idle > RESTS_AFTER_S else seconds


class Ticking(threading.Thread):
    """One tick, called again and again until `stopping`; its health is told when it changes, and now and then."""

    def __init__(self, tick: Tick, stopping: threading.Event, *, known: tuple[str, str], first: float) -> None:
        super().__init__(name=tick.name, daemon=True)
        self.tick = tick
        self.stopping = stopping
        self.first = first
        self.told = known
        self.told_at = time.monotonic()

    def run(self) -> None:
        from django.db import close_old_connections

        worked_at = time.monotonic()
        self.stopping.wait(self.first)
        while not self.stopping.is_set():
            done = self.once()
            close_old_connections()
            if done:
                worked_at = time.monotonic()
            else:
                self.stopping.wait(pause(self.tick.seconds, idle=time.monotonic() - worked_at))

    def once(self) -> int:
        """One call; a failure is logged, shown as health, and tried again after the pause."""
        try:
            done = self.tick.run()
        except Exception as error:
            log.exception("tick %s failed", self.tick.name)
            self.tell("failing", f"{type(error).__name__}: {error}")
            return 0
        self.tell("ok", "running")
        return done

    def tell(self, state: str, sentence: str) -> None:
        now = time.monotonic()
        if self.told == (state, sentence) and now - self.told_at < HEALTH_EVERY_S:
            return
        try:
            report_health(self.tick.name, state=state, sentence=sentence)
        except Exception:
            log.exception("health of %s could not be written", self.tick.name)
        self.told, self.told_at = (state, sentence), now
