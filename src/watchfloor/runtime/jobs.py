"""Durable workflows: DBOS over our own database, so that a job outlives the process that ran it.

Slices write `@DBOS.workflow(name="response.remediate")` and `@DBOS.step()` functions in their `jobs` module; `enqueue` starts
one by that name with an id of the caller's choosing (the same id twice is one job). Any process may enqueue; one worker runs
them, and a workflow it left behind goes on after its last finished step. A step that was cut off runs again, so a step must
bear that. Enqueue after the commit of what the job reads (`transaction.on_commit`): jobs lie in another file than our rows.
Nothing leaves the machine: no conductor and no OpenTelemetry is configured.
"""

import fcntl
import os
import time
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings

from watchfloor.kernel.errors import Conflict

if TYPE_CHECKING:  # the engine takes as long to import as all of Django: who only enqueues now and then does so late
    from dbos import DBOSClient, EnqueueOptions

QUEUE = "jobs"
CONCURRENCY = 4
POLL_SECONDS = 0.1
"""A person waits for a job's start; a look costs 3 ms of processor time."""
DECLARED_POLL_SECONDS = 0.25
"""Nobody sits before what stands in a line of its own; yet a line of short jobs must not stand between two looks."""
APPLICATION = "watchfloor"
VERSION = "1"
"""Recovery takes up only workflows of its own version; raise it when a workflow's steps change their order."""

_WORDS = {
    "ENQUEUED": "waiting",
    "DELAYED": "waiting",
    "PENDING": "running",
    "SUCCESS": "done",
    "ERROR": "failed",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed",
    "CANCELLED": "cancelled",
}
_queues: dict[str, int] = {}
_lock_file: IO[str] | None = None


def system_database_url() -> str:
    """SQLite beside the main file, or the same PostgreSQL database in a schema of its own."""
    url = settings.WATCHFLOOR.database_url
    return url or f"sqlite:///{settings.HOME / 'jobs.sqlite3'}"


def launch_jobs(*, wait: float = 0) -> None:
    """Start the engine in this process and go on with what was running. Call once, after every `jobs` module is imported.

    Raises Conflict when another worker still runs on the same home after `wait` seconds: two would both go on with
    the same workflow.
    """
    from dbos import DBOS, DBOSConfig

    _take_the_only_place(wait)
    DBOS(
        config=DBOSConfig(
            name=APPLICATION,
            system_database_url=system_database_url(),
            log_level="WARNING",
            application_version=VERSION,
            executor_id="worker",
            enable_otlp=False,
        )
    )
    DBOS.launch()
    lines = [(QUEUE, CONCURRENCY, POLL_SECONDS)]
    lines += [(name, concurrency, DECLARED_POLL_SECONDS) for name, concurrency in _queues.items()]
    for name, concurrency, seconds in lines:
        DBOS.register_queue(
            name, worker_concurrency=concurrency, polling_interval_sec=seconds, on_conflict="always_update"
        )


def declare_queue(name: str, *, concurrency: int) -> str:
    """A line of its own for jobs that come in thousands, so that others need not wait behind them. Call it on import."""
    _queues[name] = concurrency
    return name


def stop_jobs(*, grace: int = 5) -> None:
    """Take no more jobs, give running ones `grace` seconds, and let go; what is cut off goes on at the next launch."""
    from dbos import DBOS

    global _lock_file
    DBOS.destroy(workflow_completion_timeout_sec=grace)
    if _lock_file is not None:
        _lock_file.close()
        _lock_file = None


def enqueue(workflow: str, *arguments: Any, id: str, queue: str = QUEUE) -> None:
    """Ask for a workflow by its registered name; durable on return. The same `id` again changes nothing.

    Arguments are stored as they are, so they carry keys of rows, never secrets.
    """
    options: EnqueueOptions = {
        "queue_name": queue,
        "workflow_name": workflow,
        "workflow_id": id,
        "app_version": VERSION,
        "application_name": APPLICATION,
    }
    _client(system_database_url()).enqueue(options, *arguments)


def job_status(id: str) -> str:
    """How the job is: unknown, waiting, running, done, failed or cancelled."""
    found = _client(system_database_url()).list_workflows(workflow_ids=[id], load_input=False, load_output=False)
    return _WORDS.get(found[0].status, "unknown") if found else "unknown"


def jobs_wait() -> bool:
    """Whether any job waits for its turn, or was cut off and goes on."""
    waiting = _client(system_database_url()).list_workflows(
        status=["ENQUEUED", "PENDING"], limit=1, load_input=False, load_output=False
    )
    return bool(waiting)


def cancel_job(id: str) -> None:
    """Ask a job to end before its next step; a job that has ended stays as it is."""
    _client(system_database_url()).cancel_workflow(id)


def check_jobs() -> None:
    """Raise whatever the jobs' database raises when it cannot be opened or brought to the newest form."""
    _client(system_database_url()).check_connection()


@cache
def _client(url: str) -> "DBOSClient":
    """One client per process and database; the tables are made by whichever process comes first."""
    from dbos import DBOS, DBOSClient

    DBOS.migrate(url)
    return DBOSClient(system_database_url=url, application_name=APPLICATION)


def _take_the_only_place(wait: float) -> None:
    """Hold a lock on a file for as long as this process lives; the kernel lets go when it dies, however it dies."""
    global _lock_file
    path = Path(settings.HOME) / "worker.lock"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = path.open("a+")
    end = time.monotonic() + wait
    while not _locked(file):
        if time.monotonic() >= end:
            file.seek(0)
            owner = file.read().strip()
            file.close()
            raise Conflict(f"another worker (process {owner}) runs on this home; stop it first", place=str(path))
        time.sleep(0.1)
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    _lock_file = file


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
