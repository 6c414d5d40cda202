"""Reports against whoever forges, borrows or floods."""

import pytest

from watchfloor.connectors.models import Accepted, Outgoing
from watchfloor.connectors.services import accept
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.history import times_met
from watchfloor.response.submissions import reading
from watchfloor.response.submissions.models import ReportGroup, UserReport
from watchfloor.response.tests.submitted import PHISH, ingest, known_mail, report_with
from watchfloor.response.tests.test_submissions_reading import report, reporting, work  # noqa: F401  # a fixture

pytestmark = pytest.mark.django_db
BODY = b"Your mailbox is full. Verify your account within 24 hours: https://login.bad.example/now\r\n"
HAM = PHISH.replace(BODY, b"The canteen is closed on Friday.\r\n")


@pytest.fixture(autouse=True)
def ours(settings):
    import dataclasses

    settings.WATCHFLOOR = dataclasses.replace(settings.WATCHFLOOR, own_domains="corp.example")


def test_a_report_from_outside_that_nothing_authenticates_is_nobodys(reporting):  # noqa: F811
    report(report_with(PHISH), client_ip="203.0.113.9")
    one = UserReport.objects.get()
    assert (one.state, one.taken) == ("Not found", None)
    assert "nothing proves" in one.trouble
    assert not Outgoing.objects.exists()


def test_a_report_from_outside_that_is_authenticated_counts(reporting, settings):  # noqa: F811
    import dataclasses

    settings.WATCHFLOOR = dataclasses.replace(settings.WATCHFLOOR, authserv_ids="mx.corp.example")
    proof = "mx.corp.example; spf=pass smtp.mailfrom=corp.example; dmarc=pass header.from=corp.example"
    known_mail(PHISH, to="ann@corp.example")
    report(report_with(PHISH, Authentication_Results=proof), client_ip="203.0.113.9")
    assert UserReport.objects.get().state == "Matched"


def test_a_flood_of_forged_reports_is_one_card_a_day(reporting):  # noqa: F811
    for number in range(5):
        report(report_with(PHISH, by=f"ann{number}@corp.example"), client_ip="203.0.113.9")
    assert UserReport.objects.count() == 5
    assert ReportGroup.objects.get().reports == 5
    assert not Accepted.objects.filter(source="user report").exists()


def test_one_reporter_cannot_flood_the_lake_or_a_mailbox(reporting, monkeypatch):  # noqa: F811
    monkeypatch.setattr(reading, "MOST_A_DAY", 3)
    for number in range(6):
        report(report_with(PHISH.replace(b"bait-1", b"bait-%d" % number), subject=f"3|{number}"))
    assert Accepted.objects.filter(source="user report").count() == 3
    assert Outgoing.objects.count() == 3
    assert ReportGroup.objects.exclude(network_message_id="").count() + 1 >= ReportGroup.objects.count()
    assert "within a day" in UserReport.objects.latest("pk").trouble


def test_of_two_mails_with_one_message_id_the_report_means_the_one_its_reporter_got(reporting):  # noqa: F811
    ham = known_mail(HAM, to="zoe@corp.example")
    phish = known_mail(PHISH, to="ann@corp.example")
    assert ham != phish
    report(report_with(PHISH.replace(b"\r\n\r\n", b"\r\nX-Rewritten: yes\r\n\r\n<p>", 1)))
    assert UserReport.objects.get().network_message_id == phish


def test_a_report_of_somebody_who_got_neither_is_judged_by_itself(reporting):  # noqa: F811
    known = {known_mail(HAM, to="zoe@corp.example"), known_mail(PHISH, to="bob@corp.example")}
    report(report_with(PHISH.replace(b"\r\n\r\n", b"\r\nX-Rewritten: yes\r\n\r\n<p>", 1)))
    one = UserReport.objects.get()
    assert one.taken
    assert one.network_message_id not in known


def test_mail_within_mail_sixty_deep_ends_in_few_reports(reporting):  # noqa: F811
    nested = PHISH
    for depth in range(60):
        nested = report_with(nested, subject=f"deep {depth}").replace(b"edge", b"edge%d" % depth)
    accept(
        report_with(nested), source="mx", received_at=utc_now(), recipients=["phish@corp.example"], facts={"door": "x"}
    )
    ingest()
    work()
    assert UserReport.objects.count() <= 20


def test_of_a_thousand_attached_mails_twenty_are_read(reporting):  # noqa: F811
    report(report_with(*(PHISH.replace(b"bait-1", b"bait-%d" % number) for number in range(300))))
    assert UserReport.objects.count() == 20


def test_what_is_taken_in_to_be_judged_teaches_nothing_about_its_sender(reporting):  # noqa: F811
    letter = HAM.replace(b"boss@bad.example", b"pal@private.example")
    report(report_with(letter))
    assert UserReport.objects.get().taken
    assert times_met(["pal@private.example"]) == {}
    known_mail(letter.replace(b"bait-1", b"later").replace(b"Friday", b"Monday"), to="ann@corp.example")
    assert times_met(["pal@private.example"]) == {"pal@private.example": 1}
