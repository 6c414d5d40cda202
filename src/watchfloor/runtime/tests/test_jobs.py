"""A job survives the death of the process that ran it, and runs each finished step once."""

import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from watchfloor.config.options import Options
from watchfloor.kernel.errors import Conflict
from watchfloor.runtime import jobs

PROGRAM = Path(__file__).with_name("worker_program.py")


@pytest.fixture
def home(settings, tmp_path):
    settings.HOME = tmp_path
    settings.WATCHFLOOR = Options(home=str(tmp_path))
    return tmp_path


@contextmanager
def worker(home, url=""):
    process = subprocess.Popen(
        [sys.executable, PROGRAM, home, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        if process.stdout.readline() != "ready\n":
            pytest.fail(process.stderr.read())
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(check, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return
        time.sleep(0.05)
    pytest.fail("it did not happen in time")


def lines(home):
    path = home / "lines"
    return path.read_text().splitlines() if path.exists() else []


def survives_kill_9(home, url=""):
    with worker(home, url) as process:
        jobs.enqueue("test.three_steps", "ada", id="job-1")
        wait_for(lambda: "second begins ada".upper() in map(str.upper, lines(home)))
        assert jobs.job_status("job-1") == "running"
        process.kill()
        process.wait()
    (home / "go").touch()
    with worker(home, url):
        wait_for(lambda: jobs.job_status("job-1") == "done")
    assert lines(home) == ["first ada", "second begins ADA", "second begins ADA", "second ends ADA", "third ADA!"]


def test_a_job_whose_worker_is_killed_goes_on_after_its_last_finished_step(home):
    survives_kill_9(home)
    assert not (home / "network").exists(), "the job engine talked to the network"


def test_a_job_whose_worker_was_killed_hundreds_of_times_goes_on_still(home):
    with worker(home):
        jobs.enqueue("test.three_steps", "ada", id="job-1")
        wait_for(lambda: "second begins ADA" in lines(home))
    with sqlite3.connect(home / "jobs.sqlite3") as kept:
        kept.execute("UPDATE workflow_status SET recovery_attempts = 500 WHERE workflow_uuid = 'job-1'")
    kept.close()
    (home / "go").touch()
    assert jobs.jobs_wait()
    with worker(home):
        wait_for(lambda: jobs.job_status("job-1") == "done")
    assert lines(home)[-1] == "third ADA!"
    assert not jobs.jobs_wait()


@pytest.mark.lab
def test_the_same_holds_on_postgresql(settings, home, postgres):
    settings.WATCHFLOOR = Options(home=str(home), database_url=postgres)
    survives_kill_9(home, postgres)


def test_a_job_asked_for_while_no_worker_runs_waits_for_one(home):
    (home / "go").touch()
    jobs.enqueue("test.three_steps", "max", id="job-2")
    assert jobs.job_status("job-2") == "waiting"
    with worker(home):
        wait_for(lambda: jobs.job_status("job-2") == "done")


def test_the_same_id_twice_is_one_job(home):
    (home / "go").touch()
    jobs.enqueue("test.three_steps", "eve", id="job-3")
    jobs.enqueue("test.three_steps", "eve", id="job-3")
    with worker(home):
        wait_for(lambda: jobs.job_status("job-3") == "done")
        jobs.enqueue("test.three_steps", "eve", id="job-3")
        time.sleep(1)
    assert lines(home).count("first eve") == 1


def test_a_job_that_raises_is_failed_and_one_nobody_asked_for_is_unknown(home):
    jobs.enqueue("test.fails", id="job-4")
    with worker(home):
        wait_for(lambda: jobs.job_status("job-4") == "failed")
    assert jobs.job_status("job-5") == "unknown"


def apart(act):
    """Call in a thread of its own: browser tests leave an event loop running in pytest's."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(act).result()


def test_a_second_worker_on_the_same_home_is_refused_and_told_who_is_there(home):
    with worker(home) as process, pytest.raises(Conflict, match=f"process {process.pid}"):
        jobs.launch_jobs()


def test_a_worker_that_may_wait_takes_the_place_when_the_other_dies(home):
    with worker(home) as process:
        threading.Timer(0.5, process.kill).start()
        apart(lambda: jobs.launch_jobs(wait=20))
    jobs.stop_jobs(grace=0)


def test_a_quiet_worker_writes_nothing(home):
    with worker(home) as process:
        time.sleep(1.5)
        process.kill()
        out, error = process.communicate()
    assert out + error == ""


def test_launching_and_stopping_in_one_process_frees_the_place(home):
    apart(jobs.launch_jobs)
    jobs.stop_jobs(grace=0)
    with worker(home):
        pass
