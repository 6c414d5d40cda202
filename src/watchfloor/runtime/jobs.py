"""Durable workflows: DBOS over our own database, so that a job outlives the process that ran it.

Slices write `@DBOS.workflow()` and `@DBOS.step()` functions in their `jobs` module; `enqueue` starts one by name with an id of
the caller's choosing (the same id twice is one job). The web process only enqueues; the worker runs and recovers.
"""

from typing import Any

from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions, Queue
from django.conf import settings

jobs_queue = Queue("jobs", concurrency=4)


def system_database_url() -> str:
    """SQLite beside the main file, or the same PostgreSQL server."""
    url = settings.WATCHFLOOR.database_url
    return url or f"sqlite:///{settings.HOME / 'jobs.sqlite3'}"


def launch_jobs() -> None:
    """Start the engine in this process and recover what was running. Call once, after every `jobs` module is imported."""
    DBOS(
        config=DBOSConfig(
            name="watchfloor",
            system_database_url=system_database_url(),
            log_level="WARNING",
            application_version="1",
            executor_id="worker",
        )
    )
    DBOS.launch()


def enqueue(workflow: str, *arguments: Any, id: str) -> None:
    """Ask for a workflow by its registered name; durable on return."""
    client = DBOSClient(system_database_url=system_database_url())
    try:
        options: EnqueueOptions = {
            "queue_name": jobs_queue.name,
            "workflow_name": workflow,
            "workflow_id": id,
            "app_version": "1",
        }
        client.enqueue(options, *arguments)
    finally:
        client.destroy()
