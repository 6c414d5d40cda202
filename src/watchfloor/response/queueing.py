"""From a decided remediation to its durable job, in either order of crash."""

from functools import partial

from django.db import transaction

from watchfloor.response.contracts import RemediationStatus
from watchfloor.response.models import Remediation
from watchfloor.runtime.jobs import enqueue

WORKFLOW = "response.remediate"


def job_id(remediation: Remediation) -> str:
    """One job per run: asking twice for the same run is one job."""
    return f"remediate-{remediation.pk}-{remediation.run}"


def queue_after_commit(remediation: Remediation) -> None:
    """Ask for the job once the row is committed; a crash between the two is found by the watching tick."""
    transaction.on_commit(partial(queue, remediation))


def queue(remediation: Remediation) -> None:
    """Ask for the job now."""
    enqueue(WORKFLOW, str(remediation.pk), remediation.run, id=job_id(remediation))
    waiting = Remediation.objects.filter(pk=remediation.pk, status=RemediationStatus.STARTED.value)
    waiting.update(status=RemediationStatus.QUEUED.value)
