"""The durable job's steps, and the tick that finds what a crash left between the row and its job."""

from datetime import UTC, datetime

import pytest

from watchfloor.access.models import AuditEntry
from watchfloor.kernel.errors import BadInput, Unreachable
from watchfloor.response import jobs, services
from watchfloor.response.contracts import RemediationStatus, Row, Targets

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PHISH = "11111111-1111-4111-8111-111111111111"
S = RemediationStatus


@pytest.fixture
def waiting(mails, analyst):
    rows = (Row(PHISH, "ann@corp.example"), Row(PHISH, "dan@partner.example"))
    return services.start(
        by=analyst, name="Purge", reason="", action="soft-delete", targets=Targets(rows=rows), at=NOW
    )  # fmt: skip


@pytest.fixture
def steps(monkeypatch):
    """The steps and the workflow as plain functions, on the test's own database connection; pauses are noted, not slept."""
    pauses = []
    monkeypatch.setattr(jobs, "close_old_connections", lambda: None)
    monkeypatch.setattr(jobs.DBOS, "sleep", pauses.append)
    return pauses


def test_the_job_without_any_mailbox_connection_fails_at_once_and_says_what_to_do(waiting, steps):
    workflow = jobs.remediate.__wrapped__
    assert workflow(str(waiting.pk), 1) == S.FAILED
    waiting.refresh_from_db()
    assert "Settings, Connections" in waiting.why
    assert (waiting.counts.pending, waiting.counts.skipped) == (1, 1)
    assert steps == []
    entry = AuditEntry.objects.get(verb="remediation.finish")
    assert (entry.outcome, entry.actor_name) == ("failure", "remediation")


def test_a_mail_system_that_does_not_answer_is_asked_again_with_growing_pauses(waiting, steps, monkeypatch):
    def away():
        raise Unreachable("connection refused")

    monkeypatch.setattr(jobs, "mailbox_actions", away)
    assert jobs.remediate.__wrapped__(str(waiting.pk), 1) == S.FAILED
    assert steps == [5 * 2**attempt for attempt in range(jobs.ATTEMPTS)]
    waiting.refresh_from_db()
    assert (waiting.why, waiting.counts.pending) == ("connection refused", 1)


def test_a_query_that_became_wrong_fails_before_anything_is_touched(waiting, steps, monkeypatch):
    def wrong(*_, **__):
        raise BadInput("there is no column Sendr")

    monkeypatch.setattr(jobs, "freeze", wrong)
    assert jobs.remediate.__wrapped__(str(waiting.pk), 1) == S.FAILED


def test_the_tick_queues_what_was_decided_but_never_queued(waiting, monkeypatch):
    asked = []
    monkeypatch.setattr(jobs, "job_status", lambda id: "unknown")
    monkeypatch.setattr(jobs, "queue", asked.append)
    assert jobs.watch() == 1
    assert asked == [waiting]


def test_the_tick_ends_what_lost_its_job_so_that_it_can_be_retried(waiting, monkeypatch):
    monkeypatch.setattr(jobs, "job_status", lambda id: "failed")
    assert jobs.watch() == 1
    waiting.refresh_from_db()
    assert waiting.status == S.FAILED
    assert "retry" in waiting.why
    assert jobs.watch() == 0


def test_the_tick_leaves_a_running_job_alone(waiting, monkeypatch):
    monkeypatch.setattr(jobs, "job_status", lambda id: "running")
    assert jobs.watch() == 0
