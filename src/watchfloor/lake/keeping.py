"""Writing the cold tier, in a process of its own that ends with the work: what arrow and Delta took then goes back.

`python -m watchfloor.lake.keeping flush`, `maintain` or `seal`, started by the worker's ticks. It holds the writer's lock itself,
so it may outlive a worker that is killed, and two never write together; sealing writes beside the tables and has its own.
While it lives no other of its kind is started: workers killed one after another do not leave a crowd behind.
"""

import os
import subprocess
import sys
import time
from datetime import datetime, timedelta
from enum import StrEnum

from watchfloor.kernel.errors import WatchfloorError

POLITE = 5
"""Niceness: people's pages come before tidiness."""


class Errand(StrEnum):
    """What may be done to the cold tier."""

    FLUSH = "flush"
    MAINTAIN = "maintain"
    SEAL = "seal"


class KeepingFailed(WatchfloorError):
    """The process that writes the cold tier did not end well; its own words stand in the worker's log."""


_apart = False


def keep_apart() -> None:
    """From now on this process leaves writing to a child; the worker says so, tests and imports write where they are."""
    global _apart
    _apart = True


def keep(errand: Errand, *, now: datetime) -> None:
    """Do it, here or in a child. Raises KeepingFailed when the child fails."""
    if not _apart:
        _do(errand, now=now)
        return
    from watchfloor.lake import storage

    command = [sys.executable, "-m", "watchfloor.lake.keeping", errand]
    with storage.held(f".{errand}") as lock:
        if lock is None:
            return  # one whose worker was killed is still at it
        done = subprocess.run(command, stdin=subprocess.DEVNULL, check=False, pass_fds=(lock,))
    if done.returncode:
        raise KeepingFailed(f"“{errand}” of the lake ended with {done.returncode}; see the worker's log")


def _do(errand: Errand, *, now: datetime) -> None:
    from watchfloor.lake import sealing, storage
    from watchfloor.lake.catalogue import tables

    if errand is Errand.SEAL:
        sealing.seal_all(now=now)
        return
    with storage.only_writer(wait=errand is Errand.MAINTAIN) as mine:
        if not mine:
            return
        if errand is Errand.MAINTAIN:
            for table in tables():
                storage.maintain(table, now=now)
            return
        began = time.monotonic()
        while moved := [
            storage.flush(table, now=now + timedelta(seconds=time.monotonic() - began))
            for table in storage.due(now=now)
        ]:
            if not any(moved):
                break


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")
    os.nice(POLITE)
    django.setup()
    from watchfloor.kernel.clock import utc_now

    _do(Errand(sys.argv[1]), now=utc_now())


if __name__ == "__main__":
    main()
