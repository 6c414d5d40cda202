"""A remediation on a real Dovecot: found, noted, moved, verified, written down, once, whatever happens in between."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.connectors.contracts import Folder
from watchfloor.kernel.errors import Unreachable
from watchfloor.lake import selectors as lake
from watchfloor.lake.contracts import Query
from watchfloor.response import engine, freezing, pending, services
from watchfloor.response.contracts import LineStatus, RemediationStatus, Targets
from watchfloor.response.models import LedgerLine, Remediation

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PHISH = "11111111-1111-4111-8111-111111111111"
CLEAN = "22222222-2222-4222-8222-222222222222"
PEOPLE = ANN, BOB, CAT, DAN = tuple(f"{name}@corp.example" for name in ("ann", "bob", "cat", "dan"))
pytestmark = pytest.mark.lab


class Killed(BaseException):
    """kill -9, as far as one thread can play it: nothing after it runs. tests/stories kills whole processes."""


class DiesAfterActing:
    """The real mailboxes; the first `outcomes` of an act are handed over, then the process dies."""

    def __init__(self, real, outcomes=0):
        self.real, self.outcomes = real, outcomes

    def find(self, targets):
        return self.real.find(targets)

    def move(self, targets, *, to):
        return self._die(self.real.move(targets, to=to))

    def erase(self, targets):
        return self._die(self.real.erase(targets))

    def restore(self, targets):
        return self._die(self.real.restore(targets))

    def _die(self, results):
        everything = list(results)
        yield from everything[: self.outcomes]
        raise Killed


def events():
    return lake.rows(Query("EmailPostDeliveryEvents", NOW - timedelta(days=1), NOW + timedelta(days=1)), limit=1000)


def begun(analyst, targets, action="soft-delete", name="Purge the phish", at=NOW):
    return services.start(by=analyst, name=name, reason="it is one", action=action, targets=targets, at=at)


def lines_of(remediation):
    return {line.recipient: line for line in LedgerLine.objects.filter(remediation=remediation)}


def test_a_soft_delete_takes_the_message_from_every_mailbox_and_writes_each_line(
    mailboxes, phish_rows, analyst, where, carry_out
):
    done = carry_out(begun(analyst, phish_rows), mailboxes)
    assert done.status == RemediationStatus.COMPLETED
    assert (done.total, done.moved, done.failed) == (4, 4, 0)
    for person in (ANN, BOB, CAT, DAN):
        assert list(where(person)) == ["Recoverable"]
        assert list(where(person, CLEAN)) == ["INBOX"]
    line = lines_of(done)[ANN]
    assert (line.status, line.found_where, line.moved_where, line.verified) == ("moved", "INBOX", "Recoverable", True)


def test_each_move_is_one_post_delivery_event_and_the_lake_knows_the_new_place(
    mailboxes, phish_rows, analyst, carry_out
):
    carry_out(begun(analyst, phish_rows), mailboxes)
    written = events()
    assert sorted(event["RecipientEmailAddress"] for event in written) == [ANN, BOB, CAT, DAN]
    assert {event["Action"] for event in written} == {"Soft deleted"}
    assert {event["DeliveryLocation"] for event in written} == {Folder.RECOVERABLE.value}
    rows = lake.rows(Query("EmailEvents", NOW - timedelta(days=1), NOW + timedelta(days=1)), limit=100)
    latest = {row["LatestDeliveryLocation"] for row in rows if row["NetworkMessageId"] == PHISH}
    assert latest == {Folder.RECOVERABLE.value}


@pytest.mark.parametrize("handed_over", [0, 1, 2])
def test_killed_between_acting_and_writing_the_next_run_writes_a_true_line_and_one_event(
    mailboxes, phish_rows, analyst, where, carry_out, handed_over
):
    remediation = begun(analyst, phish_rows)
    with pytest.raises(Killed):
        carry_out(remediation, DiesAfterActing(mailboxes, handed_over))
    done = carry_out(remediation, mailboxes)
    assert (done.status, done.moved, done.already, done.missing) == (RemediationStatus.COMPLETED, 4, 0, 0)
    assert {line.found_where for line in lines_of(done).values()} == {"INBOX"}
    assert len(events()) == 4
    assert list(where(ANN)) == ["Recoverable"]


def test_killed_after_erasing_the_next_run_says_deleted_not_missing(mailboxes, phish_rows, analyst, where, carry_out):
    remediation = begun(analyst, phish_rows, action="hard-delete")
    with pytest.raises(Killed):
        carry_out(remediation, DiesAfterActing(mailboxes))
    done = carry_out(remediation, mailboxes)
    assert (done.deleted, done.missing) == (4, 0)
    assert where(ANN) == {}
    assert {event["DeliveryLocation"] for event in events()} == {Folder.HARD_DELETED.value}
    assert len(events()) == 4


def test_killed_while_restoring_the_next_run_says_moved(mailboxes, phish_rows, analyst, where, carry_out):
    original = carry_out(begun(analyst, phish_rows), mailboxes)
    back = services.undo(by=analyst, remediation_id=original.pk, at=NOW)
    with pytest.raises(Killed):
        carry_out(back, DiesAfterActing(mailboxes))
    done = carry_out(back, mailboxes)
    assert (done.status, done.moved) == (RemediationStatus.COMPLETED, 4)
    assert list(where(BOB)) == ["INBOX"]
    assert len(events()) == 8


def test_undo_puts_back_folder_flags_and_date(mailboxes, dovecot, phish_rows, analyst, where, carry_out):
    with dovecot.login(ANN) as box:
        box.create_folder("Projects") if not box.folder_exists("Projects") else None
        box.select_folder("INBOX")
        uids = box.search(["HEADER", "Message-ID", f"<{PHISH}@elsewhere.example>"])
        box.add_flags(uids, [b"\\Flagged", b"\\Seen", b"$Important"])
        box.move(uids, "Projects")
    before = where(ANN)
    original = carry_out(begun(analyst, phish_rows), mailboxes)
    assert list(where(ANN)) == ["Recoverable"]
    undone = carry_out(services.undo(by=analyst, remediation_id=original.pk, at=NOW), mailboxes)
    assert undone.status == RemediationStatus.COMPLETED
    assert where(ANN) == before
    assert list(where(BOB)) == ["INBOX"]
    original.refresh_from_db()
    assert original.status == RemediationStatus.UNDONE
    latest = {event["RecipientEmailAddress"]: event for event in events() if event["Action"] == "Restored"}
    assert latest[ANN]["DeliveryLocation"] == Folder.INBOX.value


def test_every_copy_is_moved_and_every_copy_comes_back(mailboxes, dovecot, phish_rows, analyst, where, carry_out):
    with dovecot.login(BOB) as box:
        box.select_folder("INBOX")
        box.copy(box.search(["HEADER", "Message-ID", f"<{PHISH}@elsewhere.example>"]), "Trash")
    done = carry_out(begun(analyst, phish_rows), mailboxes)
    assert [len(copies) for copies in where(BOB).values()] == [2]
    assert lines_of(done)[BOB].found_where in {"INBOX, Trash", "Trash, INBOX"}
    carry_out(services.undo(by=analyst, remediation_id=done.pk, at=NOW), mailboxes)
    assert sorted(where(BOB)) == ["INBOX", "Trash"]


def test_what_the_person_removed_meanwhile_is_missing_and_the_lake_no_longer_claims_to_know(
    mailboxes, dovecot, phish_rows, analyst, carry_out
):
    with dovecot.login(CAT) as box:
        box.select_folder("INBOX")
        box.delete_messages(box.search(["HEADER", "Message-ID", f"<{PHISH}@elsewhere.example>"]))
        box.expunge()
    done = carry_out(begun(analyst, phish_rows), mailboxes)
    assert (done.status, done.moved, done.missing) == (RemediationStatus.COMPLETED, 3, 1)
    assert lines_of(done)[CAT].status == LineStatus.MISSING
    event = next(event for event in events() if event["RecipientEmailAddress"] == CAT)
    assert (event["ActionResult"], event["DeliveryLocation"]) == ("Not found", Folder.UNKNOWN.value)


def test_the_same_action_again_finds_every_message_already_there(mailboxes, phish_rows, analyst, carry_out):
    carry_out(begun(analyst, phish_rows), mailboxes)
    again = carry_out(begun(analyst, phish_rows, name="Again"), mailboxes)
    assert (again.status, again.already) == (RemediationStatus.COMPLETED, 4)
    assert lines_of(again)[ANN].why == ""
    assert len(events()) == 4


def test_a_mail_erased_within_the_hour_is_already_done_and_the_ledger_says_by_what(
    mailboxes, phish_rows, analyst, carry_out
):
    carry_out(begun(analyst, phish_rows, action="hard-delete"), mailboxes)
    LedgerLine.objects.update(at=NOW - timedelta(minutes=30))
    again = carry_out(begun(analyst, phish_rows, action="hard-delete", name="Again"), mailboxes)
    settled = lines_of(again)
    assert {line.status for line in settled.values()} <= {LineStatus.ALREADY, LineStatus.SKIPPED}
    assert all("Purge the phish" in line.why for line in settled.values() if line.status == LineStatus.ALREADY)


def test_a_mail_somebody_put_back_within_the_hour_is_moved_again(
    mailboxes, dovecot, phish_rows, analyst, where, carry_out
):
    carry_out(begun(analyst, phish_rows), mailboxes)
    with dovecot.admin(BOB) as box:
        box.select_folder("Recoverable")
        box.move(box.search(["HEADER", "Message-ID", f"<{PHISH}@elsewhere.example>"]), "INBOX")
    again = carry_out(begun(analyst, phish_rows, name="Again"), mailboxes)
    assert (again.moved, again.already) == (1, 3)
    assert list(where(BOB)) == ["Recoverable"]


def test_after_an_undo_the_same_action_is_done_again_at_once(mailboxes, phish_rows, analyst, where, carry_out):
    first = carry_out(begun(analyst, phish_rows), mailboxes)
    carry_out(services.undo(by=analyst, remediation_id=first.pk, at=NOW), mailboxes)
    again = carry_out(begun(analyst, phish_rows, name="Again"), mailboxes)
    assert again.moved == 4
    assert list(where(ANN)) == ["Recoverable"]


def test_one_mailbox_that_does_not_exist_fails_alone_and_a_retry_tries_only_that(
    mailboxes, dovecot, analyst, carry_out, db
):
    from watchfloor.lake import services as lake_services
    from watchfloor.response.contracts import Row

    row = {
        "Timestamp": NOW,
        "NetworkMessageId": PHISH,
        "InternetMessageId": f"<{PHISH}@elsewhere.example>",
        "LatestDeliveryLocation": "Inbox/folder",
    }
    people = (ANN, "new@corp.example")
    lake_services.append("EmailEvents", [{**row, "RecipientEmailAddress": who, "ReportId": who} for who in people])
    remediation = begun(analyst, Targets(rows=tuple(Row(PHISH, who) for who in people)))
    done = carry_out(remediation, mailboxes)
    assert (done.status, done.moved, done.failed) == (RemediationStatus.COMPLETED, 1, 1)
    assert lines_of(done)["new@corp.example"].why
    services.retry(by=analyst, remediation_id=done.pk)
    before = lines_of(done)[ANN].at
    again = carry_out(done, mailboxes)
    assert (again.run, again.moved, again.failed) == (2, 1, 1)
    assert lines_of(again)[ANN].at == before
    assert len(events()) == 1


def test_a_stop_is_heard_between_batches_and_a_retry_goes_on(mailboxes, phish_rows, analyst, carry_out):
    remediation = begun(analyst, phish_rows)

    class Stopping:
        def __getattr__(self, name):
            return getattr(mailboxes, name)

        def move(self, targets, *, to):
            Remediation.objects.update(status=RemediationStatus.IN_PROGRESS)
            services.stop(by=analyst, remediation_id=remediation.pk, reason="wrong mail")
            return mailboxes.move(targets, to=to)

    stopped = carry_out(remediation, Stopping(), size=1)
    assert (stopped.status, stopped.moved, stopped.counts.pending) == (RemediationStatus.STOPPED, 1, 3)
    services.retry(by=analyst, remediation_id=stopped.pk)
    done = carry_out(stopped, mailboxes)
    assert (done.status, done.moved) == (RemediationStatus.COMPLETED, 4)


def test_a_mail_server_that_is_away_leaves_every_line_pending(mailboxes, dovecot, phish_rows, analyst, carry_out):
    from dataclasses import replace

    away = replace(mailboxes, endpoint=replace(mailboxes.endpoint, port=1))
    remediation = begun(analyst, phish_rows)
    with pytest.raises(Unreachable):
        carry_out(remediation, away)
    remediation.refresh_from_db()
    assert (remediation.counts.pending, remediation.failed) == (4, 0)


@pytest.mark.parametrize("first", [1, 1000])
def test_two_emails_with_one_message_id_are_one_copy_in_the_mailbox_and_both_lines_say_so(
    mailboxes, phish_rows, analyst, carry_out, monkeypatch, first
):
    monkeypatch.setattr(pending, "FIRST", first)
    if first == 1:  # as when a job goes on with lines that another run made
        monkeypatch.setattr(pending, "numbered", lambda made, stored: [])
    from watchfloor.lake import services as lake_services
    from watchfloor.response.contracts import Row

    twin = "33333333-3333-4333-8333-333333333333"
    row = {"InternetMessageId": f"<{PHISH}@elsewhere.example>", "LatestDeliveryLocation": "Inbox/folder"}
    lake_services.append(
        "EmailEvents",
        [{**row, "Timestamp": NOW, "NetworkMessageId": twin, "RecipientEmailAddress": ANN, "ReportId": "twin"}],
    )
    both = Targets(rows=(Row(PHISH, ANN), Row(twin, ANN)))
    done = carry_out(begun(analyst, both), mailboxes)
    assert done.moved == 2


def arrives_late(remediation):
    LedgerLine.objects.create(
        remediation=remediation, network_message_id=CLEAN, recipient=ANN, message_id=f"<{CLEAN}@none>"
    )
    Remediation.objects.filter(pk=remediation.pk).update(total=5)


def test_a_line_that_comes_right_behind_the_freeze_is_in_its_batch(
    mailboxes, phish_rows, analyst, where, carry_out, monkeypatch
):
    """The lines made a moment ago are taken as they were made, unless there is one more."""
    real = engine.freeze

    def freeze(remediation, **more):
        real(remediation, **more)
        if not LedgerLine.objects.filter(network_message_id=CLEAN).exists():
            arrives_late(remediation)

    monkeypatch.setattr(engine, "freeze", freeze)
    done = carry_out(begun(analyst, phish_rows), mailboxes)
    assert (done.total, done.moved, done.missing) == (5, 4, 1)
    for person in (ANN, BOB, CAT, DAN):
        assert list(where(person)) == ["Recoverable"]


def test_lines_read_while_the_first_are_looked_for_are_dealt_with_once(
    mailboxes, phish_rows, analyst, where, carry_out, monkeypatch
):
    """A late arrival that sorts before the first ones comes between the two readings; its turn is the next batch."""
    monkeypatch.setattr(pending, "FIRST", 2)
    real = engine.next_lines

    def next_lines(remediation, made, size):
        parts = real(remediation, [], size)
        first = next(parts)
        yield first
        arrives_late(remediation)
        monkeypatch.setattr(engine, "next_lines", real)
        read = next(parts)
        assert [line.recipient for line in (*first, *read)] == [ANN, BOB, CAT], "a batch of three"
        yield read

    monkeypatch.setattr(engine, "next_lines", next_lines)
    done = carry_out(begun(analyst, phish_rows), mailboxes)
    assert (done.total, done.moved, done.missing) == (5, 4, 1)
    assert sorted(event["ActionResult"] for event in events()) == ["Not found", *["Success"] * 4]
    for person in (ANN, BOB, CAT, DAN):
        assert list(where(person)) == ["Recoverable"]


def test_copies_are_looked_for_while_the_ledger_is_written_and_each_once(
    mailboxes, phish_rows, analyst, where, carry_out, monkeypatch
):
    """Nothing is changed before the ledger names everything; but nothing waits for it either."""
    looked, asked, real = threading.Event(), [], freezing.insert_lines

    class Watched(DiesAfterActing):
        def find(self, targets):
            asked.extend(targets)
            looked.set()
            return self.real.find(targets)

        def move(self, targets, *, to):
            assert LedgerLine.objects.count() == len(PEOPLE)
            return self.real.move(targets, to=to)

    def insert_lines(lines):
        assert looked.wait(timeout=20), "the search begins before the lines are written"
        real(lines)

    monkeypatch.setattr(freezing, "insert_lines", insert_lines)
    done = carry_out(begun(analyst, phish_rows), Watched(mailboxes), size=100)
    assert (done.total, done.moved) == (4, 4)
    assert sorted(target.mailbox for target in asked) == list(PEOPLE)
    for person in PEOPLE:
        assert list(where(person)) == ["Recoverable"]


def test_the_counters_always_equal_the_ledger(mailboxes, phish_rows, analyst, carry_out):
    done = carry_out(begun(analyst, phish_rows), mailboxes)
    tally = {status: LedgerLine.objects.filter(remediation=done, status=status).count() for status in LineStatus}
    assert dict(done.counts) == tally


def test_restore_chosen_by_hand_finds_where_watchfloor_took_the_message_from(
    mailboxes, phish_rows, analyst, where, carry_out
):
    carry_out(begun(analyst, phish_rows), mailboxes)
    done = carry_out(begun(analyst, phish_rows, action="restore", name="Put back"), mailboxes)
    assert done.moved == 4
    assert list(where(DAN)) == ["INBOX"]


def test_outcomes_of_many_copies_are_told_together_and_the_worst_counts():
    from watchfloor.connectors.contracts import ActionOutcome, Located

    line = LedgerLine(before=[{"path": "INBOX"}], verified=True)
    here = Located(ANN, "Recoverable", 1, 1, "<x>")
    moved = ActionOutcome(ANN, "moved", after=here, verified=True)
    failed = ActionOutcome(ANN, "failed", why="quota")
    assert engine.result_of(line, [moved, failed], erases=False) == (LineStatus.FAILED, "quota")
    assert engine.result_of(line, [ActionOutcome(ANN, "missing")], erases=True)[0] == LineStatus.DELETED
    already = ActionOutcome(ANN, "already", after=here, verified=True)
    assert engine.result_of(line, [already], erases=False)[0] == LineStatus.MOVED
    line.before = [{"path": "Recoverable"}]
    assert engine.result_of(line, [already], erases=False)[0] == LineStatus.ALREADY
    line.verified = False
    assert engine.result_of(line, [moved], erases=False)[0] == LineStatus.FAILED
