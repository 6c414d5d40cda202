"""The worker process: ticks of every slice, durable jobs, listeners; ends on SIGTERM after the step in hand."""

import logging
import os
import signal
import threading
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "watchfloor.config.settings")
log = logging.getLogger(__name__)


def main() -> None:
    import django

    django.setup()
    from watchfloor.config.slices import load
    from watchfloor.runtime.contracts import Tick
    from watchfloor.runtime.jobs import launch_jobs, stop_jobs
    from watchfloor.runtime.services import registered_ticks, report_health

    load("jobs")
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    parent = os.getppid()

    def keep(tick: Tick) -> None:
        from django.db import close_old_connections

        while not stopping.is_set():
            try:
                done = tick.run()
                report_health(tick.name, state="ok", sentence="running")
            except Exception as error:
                log.exception("tick %s failed", tick.name)
                done = 0
                try:
                    report_health(tick.name, state="failing", sentence=f"{type(error).__name__}: {error}")
                except Exception:
                    log.exception("health of %s could not be written", tick.name)
            close_old_connections()
            if not done:
                stopping.wait(tick.seconds)

    launch_jobs(wait=30)  # a worker whose parent was killed may still be ending
    threads = [threading.Thread(target=keep, args=(tick,), name=tick.name, daemon=True) for tick in registered_ticks()]
    for thread in threads:
        thread.start()
    while not stopping.is_set():
        if os.getppid() != parent:
            stopping.set()
        time.sleep(0.2)
    for thread in threads:
        thread.join(timeout=10)
    stop_jobs(grace=3)
    logging.shutdown()
    os._exit(0)  # a job cut off between two steps goes on at the next start; its thread must not hold the process


if __name__ == "__main__":
    main()
