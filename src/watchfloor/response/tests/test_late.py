"""Late arrivals: new copies of what was purged are caught for some days, written into the same ledger, and acted on once."""

from datetime import timedelta

import pytest

from watchfloor.kernel.errors import BadInput, Conflict
from watchfloor.lake import selectors as lake_selectors
from watchfloor.lake import services as lake
from watchfloor.lake.contracts import Condition, Operator, Query
from watchfloor.response import late, progress, queueing, services
from watchfloor.response.contracts import Beside, RemediationStatus, Row, Targets
from watchfloor.response.models import LateWatch
from watchfloor.response.tests.conftest import NOW, PEOPLE, PHISH, email_row, raw_of
from watchfloor.runtime.selectors import cursor_position

LATER = "55555555-5555-4555-8555-555555555555"
OTHER = "66666666-6666-4666-8666-666666666666"
TOMORROW = NOW + timedelta(days=1)
WEEK = Beside(late_days=7)


def whole_query(**more):
    sender = Condition("SenderFromAddress", Operator.EQUAL_ANY, ("it-support@elsewhere.example",))
    query = Query("EmailEvents", NOW - timedelta(days=1), NOW + timedelta(hours=1), (sender,))
    return Targets(query=lake_selectors.parameters_of(query), **more)


def begun(by, targets, **more):
    facts = {"name": "Purge", "reason": "phish", "action": "soft-delete", "targets": targets, "at": NOW, "beside": WEEK}
    return services.start(by=by, **(facts | more))


@pytest.fixture
def purged(analyst, phish_rows, mailboxes, carry_out):
    """The phish purged by a query that goes on catching."""
    return carry_out(begun(analyst, whole_query()), mailboxes)


def arrive(dovecot, message, *people, **facts):
    dovecot.deliver(raw_of(message), to=people)
    lake.append("EmailEvents", [email_row(message, who, Timestamp=TOMORROW, **facts) for who in people])


def test_a_copy_that_comes_a_day_later_is_moved_too_and_says_why_it_is_there(
    purged, dovecot, mailboxes, where, carry_out
):
    arrive(dovecot, LATER, *PEOPLE[:2])
    arrive(dovecot, OTHER, PEOPLE[0], SenderFromAddress="friend@partner.example")
    assert late.catch(now=TOMORROW) == 2
    purged.refresh_from_db()
    assert (purged.status, purged.run, purged.total) == (RemediationStatus.STARTED, 2, 10)
    done = carry_out(purged, mailboxes)
    assert (done.status, done.total, done.counts.pending) == (RemediationStatus.COMPLETED, 10, 0)
    assert list(where(PEOPLE[0], LATER)) == ["Recoverable"]
    assert list(where(PEOPLE[0], OTHER)) == ["INBOX"]
    line = done.lines.get(network_message_id=LATER, recipient=PEOPLE[0])
    assert line.because.startswith("Late arrival at 2026-11-21 09:00 UTC: ")
    assert "it-support@elsewhere.example" in line.because
    watch = LateWatch.objects.get()
    assert (watch.caught, watch.last_at) == (2, TOMORROW)


def test_a_batch_read_twice_makes_one_line(purged, dovecot, mailboxes, carry_out):
    before = cursor_position(late.READER)
    arrive(dovecot, LATER, PEOPLE[0])
    assert late.catch(now=TOMORROW) == 1
    late.move_cursor(late.READER, position=before)
    assert late.catch(now=TOMORROW) == 0
    assert purged.lines.filter(network_message_id=LATER).count() == 1
    assert LateWatch.objects.get().caught == 1


