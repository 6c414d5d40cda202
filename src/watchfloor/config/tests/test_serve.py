"""The whole product as one command: who is in charge, and that nothing stays behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.stories.killing import family_of

pytestmark = pytest.mark.slow


def _command(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def _until(check, seconds):
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            pytest.fail("it did not happen in time")
        time.sleep(0.1)


@pytest.fixture
def served(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{free.getsockname()[1]}"
    environ = {**os.environ, "WATCHFLOOR_HOME": str(tmp_path), "WATCHFLOOR_LISTEN": listen}
    environ.pop("DATABASE_URL", None)
    command = [sys.executable, "-m", "watchfloor.config.cli", "serve"]
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    below = []
    try:
        _until(lambda: sum("config.worker" in _command(one) for one in family_of(process.pid)[1:]) == 2, 120)
        below += family_of(process.pid)[1:]
        yield process, below
    finally:
        for one in [process.pid, *below]:
            if "watchfloor.config" in _command(one):
                os.kill(one, signal.SIGKILL)
        process.wait()


def test_the_supervisor_is_small_and_no_orphan_outlives_it(served):
    process, below = served
    assert "watchfloor.config.serve" in _command(process.pid)
    assert int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * 4096 < 40 << 20
    process.kill()
    process.wait()
    _until(lambda: not any("watchfloor.config" in _command(one) for one in below), 60)
