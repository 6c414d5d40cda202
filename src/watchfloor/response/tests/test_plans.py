"""What one run of the wizard does beside moving mail: the sender's copy, copies sent on, who opened it, judgement, entries."""

from datetime import UTC, datetime, timedelta

import pytest

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import actor_of
from watchfloor.detection.selectors import findings_after
from watchfloor.intelligence.contracts import Effect
from watchfloor.intelligence.models import Entry, Label
from watchfloor.kernel.errors import BadInput, Conflict, Forbidden
from watchfloor.lake import services as lake
from watchfloor.response import services
from watchfloor.response.catalogue import action_of
from watchfloor.response.contracts import Beside, EntryWish, LineStatus, RemediationStatus, Row, Targets
from watchfloor.response.dry_run import dry_run
from watchfloor.response.freezing import freeze
from watchfloor.response.models import LedgerLine, Remediation
from watchfloor.response.progress import begin, finish
from watchfloor.response.submissions.contracts import Said
from watchfloor.response.submissions.models import Submission
from watchfloor.response.submitting import carry_out_entries, work_submissions
from watchfloor.response.tests.conftest import NOW, PEOPLE, PHISH, email_row, raw_of

TWO = Targets(rows=(Row(PHISH, "ann@corp.example"), Row(PHISH, "bob@corp.example")))
BAD = EntryWish("domain", "evil.example", life="30")


def begun(by, **more):
    facts = {"name": "Purge", "reason": "phish", "action": "soft-delete", "targets": TWO, "at": NOW, **more}
    return services.start(by=by, **facts)


def clock():
    return NOW + timedelta(minutes=1)


def submitted(remediation):
    """What the job does for a submission."""
    remediation = begin(remediation.pk, now=NOW)
    carry_out_entries(remediation, effect=Effect.BLOCK, now=NOW)
    freeze(remediation, now=NOW)
    while work_submissions(remediation, clock=clock, size=1):
        pass
    carry_out_entries(remediation, effect=Effect.ALLOW, now=NOW)
    return finish(remediation.pk, now=NOW)


@pytest.fixture
def known(db):
    """The phish known to the register, as an inspected mail is."""
    import watchfloor.lake.jobs  # noqa: F401  # registers the tick
    from watchfloor.connectors.services import accept
    from watchfloor.runtime.services import run_ticks

    mail = accept(raw_of(PHISH), source="test", received_at=NOW, recipients=("ann@corp.example", "bob@corp.example"))
    run_ticks("lake.ingest")
    from watchfloor.lake.models import Email

    assert mail.position
    return Email.objects.get().network_message_id


@pytest.fixture
def internal(db):
    """A mail Ann sent to Bob and to somebody outside."""
    facts = {"SenderFromAddress": "ann@corp.example", "EmailDirection": "Intra-org"}
    lake.append("EmailEvents", [email_row(PHISH, "bob@corp.example", **facts)])
    return Targets(rows=(Row(PHISH, "bob@corp.example"),), sender_copy=True)


def test_the_senders_copy_goes_too_and_an_undo_puts_it_back_into_sent(
    analyst, internal, dovecot, mailboxes, where, carry_out
):
    with dovecot.admin("ann@corp.example") as box:
        box.select_folder("INBOX")
        box.delete_messages(box.search("ALL"))
        box.expunge()
        if not box.folder_exists("Sent"):
            box.create_folder("Sent")
        box.append("Sent", raw_of(PHISH), flags=[b"\\Seen"], msg_time=NOW)
    assert dry_run(action_of("soft-delete"), internal, now=NOW).senders == 1
    done = carry_out(begun(analyst, targets=internal), mailboxes)
    assert done.status == RemediationStatus.COMPLETED
    assert list(where("ann@corp.example")) == list(where("bob@corp.example")) == ["Recoverable"]
    line = done.lines.get(recipient="ann@corp.example")
    assert (line.found_where, line.because, line.opened) == ("Sent", "The sender's own copy", True)
    assert done.sentence == "1 chosen message, and the sender's copy"
    undone = carry_out(services.undo(by=analyst, remediation_id=done.pk, at=NOW), mailboxes)
    assert undone.status == RemediationStatus.COMPLETED
    assert list(where("ann@corp.example")) == ["Sent"]
    assert where("ann@corp.example")["Sent"][0][0] == ["\\Seen"]
    done.refresh_from_db()
    assert done.status == RemediationStatus.UNDONE


def test_mail_from_outside_has_no_senders_copy(analyst, mails, carry_out):
    one = begun(analyst, targets=Targets(rows=TWO.rows, sender_copy=True))
    freeze(one, now=NOW)
    assert sorted(one.lines.values_list("recipient", flat=True)) == ["ann@corp.example", "bob@corp.example"]


