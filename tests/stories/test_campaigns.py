"""A campaign from the list to its page and back with a doubt; a query of Explorer that is tracked from then on."""

import re

import pytest
from playwright.sync_api import expect

from tests.stories.conftest import PHISH, complaints_of

pytestmark = [pytest.mark.lab, pytest.mark.browser, pytest.mark.slow]
LONG = 30_000
"""For parts that are fetched after the page, on a busy machine; in milliseconds."""
SUBJECT = "Action required: your password expires today"


def test_an_analyst_follows_a_campaign_from_the_list_to_its_flow_and_doubts_its_grouping(demo, desk):
    page = desk.new_page()
    complaints = complaints_of(page)

    # The list: who got it, who clicked.
    page.goto(f"{demo.url}/campaigns")
    row = page.locator("#campaigns tbody tr").filter(has_text=SUBJECT)
    expect(row).to_contain_text("14%", timeout=LONG)  # two of fourteen clicked
    expect(page.locator("#campaigns-chart canvas").first).to_be_visible()
    page.get_by_role("link", name="Recipients").click()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Recipients", timeout=LONG)
    page.locator("#campaigns tbody tr").filter(has_text=SUBJECT).get_by_role("link").click()

    # Its page: figures, the flow with its table, clicks.
    expect(page.locator(".stats")).to_contain_text("Clicked link")
    expect(page.locator("#flow")).to_contain_text("14 messages", timeout=LONG)
    expect(page.locator("#flow-chart canvas").first).to_be_visible()
    page.locator("#flow-chart").get_by_role("button", name="Table").click()
    expect(page.locator("#flow-chart-table")).to_contain_text("haldenwirth-sso.example")
    expect(page.locator("#clicks tbody tr")).to_have_count(2, timeout=LONG)

    # A shorter time drives flow and details.
    page.get_by_label("To (UTC)").fill(page.get_by_label("From (UTC)").input_value().replace(":12", ":13"))
    page.get_by_role("button", name="Show this time").click()
    expect(page).to_have_url(re.compile("to="))
    expect(page.locator("#flow")).not_to_contain_text("14 messages", timeout=LONG)
    page.get_by_role("link", name="Whole life").click()
    expect(page.locator("#flow")).to_contain_text("14 messages", timeout=LONG)

    # Why it is one, and a doubt, which stands in the list.
    page.get_by_role("link", name="Why grouped").click()
    expect(page.locator("#part")).to_contain_text("What they also share", timeout=LONG)
    page.get_by_label("What is wrong").fill("Two attacks in one")
    page.get_by_role("button", name="No", exact=True).click()
    expect(page.locator("#grouping-feedback")).to_contain_text("Two attacks in one")
    page.goto(f"{demo.url}/campaigns?grouping=doubted")
    expect(page.locator("#campaigns tbody tr")).to_have_count(1, timeout=LONG)
    expect(page.locator("#campaigns")).to_contain_text("1 of 1 doubt it")
    assert complaints == []
    page.close()


def test_dragging_over_the_life_of_a_campaign_chooses_a_time(demo, desk):
    page = desk.new_page()
    page.goto(f"{demo.url}/campaigns")
    page.locator("#campaigns tbody tr").filter(has_text=SUBJECT).get_by_role("link").click()
    canvas = page.locator("#timeline .chart-canvas")
    expect(canvas.locator("canvas").first).to_be_visible()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"from=.*to="))
    expect(page.get_by_role("link", name="Whole life")).to_be_visible()
    page.close()


def test_the_threat_report_of_a_campaign_is_a_pdf(demo, desk):
    row = demo.home.ask("rows", table="EmailEvents", where={"SenderFromAddress": PHISH})[0]
    answer = desk.request.get(f"{demo.url}/campaigns/{row['EmailClusterId']}/report.pdf", timeout=60_000)
    assert answer.status == 200, answer.text()[:500]
    assert answer.body().startswith(b"%PDF-")


def test_a_query_saved_from_explorer_is_counted_by_the_worker(demo, desk):
    page = desk.new_page()
    complaints = complaints_of(page)
    page.goto(f"{demo.url}/explorer?range=30d&f=SenderFromAddress~equal%20any%20of~{PHISH.replace('@', '%40')}")
    page.get_by_role("link", name="Save query").click()
    form = page.locator("#flyout-dialog")
    form.get_by_label("Name").fill("The password phish")
    form.get_by_label("Track this query").check()
    form.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(re.compile("tab=tracked"))
    row = page.locator("#tracked-queries tbody tr").filter(has_text="The password phish")
    expect(row).to_be_visible()

    # The worker counts it within its turn.
    def counted() -> bool:
        page.reload()
        return row.locator("svg.spark").count() == 1

    demo.home.until(counted, seconds=60, what="the first count")
    expect(row).to_contain_text("against 2.0 a day")
    row.get_by_role("link", name="Explore").click()
    expect(page.get_by_role("link", name="Saved query settings")).to_be_visible()
    assert complaints == []
    page.close()
