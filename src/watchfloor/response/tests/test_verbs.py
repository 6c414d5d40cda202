"""Propose, start, approve, reject, undo, retry, stop: who may, when, and what the audit log says."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.models import AuditEntry
from watchfloor.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from watchfloor.response import queueing, selectors, services
from watchfloor.response.contracts import ActionSource, LineStatus, RemediationStatus, Row, Targets
from watchfloor.response.models import LedgerLine, Remediation

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PHISH = "11111111-1111-4111-8111-111111111111"
TWO = Targets(rows=(Row(PHISH, "ann@corp.example"), Row(PHISH, "bob@corp.example")))
S = RemediationStatus


@pytest.fixture
def boss():
    """A second person with Search and Purge."""
    return Actor("person:901", "Bea Boss", frozenset({Permission.EMAIL_ACTION_MANAGE, Permission.CONNECTION_MANAGE}))


@pytest.fixture
def asked(monkeypatch):
    """What was asked of the job queue: (workflow, remediation, run) and the job's id."""
    calls = []
    monkeypatch.setattr(queueing, "enqueue", lambda *arguments, id: calls.append((*arguments, id)))
    return calls


def started(by, **more):
    facts = {"name": "Purge", "reason": "phish", "action": "soft-delete", "targets": TWO, "at": NOW, **more}
    return services.start(by=by, **facts)


def ended(by, *statuses: LineStatus, status=S.COMPLETED, **more):
    one = started(by, **more)
    for number, line in enumerate(statuses):
        LedgerLine.objects.create(
            remediation=one, network_message_id=PHISH, recipient=f"p{number}@corp.example", status=line.value, at=NOW
        )
        if line != LineStatus.PENDING:
            setattr(one, line.value, getattr(one, line.value) + 1)
    one.total, one.status, one.frozen_at = len(statuses), status.value, NOW
    one.save()
    return one