def test_the_ledger_says_who_had_opened_it(analyst, phish_rows, dovecot, mailboxes, carry_out):
    with dovecot.admin("bob@corp.example") as box:
        box.select_folder("INBOX")
        box.add_flags(box.search(["SUBJECT", "password"]), [b"\\Seen"])
    with dovecot.admin("cat@corp.example") as box:
        box.select_folder("INBOX")
        box.delete_messages(box.search(["SUBJECT", "password"]))
        box.expunge()
    done = carry_out(begun(analyst, targets=phish_rows), mailboxes)
    opened = dict(done.lines.values_list("recipient", "opened"))
    assert opened == dict(zip(PEOPLE, (False, True, None, False), strict=True))


def test_one_line_is_undone_by_itself_and_the_rest_later(analyst, phish_rows, mailboxes, where, carry_out):
    done = carry_out(begun(analyst, targets=phish_rows), mailboxes)
    one = services.undo(by=analyst, remediation_id=done.pk, rows=[Row(PHISH, PEOPLE[0])], at=NOW)
    assert (one.expected, one.sentence) == (1, "1 of what “Purge” moved")
    carry_out(one, mailboxes)
    assert [list(where(person)) for person in PEOPLE[:2]] == [["INBOX"], ["Recoverable"]]
    done.refresh_from_db()
    assert done.status == RemediationStatus.COMPLETED
    with pytest.raises(Conflict, match="undone already"):
        services.undo(by=analyst, remediation_id=done.pk, rows=[Row(PHISH, PEOPLE[0])], at=NOW)
    with pytest.raises(Conflict, match="no such message"):
        services.undo(by=analyst, remediation_id=done.pk, rows=[Row(PHISH, "who@corp.example")], at=NOW)
    rest = carry_out(services.undo(by=analyst, remediation_id=done.pk, at=NOW), mailboxes)
    assert (rest.total, rest.moved) == (3, 3)
    done.refresh_from_db()
    assert done.status == RemediationStatus.UNDONE


def test_mail_a_person_filed_into_an_archive_is_found_there_and_goes_back_there(
    analyst, phish_rows, dovecot, mailboxes, where, carry_out
):
    with dovecot.admin("ann@corp.example") as box:
        if not box.folder_exists("Archive"):
            box.create_folder("Archive")
        box.select_folder("INBOX")
        box.move(box.search(["SUBJECT", "password"]), "Archive")
    done = carry_out(begun(analyst, targets=phish_rows), mailboxes)
    assert done.lines.get(recipient="ann@corp.example").found_where == "Archive"
    assert list(where("ann@corp.example")) == ["Recoverable"]
    carry_out(services.undo(by=analyst, remediation_id=done.pk, at=NOW), mailboxes)
    assert list(where("ann@corp.example")) == ["Archive"]


def test_copies_sent_on_are_part_of_a_whole_query_once(analyst, mails):
    lake.append("EmailEvents", [email_row("33333333-3333-4333-8333-333333333333", "dan@corp.example")])
    also = (Row("33333333-3333-4333-8333-333333333333", "dan@corp.example"), Row(PHISH, "ann@corp.example"))
    one = begun(analyst, targets=Targets(rows=TWO.rows, also=also))
    assert (one.expected, one.sentence) == (3, "2 chosen messages, and 2 copies sent on inside the organisation")
    freeze(one, now=NOW)
    because = dict(one.lines.values_list("recipient", "because"))
    assert because["dan@corp.example"] == "Sent on inside the organisation"
    assert one.total == 3


def test_a_judgement_is_said_once_of_each_mail_and_the_ledger_has_a_line_for_each_mailbox(known, ada):
    by = actor_of(ada)
    targets = Targets(rows=(Row(known, "ann@corp.example"), Row(known, "bob@corp.example")))
    one = begun(by, action="submit", targets=targets, beside=Beside(Said.PHISH, "asks for passwords"))
    done = submitted(one)
    assert (done.status, done.changed, done.already) == (RemediationStatus.COMPLETED, 2, 0)
    label = Label.objects.get()
    assert (label.kind, label.note, label.by) == ("false_negative", "asks for passwords", "Ada")
    assert Submission.objects.count() == 1
    done.lines.update(status="pending")
    submitted(done)
    assert (Submission.objects.count(), Label.objects.count()) == (1, 1)


def test_what_nobody_may_say_any_more_fails_in_words(known, ada, proposer):
    one = begun(
        proposer,
        action="submit",
        targets=Targets(rows=(Row(known, "ann@corp.example"),)),
        beside=Beside(Said.SPAM),
    )
    done = submitted(one)
    assert done.failed == 1
    assert Label.objects.count() == 0


