"""The durable job of an investigation, and the ticks that start, follow, refresh and rescue investigations."""

import logging

from dbos import DBOS
from django.db import close_old_connections

from watchfloor.investigations import engine, following, recommending
from watchfloor.investigations.aftercare import jobs as _aftercare  # noqa: F401  # ticks of this slice
from watchfloor.investigations.contracts import Status
from watchfloor.investigations.models import Investigation
from watchfloor.investigations.queueing import WORKFLOW, job_id, queue
from watchfloor.investigations.triggers import watch_alerts  # noqa: F401  # a tick of this slice
from watchfloor.investigations.turned import watch_verdicts  # noqa: F401  # a tick of this slice
from watchfloor.kernel.clock import utc_now
from watchfloor.runtime.jobs import job_status
from watchfloor.runtime.services import every

log = logging.getLogger(__name__)


@DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
def investigate(investigation_id: int, run: int) -> str:
    """Ask question after question, then recommend. It ends where people must decide; a tick follows what they decide."""
    for key in begin(investigation_id):
        try:
            one_step(investigation_id, run, key)
        except Exception as error:
            give_up(investigation_id, run, key, f"{type(error).__name__}: {error}")
    return conclude(investigation_id, run)


@DBOS.step(name="investigations.begin", retries_allowed=True, max_attempts=5)
def begin(investigation_id: int) -> list[str]:
    close_old_connections()
    return engine.begin(investigation_id, now=utc_now())


@DBOS.step(name="investigations.step", retries_allowed=True, max_attempts=3)
def one_step(investigation_id: int, run: int, key: str) -> None:
    close_old_connections()
    engine.work(investigation_id, run, key, now=utc_now())


@DBOS.step(name="investigations.give_up", retries_allowed=True, max_attempts=5)
def give_up(investigation_id: int, run: int, key: str, why: str) -> None:
    close_old_connections()
    engine.give_up(investigation_id, run, key, why, now=utc_now())


@DBOS.step(name="investigations.conclude", retries_allowed=True, max_attempts=5)
def conclude(investigation_id: int, run: int) -> str:
    close_old_connections()
    status = recommending.conclude(investigation_id, run, now=utc_now())
    following.end_alerts(Investigation.objects.get(pk=investigation_id))
    return status


@every(3, name="investigations.follow")
def follow() -> int:
    """Take over decisions and results; look again where the scope grew."""
    now = utc_now()
    return following.follow(now=now) + following.run_again(now=now)


@every(60, name="investigations.refresh")
def refresh() -> int:
    """Count again what waits for people."""
    following.refresh_due(now=utc_now())
    return 0


@every(15, name="investigations.watch")
def watch() -> int:
    """Queue what was begun but never queued, and close what lost its job."""
    found = 0
    working = Investigation.objects.filter(status__in=(Status.QUEUED.value, Status.RUNNING.value))
    for one in working.order_by("id")[:200]:
        state = job_status(job_id(one))
        if state == "unknown":
            queue(one)
            found += 1
        elif state in {"failed", "cancelled"}:
            Investigation.objects.filter(pk=one.pk).update(
                status=Status.FAILED.value, why=f"its job {state}; see the worker's log", ended_at=utc_now()
            )
            log.error("the job of investigation %s %s", one.pk, state)
            found += 1
    return found