def test_starting_is_approving_by_oneself_and_asks_for_one_job_after_the_commit(
    mails, analyst, asked, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        one = started(analyst)
        assert asked == []
    one.refresh_from_db()
    assert (one.status, one.decided_by_name, one.expected) == (S.QUEUED, "Ada", 2)
    assert asked == [("response.remediate", str(one.pk), 1, f"remediate-{one.pk}-1")]


def test_every_verb_leaves_attempt_and_success_with_who_what_and_why(mails, analyst, asked):
    started(analyst)
    entries = AuditEntry.objects.filter(verb="remediation.start").order_by("id")
    assert [entry.outcome for entry in entries] == ["attempt", "success"]
    assert (entries[1].actor_name, entries[1].target, entries[1].reason) == ("Ada", "Purge", "phish")
    assert entries[1].after["messages"] == 2


def test_a_proposal_waits_until_somebody_with_the_right_approves_it(mails, proposer, analyst, asked):
    one = services.propose(by=proposer, name="Purge", reason="phish", action="soft-delete", targets=TWO, at=NOW)
    assert (one.status, one.decided_at) == (S.PENDING, None)
    with pytest.raises(Forbidden):
        services.approve(by=proposer, remediation_id=one.pk)
    done = services.approve(by=analyst, remediation_id=one.pk, reason="seen it", at=NOW)
    assert (done.status, done.decided_by_name, done.decision_reason) == (S.STARTED, "Ada", "seen it")


def test_a_decision_falls_once(mails, proposer, analyst, asked):
    one = services.propose(by=proposer, name="Purge", reason="", action="soft-delete", targets=TWO, at=NOW)
    services.reject(by=analyst, remediation_id=one.pk, reason="it is our newsletter", at=NOW)
    with pytest.raises(Conflict, match="decided already by Ada"):
        services.approve(by=analyst, remediation_id=one.pk)
    assert AuditEntry.objects.filter(verb="remediation.approve", outcome="failure").exists()


def test_whoever_holds_the_right_may_approve_their_own_small_proposal(mails, analyst, asked):
    one = services.propose(by=analyst, name="Purge", reason="", action="soft-delete", targets=TWO, at=NOW)
    assert services.approve(by=analyst, remediation_id=one.pk).status == S.STARTED


def test_above_the_limit_a_second_person_must_approve(mails, analyst, boss, asked):
    services.change_policy(by=boss, second_person_over=1)
    one = started(analyst)
    assert (one.status, one.second_person) == (S.PENDING, True)
    with pytest.raises(Forbidden, match="second person"):
        services.approve(by=analyst, remediation_id=one.pk)
    assert services.approve(by=boss, remediation_id=one.pk).status == S.STARTED


def test_many_small_actions_of_one_person_within_an_hour_count_as_one_large(mails, analyst, boss, asked):
    services.change_policy(by=boss, second_person_over=5)
    first, second, third = started(analyst), started(analyst), started(analyst)
    assert [one.status for one in (first, second, third)] == [S.STARTED, S.STARTED, S.PENDING]
    assert third.second_person
    assert started(boss).status == S.STARTED
    assert started(analyst, at=NOW + timedelta(hours=2)).status == S.STARTED


def test_small_proposals_cannot_be_approved_alone_one_after_another(mails, analyst, boss, asked):
    services.change_policy(by=boss, second_person_over=3)
    ask = {"name": "Purge", "reason": "", "action": "soft-delete", "targets": TWO, "at": NOW}
    small, more = services.propose(by=analyst, **ask), services.propose(by=analyst, **ask)
    assert services.approve(by=analyst, remediation_id=small.pk, at=NOW).status == S.STARTED
    with pytest.raises(Forbidden, match="second person"):
        services.approve(by=analyst, remediation_id=more.pk, at=NOW)


def test_zero_means_nobody_needs_a_second_person(mails, analyst, boss, asked):
    services.change_policy(by=boss, second_person_over=0)
    assert started(analyst).status == S.STARTED
    with pytest.raises(BadInput):
        services.change_policy(by=boss, second_person_over=-1)


def test_the_policy_is_changed_only_with_the_right_and_audited(mails, analyst, boss):
    with pytest.raises(Forbidden):
        services.change_policy(by=analyst, second_person_over=5)
    services.change_policy(by=boss, second_person_over=5)
    entry = AuditEntry.objects.get(verb="response.policy", outcome="success")
    assert (entry.before, entry.after) == ({"second_person_over": 1000}, {"second_person_over": 5})


@pytest.mark.parametrize(
    "wrong", [{"name": "  "}, {"targets": Targets()}, {"action": "explode"}], ids=["no name", "no target", "no action"]
)
def test_what_is_missing_is_refused_in_words(mails, analyst, wrong):
    with pytest.raises(BadInput):
        started(analyst, **wrong)
    assert not Remediation.objects.exists()


def test_an_unknown_remediation_is_not_found(db, analyst):
    with pytest.raises(NotFound):
        services.stop(by=analyst, remediation_id="0198b2f0-0000-7000-8000-000000000000")


def test_only_what_ended_with_something_left_can_be_retried(mails, analyst, asked):
    running = started(analyst)
    clean = ended(analyst, LineStatus.MOVED)
    for one in (running, clean):
        with pytest.raises(Conflict, match="nothing left"):
            services.retry(by=analyst, remediation_id=one.pk)
    again = services.retry(by=analyst, remediation_id=ended(analyst, LineStatus.MOVED, LineStatus.FAILED).pk)
    assert (again.run, again.failed, again.moved, again.counts.pending) == (2, 0, 1, 1)


def test_a_remediation_that_failed_before_its_ledger_was_written_can_be_retried(mails, analyst, asked):
    one = started(analyst)
    Remediation.objects.filter(pk=one.pk).update(status=S.FAILED, why="no connection may act on mailboxes")
    assert services.retry(by=analyst, remediation_id=one.pk).why == ""


def test_an_undo_is_a_remediation_of_its_own_and_only_one_at_a_time(mails, analyst, asked):
    one = ended(analyst, LineStatus.MOVED, LineStatus.MISSING, incident_id="7")
    back = services.undo(by=analyst, remediation_id=one.pk, reason="it was clean", at=NOW)
    assert (back.action, back.undo_of, back.expected, back.incident_id) == ("restore", one, 1, "7")
    with pytest.raises(Conflict, match="an undo of it is started"):
        services.undo(by=analyst, remediation_id=one.pk)


def test_what_cannot_be_undone_says_why(mails, analyst, asked):
    erased = ended(analyst, LineStatus.DELETED, action="hard-delete")
    nothing = ended(analyst, LineStatus.ALREADY)
    running = started(analyst)
    assert selectors.why_no_undo(erased) == "“Hard delete” cannot be undone"
    assert selectors.why_no_undo(nothing) == "it moved nothing"
    assert selectors.why_no_undo(running) == "it is started"


def test_the_timeline_of_a_message_tells_each_remediation_oldest_first(mails, analyst, asked):
    first = ended(analyst, LineStatus.MOVED)
    second = ended(analyst, LineStatus.FAILED, name="Again", at=NOW + timedelta(hours=1))
    told = selectors.remediations_of_message(network_message_id=PHISH, recipient="P0@corp.example")
    assert [one.remediation_id for one in told] == [str(first.pk), str(second.pk)]
    assert (told[0].action_label, told[0].line_status, told[0].by) == ("Soft delete", "moved", "Ada")
    assert selectors.remediations_of_message(network_message_id=PHISH, recipient="other@corp.example") == ()


def test_who_removed_mails_is_told_by_remediation_and_not_by_copy(mails, analyst, asked, django_assert_num_queries):
    by_hand = ended(analyst, *[LineStatus.MOVED] * 40, LineStatus.ALREADY, LineStatus.FAILED)
    ended(analyst, LineStatus.FAILED, LineStatus.MISSING, name="In vain")
    by_itself = ended(analyst, LineStatus.DELETED, action="hard-delete", name="By itself")
    Remediation.objects.filter(pk=by_itself.pk).update(source=ActionSource.AUTOMATED)
    with django_assert_num_queries(1):
        told = selectors.removers_of_messages([PHISH, "another"])
    assert told == {PHISH: {str(by_hand.pk): False, str(by_itself.pk): True}, "another": {}}


def test_what_failed_and_what_people_did_to_mails_is_asked_for_alone(mails, analyst, asked):
    by_hand = ended(analyst, LineStatus.MOVED, LineStatus.FAILED)
    by_itself = ended(analyst, LineStatus.FAILED, name="By itself")
    Remediation.objects.filter(pk=by_itself.pk).update(source=ActionSource.AUTOMATED)

    def told(**only):
        return [(one.remediation_id, one.line_status) for one in selectors.remediations_of_messages([PHISH], **only)]

    moved, failed, alone = ((str(by_hand.pk), "moved"), (str(by_hand.pk), "failed"), (str(by_itself.pk), "failed"))
    assert told() == [moved, failed, alone]
    assert told(failed=True) == [failed, alone]
    assert told(by_hand=True) == [moved, failed]


def test_stopping_before_the_worker_began_ends_it_untouched(mails, analyst, asked):
    from watchfloor.response.progress import begin, finish

    one = started(analyst)
    services.stop(by=analyst, remediation_id=one.pk, reason="wrong mail")
    begin(one.pk, now=NOW)
    assert finish(one.pk, now=NOW).status == S.STOPPED
    with pytest.raises(Conflict, match="is not running"):
        services.stop(by=analyst, remediation_id=one.pk)
