from datetime import UTC, datetime
from email import message_from_bytes

from watchfloor.access.contracts import Permission
from watchfloor.access.selectors import system_actor
from watchfloor.demo.mailmaker import write
from watchfloor.demo.organisation import found_organisation
from watchfloor.demo.reporting import open_report_mailbox, reports_as_mail
from watchfloor.demo.stories import stories
from watchfloor.response.submissions.policy import current

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
BUILDER = system_actor("sample organisation", Permission.CONNECTION_MANAGE)


def test_the_report_mailbox_is_set_up_as_an_administrator_would(db):
    address = open_report_mailbox(found_organisation(5), by=BUILDER, now=NOW)
    assert current().addresses == (address,)


def test_a_report_is_a_mail_that_carries_the_whole_reported_one():
    organisation = found_organisation(5)
    told = [one for one in stories(organisation, end=NOW, seed=5) if one.reports]
    originals = {one.letter.message_id: write(one.letter) for story in told for one in story.deliveries}
    reports = [report for story in told for report in story.reports]
    mails = reports_as_mail(reports, originals, organisation, to="phish@x.example", source="sample")
    assert len(mails) == len(reports) >= 3
    for report, mail in zip(reports, mails, strict=True):
        assert (mail.mail_from, mail.recipients, mail.received_at) == (report.address, ("phish@x.example",), report.at)
        (attached,) = [part for part in message_from_bytes(mail.raw).walk() if part.get_filename() == "original.eml"]
        assert attached.get_payload(decode=True) == originals[report.message_id]
