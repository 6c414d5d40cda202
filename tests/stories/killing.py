"""Ending whole process groups as a power cut would, at moments nobody chose; shared by the kill stories."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path


def environ_of(home: Path, **more: str) -> dict[str, str]:
    """The environment of a Watchfloor with a home of its own."""
    return {
        **os.environ,
        "WATCHFLOOR_HOME": str(home),
        "WATCHFLOOR_OWN_DOMAINS": "corp.example",
        "WATCHFLOOR_AUTHSERV_IDS": "mx.corp.example",
        "DJANGO_SETTINGS_MODULE": "watchfloor.config.settings",
        **more,
    }


def start(*arguments: str, environ: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """A Python process in a group of its own, its words in `log`."""
    with log.open("ab") as words:
        return subprocess.Popen(
            [sys.executable, *arguments], env=dict(environ), start_new_session=True, stdout=words, stderr=words
        )


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to the whole group: no handler runs, no buffer is written."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)


def family_of(pid: int) -> list[int]:
    """A process and all that descends from it, whichever groups they are in."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").glob("*/children"):
                found += map(int, task.read_text().split())
    return found


def halt(process: subprocess.Popen[bytes], *, until_woken: bool) -> None:
    """Let a process and its family stand still, or go on where they stood."""
    for one in family_of(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGSTOP if until_woken else signal.SIGCONT)


def run_and_kill(*arguments: str, environ: Mapping[str, str], log: Path, dice: random.Random, most_s: float) -> bool:
    """Start, wait a random time, kill; True when it had ended by itself before."""
    process = start(*arguments, environ=environ, log=log)
    deadline = time.monotonic() + dice.uniform(0.05, most_s)
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.01)
    ended = process.poll() is not None
    kill(process)
    return ended


def finish(*arguments: str, environ: Mapping[str, str], log: Path, seconds: float) -> int:
    """Run to the end; the exit code. The log is shown when it takes too long."""
    process = start(*arguments, environ=environ, log=log)
    try:
        return process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        kill(process)
        raise AssertionError(f"not done after {seconds} s:\n{log.read_text()[-3000:]}") from None
