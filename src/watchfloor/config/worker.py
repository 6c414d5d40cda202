"""The worker process: ticks of every slice, durable jobs, listeners; ends on SIGTERM after the step in hand."""

import logging
import os
import signal
import threading
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")
django.setup()

from watchfloor.config.judging import judge_inline  # noqa: E402
from watchfloor.config.parent import when_parent_is_gone  # noqa: E402
from watchfloor.config.slices import load  # noqa: E402
from watchfloor.lake.services import keep_apart  # noqa: E402
from watchfloor.runtime.contracts import Tick  # noqa: E402
from watchfloor.runtime.jobs import launch_jobs, stop_jobs  # noqa: E402
from watchfloor.runtime.services import registered_ticks, report_health  # noqa: E402

log = logging.getLogger(__name__)

HEALTH_EVERY_S = 30.0
"""An unchanged state is written this seldom: each write is a sync of the disk."""

RESTS_AFTER_S, RESTING_S = 30.0, 1.0
"""What found nothing to do for so long looks once a second, not three times: all ticks together took a tenth of a core all night."""


def pause(seconds: float, *, idle: float) -> float:
    """Seconds until a tick that found nothing looks again; `idle` are those since it last found something."""
    return max(seconds, RESTING_S) if idle > RESTS_AFTER_S else seconds


class Ticking(threading.Thread):
    """One tick, called again and again until `stopping`; its health is told when it changes, and now and then."""

    def __init__(self, tick: Tick, stopping: threading.Event) -> None:
        super().__init__(name=tick.name, daemon=True)
        self.tick = tick
        self.stopping = stopping
        self.told: tuple[str, str] = ("", "")
        self.told_at = 0.0

    def run(self) -> None:
        from django.db import close_old_connections

        worked_at = time.monotonic()
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


def main() -> None:
    load("jobs")
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    when_parent_is_gone(stopping.set)
    judge_inline()
    keep_apart()
    launch_jobs(wait=30)  # a worker whose parent was killed may still be ending
    threads = [Ticking(tick, stopping) for tick in registered_ticks()]
    for thread in threads:
        thread.start()
    while not stopping.wait(1):
        pass
    for thread in threads:
        thread.join(timeout=10)
    stop_jobs(grace=3)
    logging.shutdown()
    os._exit(0)  # a job cut off between two steps goes on at the next start; its thread must not hold the process


if __name__ == "__main__":
    main()
