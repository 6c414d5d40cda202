"""Explorer beside its table: choosing a time on the chart, values of a column, rankings, the map, fly-outs, live rows."""

import re
import uuid
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from tests.stories.conftest import PHISH, complaints_of

pytestmark = [pytest.mark.lab, pytest.mark.browser, pytest.mark.slow]


def opened(desk, demo, question: str) -> Page:
    page = desk.new_page()
    page.goto(f"{demo.url}/explorer?{question}")
    expect(page.locator("#explorer-chart canvas").first).to_be_visible(timeout=20_000)
    expect(page.locator("#results-part")).to_be_visible()
    return page


def arrive(demo, subject: str, **columns) -> None:
    """A mail comes into the lake, as the ingest would leave it."""
    row = {
        "Timestamp": datetime.now(UTC).isoformat(),
        "NetworkMessageId": str(uuid.uuid4()),
        "ReportId": str(uuid.uuid4()),
        "RecipientEmailAddress": "petra.okafor@haldenwirth.example",
        "SenderFromAddress": "max@elsewhere.example",
        "SenderFromDomain": "elsewhere.example",
        "Subject": subject,
        "DeliveryAction": "Delivered",
        **columns,
    }
    demo.home.ask("receive", rows=[row])


def test_a_time_is_chosen_by_dragging_over_the_chart(demo, desk):
    page = opened(desk, demo, "range=30d")
    complaints = complaints_of(page)
    box = page.locator("#explorer-chart .chart-canvas").bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.4, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, middle, steps=4)
    page.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=4)
    expect(page.locator(".chart-band")).to_be_visible()
    with page.expect_navigation():
        page.mouse.up()
    assert re.search(r"from=20\d\d.*&to=20\d\d", page.url)
    assert "range=" not in page.url
    expect(page.locator(".sentence")).to_contain_text("UTC")
    assert not complaints


def test_a_time_is_chosen_with_the_keys(demo, desk):
    page = opened(desk, demo, "range=30d&view=phish")
    page.locator("#explorer-chart .chart-canvas").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#explorer-chart [role=status]")).to_have_text(re.compile(r"20\d\d-.* – 20\d\d-.*: [\d,]+"))
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "from=20" in page.url
    assert "view=phish" in page.url


def test_the_values_of_a_column_open_beside_the_table_and_narrow_it(demo, desk):
    page = opened(desk, demo, "range=30d")
    complaints = complaints_of(page)
    page.keyboard.press("s")
    flyout = page.locator("#flyout-dialog")
    expect(flyout.get_by_role("heading", level=2)).to_have_text("Values of Delivery action")
    flyout.get_by_label("Column").select_option("SenderFromAddress")
    expect(flyout.get_by_role("heading", level=2)).to_have_text("Values of Sender address")
    flyout.get_by_label("Values that contain").fill("haldenwirth-sso")
    flyout.get_by_role("button", name="Show").click()
    expect(flyout.locator("table.values tbody tr")).to_have_count(1)
    flyout.get_by_role("link", name="Rare").click()
    with page.expect_navigation():
        flyout.get_by_role("link", name="Only this").click()
    expect(page.locator(".sentence")).to_contain_text(PHISH)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Values", exact=True).last.click()  # the button of a column's head
    expect(flyout).to_contain_text("Values of")
    assert not complaints


def test_a_ranking_is_sorted_and_its_people_are_walked_through(demo, desk):
    page = opened(desk, demo, "range=30d&tab=targets")
    complaints = complaints_of(page)
    page.locator("#ranking thead").get_by_role("link", name="Phish").click()
    expect(page.locator("#ranking th[aria-sort=descending]")).to_have_text("Phish")
    names = page.locator("#ranking tbody tr td:first-child a").all_inner_texts()
    page.get_by_role("link", name=names[0], exact=True).first.click()
    flyout = page.locator("#flyout-dialog")
    heading = flyout.get_by_role("heading", level=2)
    expect(heading).to_have_text(names[0])
    expect(flyout).to_contain_text("Recent activity")
    page.keyboard.press("j")
    expect(heading).to_have_text(names[1])
    flyout.get_by_role("button", name="Next").click()
    expect(heading).to_have_text(names[2])
    page.keyboard.press("k")
    expect(heading).to_have_text(names[1])
    flyout.get_by_role("link", name="View all email").click()
    expect(page.locator("#mails tbody tr").first).to_be_visible()
    assert not complaints


def test_a_url_opens_with_what_is_known_and_can_be_blocked(demo, desk):
    page = opened(desk, demo, "range=30d&view=phish&tab=urls")
    page.locator("#ranking tbody tr td:first-child a").first.click()
    flyout = page.locator("#flyout-dialog")
    expect(flyout).to_contain_text("Registrable domain")
    expect(flyout).to_contain_text("Verdict of the mails with it")
    flyout.get_by_role("link", name="Block").click()
    expect(page.locator("#id_value")).to_have_value(re.compile("http"), timeout=15_000)


def test_mail_from_abroad_stands_on_the_map(demo, desk):
    arrive(demo, "From abroad", SenderIP="8.8.8.8")
    page = opened(desk, demo, "range=24h&tab=origin")
    complaints = complaints_of(page)
    expect(page.locator("#origin-map canvas").first).to_be_visible()
    page.locator("#origins").get_by_role("link", name="United States").click()
    flyout = page.locator("#flyout-dialog")
    expect(flyout).to_contain_text("8.8.8.8")
    flyout.get_by_role("link", name="8.8.8.8").click()
    expect(flyout.get_by_role("heading", level=2)).to_have_text("8.8.8.8", timeout=15_000)
    assert not complaints


def test_new_mail_comes_in_by_itself_and_waits_while_somebody_reads(demo, desk):
    page = opened(desk, demo, "range=24h&f=SenderFromDomain~equal%2520any%2520of~elsewhere.example")
    arrive(demo, "The first one")
    page.reload()
    complaints = complaints_of(page)
    page.get_by_role("link", name="Live", exact=True).click()
    bar = page.locator(".live-bar")
    expect(bar).to_be_visible()
    page.mouse.move(5, 5)
    arrive(demo, "Comes in live")
    arrive(demo, "Does not fit", SenderFromDomain="other.example")
    expect(page.locator("#mails tbody tr").first).to_contain_text("Comes in live", timeout=8000)
    expect(bar).to_contain_text("1 new since you came")
    expect(page.locator("#mails")).not_to_contain_text("Does not fit")

    # Over the table new rows wait, and are shown when asked for.
    page.locator("#mails tbody tr").first.hover()
    arrive(demo, "Waits a while")
    expect(bar.get_by_role("button", name="Show 1 new")).to_be_visible(timeout=8000)
    expect(page.locator("#mails")).not_to_contain_text("Waits a while")
    bar.get_by_role("button", name="Show 1 new").click()
    expect(page.locator("#mails tbody tr").first).to_contain_text("Waits a while")

    # A key pauses; the new row's mail opens like any other.
    page.mouse.move(5, 5)
    page.keyboard.press("p")
    expect(bar).to_contain_text("Paused.")
    arrive(demo, "After the pause")
    expect(bar.get_by_role("button", name="Show 1 new")).to_be_visible(timeout=8000)
    page.keyboard.press("p")
    expect(page.locator("#mails tbody tr").first).to_contain_text("After the pause")
    bar.get_by_role("link", name="Stop").click()
    expect(page.locator(".live-bar")).to_have_count(0)
    assert not complaints