def test_values_are_blocked_first_and_each_says_what_became_of_it(mails, max, ada):
    by = actor_of(max)
    wishes = (BAD, EntryWish("sender", "evil@evil.example"), EntryWish("url", "not a url at all \n"))
    done = submitted(begun(by, action="submit", beside=Beside(entries=wishes)))
    assert done.status == RemediationStatus.COMPLETED
    assert (done.total, Label.objects.count()) == (0, 0)
    assert sorted(Entry.objects.values_list("value", flat=True)) == ["evil.example", "evil@evil.example"]
    became = [entry["became"] for entry in done.entries]
    assert became[:2] == ["Made", "Made"]
    assert became[2].startswith("Not made: ")
    again = submitted(begun(by, action="submit", beside=Beside(entries=(BAD,))))
    assert again.entries[0]["became"] == "There is one already"
    assert carry_out_entries(again, effect=Effect.BLOCK, now=NOW) == 0


def test_a_clean_mail_is_said_to_be_clean_before_its_sender_is_allowed(known, max):
    wish = EntryWish("sender", "it-support@elsewhere.example", effect="allow", life="1")
    targets = Targets(rows=(Row(known, "ann@corp.example"),))
    done = submitted(begun(actor_of(max), action="submit", targets=targets, beside=Beside(Said.CLEAN, entries=(wish,))))
    assert done.entries[0]["became"] == "Made"
    assert Entry.objects.get().effect == "allow"


def test_blocking_values_needs_the_right_to_tune(mails, analyst, proposer):
    narrow = type(analyst)(
        analyst.id, analyst.name, frozenset({Permission.EMAIL_ACTION_MANAGE, Permission.EMAIL_ACTION_PROPOSE})
    )
    with pytest.raises(Forbidden):
        begun(narrow, action="submit", beside=Beside(entries=(BAD,)))
    waiting = services.propose(
        by=proposer, name="Block", reason="", action="submit", targets=TWO, beside=Beside(entries=(BAD,)), at=NOW
    )
    assert waiting.status == RemediationStatus.PENDING
    with pytest.raises(Forbidden):
        services.approve(by=narrow, remediation_id=waiting.pk, at=NOW)


def test_a_person_who_acts_raises_an_informational_alert_and_nobody_else(mails, analyst, proposer):
    one = begun(analyst, incident_id="7")
    (found,) = findings_after(0, limit=10)
    assert (found.title, found.severity, found.incident) == (
        "Administrative action submitted by an Administrator", "informational", 7,
    )  # fmt: skip
    assert one.approval_id in found.description
    assert {item.value for item in found.evidence} == {PHISH, "ann@corp.example", "bob@corp.example"}
    services.propose(by=proposer, name="Later", reason="", action="soft-delete", targets=TWO, at=NOW)
    assert len(findings_after(0, limit=10)) == 1


def test_a_reason_is_demanded_where_the_policy_says_so(mails, analyst, max):
    services.change_policy(by=actor_of(max), reason_required=True)
    with pytest.raises(BadInput, match="give a reason") as refused:
        begun(analyst, reason="  ")
    assert refused.value.place == "reason"
    assert begun(analyst, reason="phish").status == RemediationStatus.STARTED


def test_an_action_may_have_its_own_number_above_which_two_decide(mails, analyst, max):
    services.change_policy(by=actor_of(max), second_person_by_action={"hard-delete": 1})
    assert begun(analyst, action="hard-delete").status == RemediationStatus.PENDING
    assert begun(analyst).status == RemediationStatus.STARTED
    with pytest.raises(BadInput):
        services.change_policy(by=actor_of(max), second_person_by_action={"no-such": 1})


def test_saying_something_of_mail_needs_nobody_else_and_counts_for_nothing(mails, analyst, max):
    services.change_policy(by=actor_of(max), second_person_over=3)
    assert begun(analyst, action="submit", beside=Beside(Said.PHISH)).status == RemediationStatus.STARTED
    assert begun(analyst, action="submit", beside=Beside(Said.PHISH)).status == RemediationStatus.STARTED
    assert begun(analyst).status == RemediationStatus.STARTED


def test_every_remediation_of_one_run_bears_the_same_plan(mails, analyst):
    made = services.start_plan(
        by=analyst, name="Campaign", reason="phish", action="soft-delete", targets=TWO,
        beside=Beside(Said.PHISH, late_days=7), at=NOW,
    )  # fmt: skip
    assert [one.action for one in made] == ["soft-delete", "submit"]
    assert len({one.plan for one in Remediation.objects.all()}) == 1
    assert [one.late_days for one in made] == [7, 0]
    assert [one.judgement for one in made] == ["", "phish"]
    with pytest.raises(BadInput):
        services.start_plan(by=analyst, name="Nothing", reason="", action="", targets=TWO, at=NOW)


def test_a_plan_is_made_whole_or_not_at_all(mails, analyst):
    with pytest.raises(BadInput):
        services.start_plan(
            by=analyst, name="Campaign", reason="", action="soft-delete", targets=TWO,
            beside=Beside(Said.PHISH, late_days=1000), at=NOW,
        )  # fmt: skip
    assert not Remediation.objects.exists()
    assert not LedgerLine.objects.filter(status=LineStatus.PENDING.value).exists()
    assert datetime.now(UTC) > NOW
