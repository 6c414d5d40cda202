"""The wizard and the action center in a real browser, from the choice to the ledger, against a real Dovecot."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from watchfloor.lake import services as lake
from watchfloor.response import queueing, wizard
from watchfloor.response.models import LateWatch, Remediation
from watchfloor.response.tests.conftest import PHISH, email_row
from watchfloor.response.tests.test_accounts_browser import (  # noqa: F401  # fixtures of a browser signed in as Max
    base_url,
    browser_type_launch_args,
    check,
    complaints,
    open_page,
)

pytestmark = pytest.mark.browser
ANN = "ann@corp.example"


@pytest.fixture(autouse=True)
def no_queue(monkeypatch):
    monkeypatch.setattr(queueing, "enqueue", lambda *arguments, id: None)


@pytest.fixture
def rows(transactional_db):
    """The phish to Ann and Bob, and Ann's mail to Cat of the same cluster an hour later."""
    at = datetime.now(UTC) - timedelta(hours=3)
    facts = {
        "EmailClusterId": 4711,
        "Timestamp": at,
        "SenderFromDomain": "elsewhere.example",
        "RecipientDomain": "corp.example",
    }
    onward = {
        **facts,
        "SenderFromAddress": ANN,
        "Timestamp": at + timedelta(hours=1),
        "Subject": "Fwd: Your password ends today",
    }
    lake.append(
        "EmailEvents",
        [
            email_row(PHISH, ANN, **facts),
            email_row(PHISH, "bob@corp.example", **facts),
            email_row("99999999-9999-4999-8999-999999999999", "cat@corp.example", **onward),
        ],
    )


def test_one_run_moves_says_blocks_follows_and_goes_on_catching(open_page, rows, mailboxes, monkeypatch):  # noqa: F811
    monkeypatch.setattr(wizard, "mailbox_actions", lambda: mailboxes)
    page = open_page(f"/actions/new?row={PHISH}|{ANN}&row={PHISH}|bob@corp.example")
    page.get_by_label("Soft delete").check()
    page.get_by_label("Verdict").select_option(label="I've confirmed it's a threat: phish")
    page.get_by_label("Note").fill("asks for passwords")
    check(page, "wizard-choose")
    page.get_by_role("button", name="Next: check the targets").click()
    expect(page.get_by_text("1 copy sent on inside the organisation")).to_be_visible()
    expect(page.get_by_text("Unread", exact=True)).to_be_visible()
    page.get_by_label("ann@corp.example to cat@corp.example").check()
    page.get_by_label("Domain elsewhere.example").check()
    page.get_by_label("Catch late copies for so many days").fill("7")
    check(page, "wizard-targets")
    page.get_by_role("button", name="Next: review").click()
    expect(page.get_by_text("Soft delete, submit and block 1 value", exact=True)).to_be_visible()
    page.get_by_label("Name").fill("Purge the campaign")
    page.get_by_label("Reason").fill("phish")
    check(page, "wizard-review")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("“Purge the campaign” has started.")).to_be_visible()
    expect(page.get_by_role("link", name="Purge the campaign: submission")).to_be_visible()
    moved = Remediation.objects.get(action="soft-delete")
    page = open_page(moved.href)
    check(page, "remediation")
    page.get_by_role("button", name="Catch no more").click()
    page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Max ended it")).to_be_visible()
    assert LateWatch.objects.get().stopped_by == "Max"
    assert moved.expected == 3


def test_one_line_and_then_the_rest_are_undone_from_the_pages(
    open_page,  # noqa: F811
    transactional_db,
    phish_rows,
    mailboxes,
    carry_out,
    max,
):
    from watchfloor.access.selectors import actor_of
    from watchfloor.response import services

    begun = services.start(by=actor_of(max), name="Purge", reason="phish", action="soft-delete", targets=phish_rows)
    done = carry_out(begun, mailboxes)
    page = open_page(done.href)
    expect(page.get_by_role("columnheader", name="Opened")).to_be_visible()
    check(page, "ledger")
    page.get_by_title("Undo for ann@corp.example").click()
    page.get_by_role("dialog").get_by_role("button", name="Go on").click()
    expect(page.get_by_text("1 of what “Purge” moved").first).to_be_visible()
    page = open_page("/action-center?period=all")
    check(page, "history")
    page.get_by_label("Select Purge").check()
    page.get_by_role("button", name="Undo", exact=True).click()
    page.wait_for_load_state("networkidle")
    assert sorted(Remediation.objects.filter(undo_of=done).values_list("expected", flat=True)) == [1, 4]
