"""The process that forks the worker: what is killed comes back at once, and nothing outlives the one who forked it."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

PROGRAM = """
import os, signal, sys, threading, time
from pathlib import Path
from watchfloor.config import again
from watchfloor.config.parent import when_parent_is_gone

again.SETTLED_S = float(sys.argv[2])
lives = Path(sys.argv[1])

def work():
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    when_parent_is_gone(stopping.set)
    with lives.open("a") as file:
        file.write(f"{os.getpid()}\\n")
    if sys.argv[3] == "fails":
        raise RuntimeError("on purpose")
    stopping.wait(60)
    os._exit(7)

os._exit(again.again_and_again(work))
"""


class Forking:
    """A running program, and the ids of what it forked so far."""

    def __init__(self, process, lives):
        self.process = process
        self.lives = lives

    def forked(self, number=1):
        """The id of the `number`th fork, when there is one."""
        _until(lambda: self.lives.exists() and self.lives.read_text().count("\n") >= number)
        return int(self.lives.read_text().splitlines()[number - 1])


@pytest.fixture
def forking(tmp_path):
    started = []

    def begin(*, settled=0.0, what="waits"):
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / "lives"), str(settled), what]
        started.append(subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE))
        return Forking(started[-1], tmp_path / "lives")

    yield begin
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _until(check, seconds=10):
    end = time.monotonic() + seconds
    while not check():
        if time.monotonic() > end:
            pytest.fail("it did not happen in time")
        time.sleep(0.01)


def _runs(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_who_is_killed_comes_back_again_and_again(forking):
    program = forking()
    for number in (1, 2, 3):
        os.kill(program.forked(number), signal.SIGKILL)
    assert program.forked(4) != program.forked(3)
    assert program.process.poll() is None


def test_it_is_back_within_a_moment(forking):
    program = forking()
    first = program.forked()
    began = time.monotonic()
    os.kill(first, signal.SIGKILL)
    program.forked(2)
    assert time.monotonic() - began < 2  # some milliseconds where nothing else runs


def test_what_dies_young_is_not_forked_from_the_same_again(forking):
    program = forking(settled=30)
    os.kill(program.forked(), signal.SIGKILL)
    assert program.process.wait(timeout=10) == -signal.SIGKILL & 0xFF
    assert program.lives.read_text().count("\n") == 1


def test_what_fails_says_why_and_ends_the_process(forking):
    program = forking(settled=30, what="fails")
    _, said = program.process.communicate(timeout=10)
    assert program.process.returncode == 1
    assert b"RuntimeError: on purpose" in said


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_passed_on_and_waited_for(forking, told):
    program = forking()
    worker = program.forked()
    program.process.send_signal(told)
    assert program.process.wait(timeout=10) == 7
    assert not _runs(worker)


def test_no_orphan_stays_when_the_forking_process_is_killed(forking):
    program = forking()
    worker = program.forked()
    program.process.kill()
    program.process.wait()
    _until(lambda: not _runs(worker))


def test_both_end_when_who_started_them_is_killed(tmp_path):
    lives = tmp_path / "lives"
    starting = "import subprocess, sys; print(subprocess.Popen(sys.argv[1:]).pid, flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", starting, sys.executable, "-c", PROGRAM, str(lives), "0", "waits"]
    starter = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    forker = int(starter.stdout.readline())
    worker = Forking(starter, lives).forked()
    starter.kill()
    starter.communicate()
    _until(lambda: not _runs(worker) and not _runs(forker))


READY = """
import json, os, threading
from watchfloor.config import worker
from django.db import connections

forked = []
worker.again_and_again = lambda work: forked.append(work) or 0
worker.main()
held = [os.readlink(f"/proc/self/fd/{one}") for one in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{one}")]
print(json.dumps({
    "threads": threading.active_count(),
    "connected": [one.alias for one in connections.all(initialized_only=True) if one.connection],
    "files": [one for one in held if one.startswith(os.environ["WATCHFLOOR_HOME"])],
    "forked": len(forked),
}), flush=True)
os._exit(0)
"""


def test_the_worker_forks_with_no_thread_no_connection_and_no_file_of_the_home_open(tmp_path):
    environ = {**os.environ, "WATCHFLOOR_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", READY], env=environ, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"threads": 1, "connected": [], "files": [], "forked": 1}
