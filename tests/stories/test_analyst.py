"""An analyst's quarter of an hour: find the phish, look at it, take it away from everybody, see that it is done, undo it."""

import imaplib
import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.stories.conftest import PHISH, complaints_of

pytestmark = [pytest.mark.lab, pytest.mark.browser, pytest.mark.slow]


def filtered(page: Page, demo) -> None:
    """Explorer with a typed filter on the sender, over 30 days."""
    page.goto(f"{demo.url}/explorer?range=30d")
    with page.expect_response("**/explorer/condition*"):
        page.get_by_label("Property").select_option(label="Sender address")
    page.wait_for_load_state("networkidle")  # the fields for this property are in place
    page.get_by_role("textbox", name="Values").fill(PHISH)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".sentence")).to_contain_text(PHISH)
    expect(page.locator("#mails tbody tr")).to_have_count(14)


def phish_rows(demo, location: str) -> list[dict]:
    rows = demo.home.ask("rows", table="EmailEvents", where={"SenderFromAddress": PHISH})
    return [row for row in rows if row["LatestDeliveryLocation"] == location]


def test_an_analyst_finds_a_phish_removes_it_everywhere_and_puts_it_back(demo, desk):
    page = desk.new_page()
    complaints = complaints_of(page)
    page.goto(demo.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")

    # Find it by a filter, look at it beside the table.
    filtered(page, demo)
    expect(page.locator("#explorer-chart canvas").first).to_be_visible()
    subject = page.locator("#mails tbody tr a.clip").first
    words = subject.inner_text()
    assert "password expires" in words
    subject.click()
    flyout = page.locator("#flyout-dialog")
    expect(flyout.get_by_role("heading", name=words)).to_be_visible()
    expect(flyout).to_contain_text("Why")

    # Its own page, with every reason of the verdict.
    flyout.get_by_role("link", name="Open email entity").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)
    page.get_by_role("link", name="Analysis").click()
    expect(page.get_by_role("table").filter(has_text="Points")).to_contain_text("haldenwirth")

    # The preview is a sandboxed frame under a policy of its own: no script, no link, nothing from outside.
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("link", name="Email preview").click()
    frame = page.locator("iframe.preview")
    expect(frame).to_have_attribute("sandbox", "")
    inside = page.frame_locator("iframe.preview")
    expect(inside.locator("body")).to_contain_text("verify your password")
    assert inside.locator("a[href], script, form, link, object, embed, iframe, [onclick], [onerror]").count() == 0
    assert [url for url in asked if not url.startswith(demo.url)] == []
    answer = desk.request.get(demo.url + frame.get_attribute("src"))
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    page.go_back()

    # Take action on all 14 through the wizard.
    filtered(page, demo)
    page.get_by_label("Select every row of this page").check()
    page.get_by_role("button", name=re.compile("Take action")).click()
    flyout.get_by_role("radio", name="Soft delete").check()
    flyout.get_by_role("button", name="Next: check the targets").click()
    expect(flyout.locator(".stats")).to_contain_text("14")
    flyout.get_by_role("button", name="Next: review").click()
    flyout.get_by_label("Name", exact=True).fill("Remove the password phish")
    flyout.get_by_label("Reason").fill("Credential phish, two clicked")
    flyout.get_by_role("button", name="Start").click()
    expect(flyout.get_by_role("heading", name="Remove the password phish")).to_be_visible()
    expect(page.get_by_text("has started")).to_have_count(1)

    # The action center tells how it ended; the mailboxes agree.
    page.goto(f"{demo.url}/action-center?q=Remove+the+password+phish")
    page.get_by_role("link", name="Remove the password phish").first.click()
    expect(flyout.get_by_text("Completed").first).to_be_visible(timeout=60_000)
    flyout.get_by_role("link", name="Open the page").click()
    expect(page.locator("#ledger tbody tr")).to_have_count(14)
    expect(page.locator("#ledger tbody tr").filter(has_text="Recoverable")).to_have_count(14)
    assert len(phish_rows(demo, "Recoverable items folder")) == 14
    assert sum(found_in(demo, row, "Recoverable") for row in phish_rows(demo, "Recoverable items folder")) == 14
    assert sum(found_in(demo, row, "INBOX") for row in phish_rows(demo, "Recoverable items folder")) == 0

    # Undone, after asking once more.
    page.get_by_role("button", name="Undo", exact=True).click()
    first = page.url
    page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    page.wait_for_url(lambda now: now != first)
    expect(page.get_by_text("Completed").first).to_be_visible(timeout=60_000)
    page.goto(f"{demo.url}/action-center?q=Remove+the+password+phish")
    expect(page.locator("#remediations tbody")).to_contain_text("Undone", timeout=30_000)
    assert len(phish_rows(demo, "Inbox/folder")) == 14
    assert sum(found_in(demo, row, "INBOX") for row in phish_rows(demo, "Inbox/folder")) == 14
    assert complaints == []


def found_in(demo, row: dict, folder: str) -> int:
    """How many copies of the mail lie in a folder of its recipient, by the sample Dovecot's master user."""
    box = imaplib.IMAP4("127.0.0.1", demo.imap_port)
    try:
        box.login(f"{row['RecipientEmailAddress']}*{demo.master[0]}", demo.master[1])
        box.select(folder, readonly=True)
        _, (uids,) = box.search(None, "HEADER", "Message-ID", f'"{row["InternetMessageId"]}"')
        return len(uids.split())
    finally:
        box.logout()


def test_somebody_without_rights_reads_which_right_is_missing_and_who_gives_it(demo, stranger):
    page = stranger.new_page()
    message = demo.home.ask("rows", table="EmailEvents", where={"SenderFromAddress": PHISH})[0]["NetworkMessageId"]
    for path in ("/explorer", f"/email/{message}", f"/email/{message}/preview", "/action-center", "/incidents"):
        answer = page.goto(demo.url + path)
        assert answer.status == 403, path
        expect(page.get_by_role("heading", level=1)).to_have_text("You may not open this")
        expect(page.locator("main")).to_contain_text("It needs the right")
        expect(page.locator("main")).to_contain_text("Demo Administrator")
    row = quote(f"{message}|nobody@haldenwirth.example")
    assert page.goto(f"{demo.url}/actions/new?row={row}").status == 403
