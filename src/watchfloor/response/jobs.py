"""The durable job of a remediation, and the tick that finds remediations whose job was never asked for."""

import logging
from uuid import UUID

from dbos import DBOS
from django.db import close_old_connections

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.access.services import record
from watchfloor.connectors.contracts import MailboxActions
from watchfloor.connectors.selectors import mailbox_actions
from watchfloor.intelligence.contracts import Effect
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.response.accounts.engine import work_accounts
from watchfloor.response.accounts.freezing import freeze_accounts
from watchfloor.response.accounts.passwords import forget_passwords
from watchfloor.response.accounts.systems import systems_of
from watchfloor.response.asking_again import ask_again
from watchfloor.response.catalogue import action_of
from watchfloor.response.clicks import ticks as _clicks  # noqa: F401  # ticks of this slice
from watchfloor.response.contracts import RUNNING
from watchfloor.response.engine import work_batch
from watchfloor.response.freezing import freeze
from watchfloor.response.late import catch
from watchfloor.response.models import Remediation
from watchfloor.response.progress import begin, finish
from watchfloor.response.quarantine import bulk_jobs as _quarantine_pages  # noqa: F401
from watchfloor.response.quarantine import jobs as _quarantine  # noqa: F401  # ticks of this slice
from watchfloor.response.quarantine.releasing import release_batch
from watchfloor.response.queueing import WORKFLOW, job_id, queue
from watchfloor.response.submissions import jobs as _submissions  # noqa: F401  # ticks of this slice
from watchfloor.response.submitting import carry_out_entries, work_submissions
from watchfloor.response.zero_hour_tick import purge  # noqa: F401  # a tick of this slice
from watchfloor.runtime.jobs import job_status
from watchfloor.runtime.services import every

log = logging.getLogger(__name__)
ATTEMPTS = 7
WAIT_SECONDS = 5.0
MIND = system_actor("remediation", Permission.EMAIL_ACTION_MANAGE)


@DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
def remediate(remediation_id: str, run: int) -> str:
    """Freeze, then batch after batch until nothing is left. Each step finds its work by status and so may run twice.

    A mail system that does not answer is asked again with growing pauses, about ten minutes in all, then the remediation is
    Failed with its lines still pending: retry goes on from there.
    """
    trouble = prepare(remediation_id)
    attempt = 0
    while not trouble:
        settled, why, again = one_batch(remediation_id)
        if why and again and attempt < ATTEMPTS:
            DBOS.sleep(WAIT_SECONDS * 2**attempt)
            attempt += 1
        elif why:
            trouble = why
        elif not settled:
            break
        else:
            attempt = 0
    return end(remediation_id, trouble)


@DBOS.step(name="response.prepare", retries_allowed=True, max_attempts=5)
def prepare(remediation_id: str) -> str:
    """Freeze the targets into the ledger; returns why that cannot be, or nothing. What acts on mailboxes freezes with its first batch."""
    close_old_connections()
    remediation = begin(UUID(remediation_id), now=utc_now())
    try:
        if remediation.on_accounts:
            freeze_accounts(remediation, systems=systems_of(remediation), now=utc_now())
        else:
            carry_out_entries(remediation, effect=Effect.BLOCK, now=utc_now())
            if not _visits_mailboxes(remediation):
                freeze(remediation, now=utc_now())
    except WatchfloorError as error:
        return error.message
    finally:
        close_old_connections()
    return ""


@DBOS.step(name="response.batch", retries_allowed=True, max_attempts=5)
def one_batch(remediation_id: str) -> tuple[int, str, bool]:
    """(lines settled, why it could not go on, whether asking again later is right)."""
    close_old_connections()
    remediation = Remediation.objects.get(pk=remediation_id)
    try:
        if remediation.on_accounts:
            return work_accounts(remediation, systems=systems_of(remediation), clock=utc_now), "", False
        if _visits_mailboxes(remediation):
            return work_batch(remediation, mailboxes=_mailboxes_for(remediation), clock=utc_now), "", False
        if action_of(remediation.action).from_quarantine:
            return release_batch(remediation, clock=utc_now), "", False
        return work_submissions(remediation, clock=utc_now), "", False
    except WatchfloorError as error:
        return 0, error.message, error.retry
    finally:
        close_old_connections()


def _visits_mailboxes(remediation: Remediation) -> bool:
    action = action_of(remediation.action)
    return action.mailboxes and not action.from_quarantine


def _mailboxes_for(remediation: Remediation) -> MailboxActions:
    """The connected mailboxes; without any the ledger names what was aimed at all the same."""
    try:
        return mailbox_actions()
    except WatchfloorError:
        freeze(remediation, now=utc_now())
        raise


@DBOS.step(name="response.end", retries_allowed=True, max_attempts=5)
def end(remediation_id: str, trouble: str) -> str:
    """Write down how it ended, and tell the audit log."""
    close_old_connections()
    carry_out_entries(Remediation.objects.get(pk=remediation_id), effect=Effect.ALLOW, now=utc_now())
    remediation = finish(UUID(remediation_id), now=utc_now(), trouble=trouble)
    record(
        by=MIND,
        verb="remediation.finish",
        outcome="failure" if trouble else "success",
        target_type="remediation",
        target=remediation.name,
        after={"id": remediation_id, "status": remediation.status, **{s.value: n for s, n in remediation.counts if n}},
        reason=trouble,
    )
    close_old_connections()
    return remediation.status


@every(600, name="response.forget_passwords")
def forget_old_passwords() -> int:
    """Temporary passwords that nobody looked at in time are gone."""
    return forget_passwords(now=utc_now())


@every(2, name="response.late")
def late_arrivals() -> int:
    """Add late copies of what was purged to its ledger."""
    return catch(now=utc_now())


@every(60, name="response.ask_again")
def remind() -> int:
    """Bring proposals to mind that nobody decided."""
    return ask_again(now=utc_now())


@every(15, name="response.watch")
def watch() -> int:
    """Queue what was decided but never queued, and close what lost its job."""
    found = 0
    for remediation in Remediation.objects.filter(status__in=RUNNING):
        state = job_status(job_id(remediation))
        if state == "unknown":
            queue(remediation)
            found += 1
        elif state in {"failed", "cancelled"}:
            finish(remediation.pk, now=utc_now(), trouble=f"its job {state}; see the worker's log, then retry")
            log.error("the job of remediation %s %s", remediation.pk, state)
            found += 1
    return found
