"""The worker process: ticks of every slice, durable jobs, listeners; ends on SIGTERM after the step in hand."""

import importlib
import logging
import os
import signal
import threading
from contextlib import suppress

from watchfloor.config.again import again_and_again, collected_once
from watchfloor.config.parent import when_parent_is_gone

LATE = ("dbos._sys_db_sqlite", "pandas", "sqlalchemy.dialects.sqlite", "sqlglot.dialects.duckdb")
"""What the engines import with their first question, and so every fork anew; arrow takes pandas where it finds it."""


def main() -> int:
    """Import everything, then fork the one that works, and another whenever that one is killed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")
    with collected_once():
        import django

        django.setup()
        import watchfloor.config.judging
        import watchfloor.config.ticking  # noqa: F401
        from watchfloor.config.slices import load

        load("jobs")
        for name in LATE:
            with suppress(ImportError):
                importlib.import_module(name)
    return again_and_again(work)


def work() -> None:
    """The worker's life, from the durable jobs to the last tick; it never returns."""
    from watchfloor.config.judging import judge_inline
    from watchfloor.config.ticking import start_ticks
    from watchfloor.lake.services import keep_apart
    from watchfloor.runtime.jobs import jobs_wait, launch_jobs, stop_jobs
    from watchfloor.runtime.services import registered_ticks

    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    when_parent_is_gone(stopping.set)
    judge_inline()
    keep_apart()
    launch_jobs(wait=30)  # a worker whose parent was killed may still be ending
    threads = start_ticks(registered_ticks(), stopping, jobs=jobs_wait())
    while not stopping.wait(1):
        pass
    for thread in threads:
        thread.join(timeout=10)
    stop_jobs(grace=3)
    logging.shutdown()
    os._exit(0)  # a job cut off between two steps goes on at the next start; its thread must not hold the process


if __name__ == "__main__":
    os._exit(main())  # nothing to let go of; the engines' own farewells are for those who used them