def test_a_round_cut_off_before_its_end_leaves_nothing_and_is_done_again(purged, dovecot, monkeypatch):
    arrive(dovecot, LATER, PEOPLE[0])
    before = cursor_position(late.READER)

    def cut(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(late, "move_cursor", cut)
    with pytest.raises(KeyboardInterrupt):
        late.catch(now=TOMORROW)
    monkeypatch.undo()
    assert (cursor_position(late.READER), purged.lines.count()) == (before, 8)
    assert late.catch(now=TOMORROW) == 1


def test_what_comes_while_it_still_runs_is_done_by_the_next_run(purged, dovecot, mailboxes, monkeypatch, carry_out):
    asked = []
    monkeypatch.setattr(queueing, "enqueue", lambda *arguments, id: asked.append(id))
    running = type(purged).objects.get(pk=purged.pk)
    running.status = RemediationStatus.IN_PROGRESS.value
    running.save()
    arrive(dovecot, LATER, PEOPLE[0])
    assert late.catch(now=TOMORROW) == 1
    ended = progress.finish(running.pk, now=TOMORROW)
    assert (ended.status, ended.run) == (RemediationStatus.STARTED, 2)
    done = carry_out(ended, mailboxes)
    assert (done.status, done.counts.pending) == (RemediationStatus.COMPLETED, 0)


def test_nothing_is_read_while_the_targets_are_being_written_down(analyst, phish_rows, dovecot):
    begun(analyst, whole_query())
    arrive(dovecot, LATER, PEOPLE[0])
    assert late.catch(now=TOMORROW) == 0
    assert not late.LedgerLine.objects.exists()


def test_it_ends_after_its_days_or_when_somebody_stops_it(purged, analyst, dovecot):
    services.stop_late(by=analyst, remediation_id=purged.pk, at=NOW)
    watch = LateWatch.objects.get()
    assert (watch.stopped_by, watch.stopped_at) == ("Ada", NOW)
    arrive(dovecot, LATER, PEOPLE[0])
    assert late.catch(now=TOMORROW) == 0
    with pytest.raises(Conflict, match="catches no late copies"):
        services.stop_late(by=analyst, remediation_id=purged.pk, at=NOW)


def test_after_the_last_day_batches_are_let_go(purged, dovecot):
    arrive(dovecot, LATER, PEOPLE[0])
    assert late.catch(now=NOW + timedelta(days=8)) == 0
    assert cursor_position(late.READER) == lake_selectors.tail_position("EmailEvents")
    assert purged.lines.count() == 8


def test_an_undo_of_everything_ends_it(purged, analyst):
    services.undo(by=analyst, remediation_id=purged.pk, at=NOW)
    assert LateWatch.objects.get().stopped_by == "Ada"


def test_chosen_rows_catch_mail_of_the_same_cluster(analyst, mailboxes, dovecot, db):
    lake.append("EmailEvents", [email_row(PHISH, PEOPLE[0], EmailClusterId=4711)])
    rows = Targets(rows=(Row(PHISH, PEOPLE[0]),))
    one = begun(analyst, rows)
    assert "4711" in LateWatch.objects.get().sentence
    late.Remediation.objects.filter(pk=one.pk).update(frozen_at=NOW, status="Completed")
    arrive(dovecot, LATER, PEOPLE[1], EmailClusterId=4711)
    arrive(dovecot, OTHER, PEOPLE[1], EmailClusterId=1)
    assert late.catch(now=TOMORROW) == 1
    assert one.lines.get().network_message_id == LATER


def test_mail_like_no_other_cannot_be_waited_for(analyst, mails):
    rows = Targets(rows=(Row(PHISH, "ann@corp.example"),))
    begun(analyst, rows)
    assert not LateWatch.objects.exists()
    assert late.watch_sentence(rows, now=NOW) == ""
    assert "it-support@elsewhere.example" in late.watch_sentence(whole_query(), now=NOW)


def test_a_proposal_waits_with_its_watch_until_it_is_approved(analyst, proposer, phish_rows):
    one = services.propose(
        by=proposer, name="Purge", reason="", action="soft-delete", targets=whole_query(), beside=WEEK, at=NOW
    )
    assert not LateWatch.objects.exists()
    services.approve(by=analyst, remediation_id=one.pk, at=TOMORROW)
    assert LateWatch.objects.get().until == TOMORROW + timedelta(days=7)


def test_rows_left_out_of_the_query_stay_left_out(analyst, phish_rows, dovecot, mailboxes, carry_out):
    one = carry_out(begun(analyst, whole_query(excepted=(Row(LATER, PEOPLE[0]),))), mailboxes)
    arrive(dovecot, LATER, *PEOPLE[:2])
    assert late.catch(now=TOMORROW) == 1
    assert one.lines.get(network_message_id=LATER).recipient == PEOPLE[1]


@pytest.mark.parametrize("days", [-1, 91, 10**9])
def test_days_are_bounded(analyst, mails, days):
    with pytest.raises(BadInput):
        begun(analyst, whole_query(), beside=Beside(late_days=days))
