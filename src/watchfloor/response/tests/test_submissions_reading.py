"""Reports out of accepted mail: found, matched, judged, told to the lake, answered."""

import pytest

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.connectors.models import Accepted, Connection, Outgoing
from watchfloor.connectors.services import accept
from watchfloor.kernel.clock import utc_now
from watchfloor.lake import selectors as lake
from watchfloor.lake.services import leave_unfiltered
from watchfloor.response.submissions import apart, reading
from watchfloor.response.submissions.models import ReportGroup, UserReport
from watchfloor.response.submissions.policy import change, report_addresses
from watchfloor.response.submissions.reading import READER, read_reports, settle_waiting
from watchfloor.response.tests.submitted import PHISH, events, forwarded, ingest, known_mail, report_with
from watchfloor.response.tests.test_submissions_formats import OUTLOOK
from watchfloor.runtime.services import move_cursor

pytestmark = pytest.mark.django_db


EVERYTHING = system_actor("test", *Permission)


@pytest.fixture
def reporting(db, monkeypatch):
    """A report mailbox and a report folder are named, and mail can be sent. Reports are read in this process, to be quick."""
    monkeypatch.setattr(reading, "read_apart", lambda raw, what="report": apart.read(raw, what=what, now=utc_now()))
    settings = {"host": "127.0.0.1", "port": "25", "from_address": "soc@corp.example", "security": "none"}
    at = utc_now()
    Connection.objects.create(name="out", kind="smtp_out", settings=settings, created_at=at, changed_at=at)
    set_up(addresses=["Phish@corp.example"], folders=["Report phish"])
    leave_unfiltered(report_addresses)
    known_mail(PHISH.replace(b"bait-1", b"first").replace(b"password", b"parcel"), to="zoe@corp.example")
    read_reports(now=utc_now())  # begins here
    yield
    leave_unfiltered(frozenset)


def set_up(*, addresses, folders=()):
    change(
        by=EVERYTHING,
        addresses=addresses,
        folders=folders,
        answer_at_once=True,
        answer_verdict=True,
        language="en",
        now=utc_now(),
    )


def report(raw: bytes, **more) -> None:
    """A mail reaches the report mailbox, and the worker goes round."""
    accept(raw, source="mx", received_at=utc_now(), recipients=["phish@corp.example"], facts={"door": "milter"}, **more)
    work()


def work() -> None:
    for _ in range(3):
        ingest()
        read_reports(now=utc_now())
        settle_waiting(now=utc_now())


def test_an_attached_original_is_the_mail_we_know(reporting):
    mail = known_mail(PHISH, to="ann@corp.example")
    report(report_with(PHISH))
    one = UserReport.objects.get()
    assert (one.network_message_id, one.matched_by, one.reason) == (mail, "its content", "Phish")
    assert one.verdict_at
    assert one.reporter == "ann@corp.example"


def test_an_original_written_anew_by_the_add_in_is_known_by_message_id_sender_and_subject(reporting):
    mail = known_mail(PHISH, to="ann@corp.example")
    report(report_with(PHISH.replace(b"full. ", b"full.  ")))
    assert UserReport.objects.get().network_message_id == mail


def test_somebody_elses_message_id_over_another_mail_does_not_borrow_its_verdict(reporting):
    mail = known_mail(PHISH, to="ann@corp.example")
    report(report_with(PHISH.replace(b"boss@bad.example", b"other@worse.example")))
    one = UserReport.objects.get()
    assert one.network_message_id not in ("", mail)
    assert one.matched_by == "taken in with the report"


def test_an_unknown_original_is_taken_in_and_judged(reporting):
    report(report_with(PHISH))
    one = UserReport.objects.get()
    assert one.verdict_at
    assert one.taken
    row = next(row for row in events("EmailEvents") if row["NetworkMessageId"] == one.network_message_id)
    assert (row["Connectors"], row["RecipientEmailAddress"]) == ("user report", "ann@corp.example")


def test_an_inline_forward_is_matched_by_who_got_what_when(reporting):
    raw = PHISH.replace(b"Date: Fri, 20 Nov 2026 09:00", b"Date: Fri, 20 Nov 2026 10:00")
    mail = known_mail(raw, to="ann@corp.example")
    report(forwarded(OUTLOOK.replace("November 20, 2026", f"{utc_now():%B %d, %Y}")))
    one = UserReport.objects.get()
    assert one.network_message_id == mail
    assert one.comment == "I did not order this."


def test_an_inline_forward_of_an_unknown_mail_is_rebuilt_and_judged(reporting):
    report(forwarded(OUTLOOK))
    one = UserReport.objects.get()
    assert one.matched_by == "rebuilt from what was quoted"
    assert one.verdict_at


def test_a_mail_moved_to_the_folder_is_a_report_of_the_mailboxs_owner(reporting):
    mail = known_mail(PHISH, to="ann@corp.example")
    facts = {"door": "imap", "delivered_to": "ann@corp.example", "path": "INBOX.Report phish"}
    for _ in range(2):  # numbered anew by the server, it is read twice
        accept(PHISH, source="imap", received_at=utc_now(), recipients=["ann@corp.example"], facts=facts)
    work()
    one = UserReport.objects.get()
    assert (one.via, one.reporter, one.network_message_id) == ("Report folder", "ann@corp.example", mail)
    assert one.subject == "Your password ends today"


