"""From an investigation to its durable job, in either order of crash."""

from functools import partial

from django.db import transaction

from watchfloor.investigations.models import Investigation
from watchfloor.runtime.jobs import declare_queue, enqueue

WORKFLOW = "investigations.investigate"
QUEUE = declare_queue("investigations", concurrency=2)
"""So many at once; the rest waits in line, however many they are, and holds up no other job."""


def job_id(investigation: Investigation) -> str:
    """One job per run: asking twice for the same run is one job."""
    return f"investigate-{investigation.pk}-{investigation.run}"


def queue_after_commit(investigation: Investigation) -> None:
    """Ask for the job once the row is committed; a crash between the two is found by the watching tick."""
    transaction.on_commit(partial(queue, investigation))


def queue(investigation: Investigation) -> None:
    enqueue(WORKFLOW, investigation.pk, investigation.run, id=job_id(investigation), queue=QUEUE)
