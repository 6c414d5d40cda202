"""One command, two processes: this parent starts web and worker, starts again what dies, and ends both together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping

PARTS = ("web", "worker")


def start(part: str, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", f"watchfloor.config.{part}"], env=dict(environ))


def supervise() -> int:
    """Run until SIGTERM or SIGINT. A part that dies is started again, no more than once a second."""
    running = {part: start(part, os.environ) for part in PARTS}
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while not stopping:
        time.sleep(0.2)
        for part, process in running.items():
            if process.poll() is not None and not stopping:
                time.sleep(1)
                running[part] = start(part, os.environ)
    for process in running.values():
        if process.poll() is None:
            process.terminate()
    for process in running.values():
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
    return 0