def test_reports_of_one_mail_are_one_card(reporting):
    known_mail(PHISH, to="ann@corp.example")
    for who in ("ann", "bob", "cat", "ann"):
        report(report_with(PHISH, by=f"{who}@corp.example", X_Number=str(UserReport.objects.count())))
    group = ReportGroup.objects.get()
    assert (group.reports, group.reporters) == (4, 3)


def test_two_originals_in_one_report_are_two_cards(reporting):
    other = PHISH.replace(b"bait-1", b"bait-2").replace(
        b"Your mailbox is full. Verify your account", b"Lunch at noon? Bring"
    )
    known_mail(PHISH, to="ann@corp.example")
    report(report_with(PHISH, other))
    assert UserReport.objects.count() == 2


def test_the_reporting_mail_is_no_threat_that_was_delivered(reporting):
    report(report_with(PHISH))
    row = next(row for row in events("EmailEvents") if row["RecipientEmailAddress"] == "phish@corp.example")
    assert list(lake.values_of(row, "ThreatTypes")) == []
    assert row["PrimaryOverrideSource"] == "SecOps mailbox"
    assert not row["EmailClusterId"]


def test_the_lake_hears_of_the_report(reporting):
    mail = known_mail(PHISH, to="ann@corp.example")
    report(report_with(PHISH))
    [cloud] = events("CloudAppEvents")
    assert (cloud["ActionType"], cloud["ObjectId"], cloud["AccountId"]) == ("UserSubmission", mail, "ann@corp.example")
    [event] = [row for row in events("EmailPostDeliveryEvents") if row["ActionType"] == "User reported"]
    assert (event["Action"], event["NetworkMessageId"]) == ("Reported as phish", mail)
    assert lake.email(mail).rows[0]["LatestDeliveryLocation"] == "Inbox/folder", "a report moves nothing"


def test_the_reporter_hears_our_own_verdict_at_once(reporting):
    known_mail(PHISH, to="ann@corp.example")
    report(report_with(PHISH))
    [mail] = Outgoing.objects.all()
    assert mail.to == ["ann@corp.example"]
    assert b"Auto-Submitted: auto-generated" in bytes(mail.raw)


def test_the_answer_speaks_the_reporters_language(reporting):
    report(report_with(PHISH, Accept_Language="de-DE, en-US"))
    assert "Ihre Meldung" in Outgoing.objects.get().subject


def test_mail_of_strangers_to_the_report_mailbox_is_no_report(reporting):
    report(report_with(PHISH, by="stranger@outside.example"))
    assert not UserReport.objects.exists()
    assert not Outgoing.objects.exists()
    assert not any(row["Connectors"] == "user report" for row in events("EmailEvents"))


def test_a_report_in_somebody_elses_name_brings_no_mail_in_and_no_alert(reporting):
    forged = "mx.corp.example; spf=fail; dmarc=fail header.from=corp.example"
    report(report_with(PHISH, Authentication_Results=forged))
    one = UserReport.objects.get()
    assert (one.state, one.taken) == ("Not found", None)
    assert "DMARC failed" in one.trouble
    assert not Outgoing.objects.exists()
    assert not events("CloudAppEvents")


def test_a_vacation_notice_is_no_report_and_a_machines_report_is_not_answered(reporting):
    report(forwarded("I am away.", subject="Away").replace(b"To:", b"Auto-Submitted: auto-replied\r\nTo:", 1))
    assert not UserReport.objects.exists()
    report(report_with(PHISH, Auto_Submitted="auto-generated"))
    assert UserReport.objects.get().no_answer == "a machine sent the report"


def test_a_report_that_brings_nothing_stands_in_the_queue_with_the_reason(reporting):
    report(forwarded("Something is odd today.", subject="Help"))
    one = UserReport.objects.get()
    assert one.state == "Not found"
    assert one.group is not None
    assert "neither attached" in one.group.explanation


def test_the_same_reporting_mail_through_two_doors_is_one_report(reporting):
    for _ in range(2):
        report(report_with(PHISH))
    assert UserReport.objects.count() == 1


def test_who_was_killed_after_reading_reads_nothing_twice(reporting):
    known_mail(PHISH, to="ann@corp.example")
    report(report_with(PHISH))
    move_cursor(READER, position=1)
    work()
    assert UserReport.objects.count() == 1
    assert Outgoing.objects.count() == 1


def test_who_was_killed_before_the_verdict_tells_it_afterwards(reporting):
    known_mail(PHISH, to="ann@corp.example")
    report(report_with(PHISH))
    Outgoing.objects.all().delete()
    UserReport.objects.update(verdict_at=None)
    work()
    assert UserReport.objects.get().verdict_at
    assert Outgoing.objects.count() == 1


def test_a_null_character_in_strangers_words_is_kept_by_no_database(reporting):
    report(report_with(PHISH.replace(b"ends today", b"=?utf-8?q?=00=ED=A0=80?= ends")))
    assert "\0" not in UserReport.objects.get().subject
    assert "\0" not in ReportGroup.objects.get().subject


def test_mail_of_before_the_setting_is_no_report(db):
    accept(report_with(PHISH), source="mx", received_at=utc_now(), recipients=["phish@corp.example"])
    work()
    set_up(addresses=["phish@corp.example"])
    work()
    assert not UserReport.objects.exists()
    assert Accepted.objects.count() == 1
