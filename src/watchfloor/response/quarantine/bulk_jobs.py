"""The durable job of a bulk verb, and the ticks of the pages: the index, the digest, downloads that are over."""

from uuid import UUID

from dbos import DBOS
from django.db import close_old_connections

from watchfloor.kernel.clock import utc_now
from watchfloor.response.quarantine import acting
from watchfloor.response.quarantine.digest import send_digests
from watchfloor.response.quarantine.indexing import complete
from watchfloor.runtime.jobs import enqueue
from watchfloor.runtime.services import every


@DBOS.workflow(name=acting.WORKFLOW, max_recovery_attempts=None)
def work(job_id: str) -> str:
    """Some mails after the others until none is left."""
    while one_step(job_id):
        pass
    return job_id


@DBOS.step(name="response.quarantine_bulk_step", retries_allowed=True, max_attempts=5)
def one_step(job_id: str) -> bool:
    close_old_connections()
    try:
        return acting.step(UUID(job_id), now=utc_now())
    finally:
        close_old_connections()


@every(15, name="response.quarantine_bulk")
def watch() -> int:
    """Queue jobs whose asking was cut off; asking twice is one job."""
    waiting = acting.unqueued(now=utc_now())
    for job in waiting:
        enqueue(acting.WORKFLOW, str(job), id=f"quarantine-bulk-{job}")
    return 0


@every(2, name="response.quarantine_index")
def index() -> int:
    """Let held mail be found by its content."""
    return complete(now=utc_now())


@every(60, name="response.quarantine_digest")
def digest() -> int:
    """Tell recipients what is held for them."""
    return send_digests(now=utc_now())


@every(3600, name="response.quarantine_downloads")
def tidy() -> int:
    """Remove downloads that are over."""
    return acting.tidy(now=utc_now())
