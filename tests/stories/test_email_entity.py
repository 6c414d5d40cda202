"""One email looked at from all sides, as an analyst does: its way, its URLs, its file taken apart, its picture, its timeline."""

import pytest
from playwright.sync_api import expect

from tests.stories.conftest import INVOICE, PHISH, complaints_of

pytestmark = [pytest.mark.lab, pytest.mark.browser, pytest.mark.slow]


def page_of(demo, sender: str) -> str:
    row = demo.home.ask("rows", table="EmailEvents", where={"SenderFromAddress": sender})[0]
    return f"{demo.url}/email/{row['NetworkMessageId']}?recipient={row['RecipientEmailAddress']}"


def test_an_analyst_reads_how_a_phish_came_where_it_leads_and_what_it_looks_like(demo, desk):
    page = desk.new_page()
    complaints = complaints_of(page)
    address = page_of(demo, PHISH)
    page.goto(f"{address}&tab=headers")
    expect(page.locator("#hops tbody tr").first).to_contain_text("mx.haldenwirth.example")

    # A URL opens beside the page; it is text, never a way out.
    page.get_by_role("link", name="URL", exact=False).first.click()
    first = page.locator("#urls tbody a.clip").first
    words = first.inner_text()
    first.click()
    expect(page.locator("#flyout")).to_contain_text(words[:20])
    page.keyboard.press("Escape")

    # How it looks to its reader, drawn without network.
    page.get_by_role("link", name="Email preview").click()
    page.get_by_role("link", name="Picture").click()
    expect(page.locator("img.mail-picture")).to_be_visible(timeout=60_000)
    expect(page.locator("img.mail-picture")).to_have_js_property("naturalWidth", 800)

    # Each look stands in the timeline, and the timeline can be searched.
    page.goto(f"{address}&q=picture")
    expect(page.get_by_role("cell", name="Picture of the email").first).to_be_visible()
    assert not complaints


def test_an_analyst_takes_a_file_apart_and_blocks_it(demo, desk):
    page = desk.new_page()
    page.goto(f"{page_of(demo, INVOICE)}&tab=attachments")
    page.locator("#attachments a.clip").first.click()
    flyout = page.locator("#flyout")
    expect(flyout).to_contain_text("Hides its extension behind another", timeout=60_000)
    expect(flyout).to_contain_text("Only HTML and SVG files have a picture.")
    with page.expect_download() as download:
        flyout.get_by_role("link", name="Export behaviours").click()
    assert download.value.suggested_filename == "attachment-behaviours.csv"
    flyout.get_by_role("link", name="Block file").click()
    page.wait_for_url("**/allow-block-list/add?kind=sha256*")
