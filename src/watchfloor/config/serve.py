"""One command: this parent starts web and worker, starts again what dies, and ends both together."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import NoReturn

from watchfloor.config.options import options
from watchfloor.config.parent import STARTED_BY

PARTS = ("web", "worker")
PAUSE_S = 0.2
RESTART_S = 1.0
LAST_WORDS_S = 15.0
FRUGAL = {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"}
TRIMMED = {"worker": {"MALLOC_TRIM_THRESHOLD_": "131072"}}
"""What a burst of work took goes back to the machine: the allocators' own defaults keep some 60 MB at rest. Not from the portal,
whose rankings of ten million mails took twice as long while the pages of each column came from the kernel anew."""


def supervise(*, on_ready: Callable[[], None] = lambda: None) -> int:
    """Run until SIGTERM or SIGINT. A part that dies is started again, no more than once a second.

    `on_ready` is called once, when the portal answers.
    """
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _: stopping.append(got))
    running = {part: _start(part) for part in PARTS}
    ready = False
    while not stopping:
        time.sleep(PAUSE_S)
        if not ready and _answers():
            ready = True
            on_ready()
        for part, process in running.items():
            if process.poll() is not None and not stopping:
                time.sleep(RESTART_S)
                running[part] = _start(part)
    _end(list(running.values()))
    return 0


def become_supervisor() -> NoReturn:
    """Put nothing but the supervisor in this process's place, under the same id: what preparing took, some 100 MB, is given back."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-m", "watchfloor.config.serve"])  # noqa: S606 (this same program)


def _start(part: str) -> subprocess.Popen[bytes]:
    # Their own session: a Ctrl-C in the terminal reaches only this parent, which then ends both in order.
    environ = {**FRUGAL, **TRIMMED.get(part, {}), **os.environ, STARTED_BY: str(os.getpid())}
    return subprocess.Popen([sys.executable, "-m", f"watchfloor.config.{part}"], start_new_session=True, env=environ)


def _answers() -> bool:
    host, _, port = options().listen.rpartition(":")
    with socket.socket() as probe:
        probe.settimeout(PAUSE_S)
        return probe.connect_ex((host, int(port))) == 0


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.terminate()
    for process in processes:
        try:
            process.wait(timeout=LAST_WORDS_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # the worker is two processes


if __name__ == "__main__":
    raise SystemExit(supervise())
