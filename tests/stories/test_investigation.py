"""From a person's report to the mail being gone: reported, investigated, approved by an analyst, removed for real, put back."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

import pytest
from playwright.sync_api import expect

from labs import wait_until
from tests.stories.conftest import complaints_of
from tests.stories.mailboxes import append, copies

ANN, BOB = "hanna.demir@haldenwirth.example", "anton.weiss@haldenwirth.example"
SENDER, SUBJECT = "desk@parcel-notice.example", "Your parcel waits at the customs office"
MESSAGE_ID = "<story.investigation.1@mailer7.example>"
LINK = "https://m365-login.web.app/verify?u=7741"

pytestmark = [pytest.mark.lab, pytest.mark.browser, pytest.mark.slow]


def phish() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f'"Customs office" <{SENDER}>', f"{ANN}, {BOB}", SUBJECT
    mail["Date"], mail["Message-ID"] = format_datetime(datetime.now(UTC)), MESSAGE_ID
    mail.set_content(f"A parcel for you could not be delivered. Pay the customs fee within 24 hours: {LINK}\n")
    return mail.as_bytes().replace(b"\n", b"\r\n")


def report(original: bytes) -> bytes:
    """As a reporting button sends it: the mail attached, by an address of ours that our own server vouches for."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = ANN, "phish@haldenwirth.example", "Phishing report"
    mail["Date"], mail["Message-ID"] = format_datetime(datetime.now(UTC)), "<story.report.1@haldenwirth.example>"
    mail["Authentication-Results"] = "mx.haldenwirth.example; dmarc=pass header.from=haldenwirth.example"
    mail.set_content("I think this mail is phishing.\n")
    mail.add_attachment(original, maintype="application", subtype="octet-stream", filename="original.eml")
    return mail.as_bytes().replace(b"\n", b"\r\n")


def rows(demo) -> list[dict]:
    return demo.home.ask("rows", table="EmailEvents", where={"SenderFromAddress": SENDER})


@pytest.fixture
def reported(demo) -> None:
    """The phish lies in two real mailboxes, somebody said what it is, and Hanna reported it."""
    raw = phish()
    for person in (ANN, BOB):
        append(demo, person, raw)
    demo.home.ask("take_in", raw=raw.decode(), recipients=[ANN, BOB])
    wait_until(lambda: len(rows(demo)) == 2, seconds=120, what="the phish in the lake")
    demo.home.ask("label", message=rows(demo)[0]["NetworkMessageId"], kind="false_negative")
    demo.home.ask("take_in", raw=report(raw).decode(), recipients=["phish@haldenwirth.example"])


def test_a_report_is_investigated_approved_removed_and_put_back(demo, desk, reported):
    page = desk.new_page()
    complaints = complaints_of(page)
    link = page.get_by_role("link", name=f"Mail reported by a user: {SUBJECT}")

    def listed() -> bool:
        page.goto(f"{demo.url}/investigations?kind=User-reported+messages&period=all")
        return link.count() == 1 and page.get_by_role("row").filter(has=link).get_by_text("Pending action").count() == 1

    wait_until(listed, seconds=180, what=f"the investigation of the report, see {demo.log},")
    link.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(SUBJECT)
    expect(page.locator("#investigation canvas, figure canvas").first).to_be_visible()

    # What was found, and the question that found it.
    page.get_by_role("link", name="Evidence").click()
    expect(page.locator("main")).to_contain_text("Same body, same sender domain")
    expect(page.locator("main")).to_contain_text("2 of 2 copies (100 %) are malicious")
    page.get_by_role("link", name="Log", exact=True).click()
    expect(page.locator("main")).to_contain_text("Which other mails are like it?")

    # Approve the removal with a reason; the mailboxes agree.
    assert copies(demo, ANN, "INBOX", MESSAGE_ID) == copies(demo, BOB, "INBOX", MESSAGE_ID) == 1
    page.get_by_role("link", name="Pending actions").click()
    page.get_by_label("Select Soft delete").first.check()
    page.get_by_label("Reason").fill("Reported, and it is phish")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("1 approved.")).to_have_count(1)
    wait_until(
        lambda: not copies(demo, ANN, "INBOX", MESSAGE_ID) and not copies(demo, BOB, "INBOX", MESSAGE_ID),
        seconds=60,
        what="the removal",
    )

    # The history says who decided, and puts it back.
    history = page.url.partition("?")[0] + "?tab=history"
    undo = page.get_by_role("button", name="Undo")

    def done() -> bool:
        page.goto(history)
        return undo.count() == 1

    wait_until(done, seconds=60, what="the end of the removal")
    expect(page.locator("main")).to_contain_text("Reported, and it is phish")
    undo.click()
    page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    page.wait_for_url("**/action-center/**")
    wait_until(
        lambda: copies(demo, ANN, "INBOX", MESSAGE_ID) == copies(demo, BOB, "INBOX", MESSAGE_ID) == 1,
        seconds=60,
        what="the mail in its mailboxes again",
    )

    def undone() -> bool:
        page.goto(history)
        return page.get_by_text("Undone", exact=True).count() == 1

    wait_until(undone, seconds=60, what="the word of the undoing")
    assert complaints == []
