"""Working a queue: filter it, keep the filter and the columns, play a story back, merge and take it back, print, be told."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.stories.conftest import INVOICE, PHISH, complaints_of

pytestmark = [pytest.mark.lab, pytest.mark.browser, pytest.mark.slow]


def numbers(page: Page) -> list[str]:
    """The incidents of the queue as it stands, by number."""
    return [str(box.get_attribute("value")) for box in page.locator('#incidents tbody input[name="row"]').all()]


def incident_of(demo, sender: str) -> int:
    row = demo.home.ask("rows", table="EmailEvents", where={"SenderFromAddress": sender})[0]
    return int(demo.home.ask("alerts", message=row["NetworkMessageId"])[0]["incident_id"])


def heads(page: Page) -> list[str]:
    return [str(one.get_attribute("data-key")) for one in page.locator("#incidents th[data-key]").all()]


def test_a_queue_is_narrowed_kept_and_arranged(demo, desk):
    page = desk.new_page()
    complaints = complaints_of(page)
    page.goto(f"{demo.url}/incidents?status=any&severity=any")
    whole = numbers(page)
    assert len(whole) > 1

    # The graph of the last day is read when it is unfolded.
    page.get_by_text("Alerts and incidents of the last 24 hours").click()
    expect(page.locator("#last-day canvas").first).to_be_visible()

    # Everything chosen in the pane stands in the address and as a chip that takes it off.
    page.get_by_role("button", name="Filters", exact=True).click()
    pane = page.locator("#flyout-dialog")
    pane.get_by_label("Names this entity").fill(PHISH)
    pane.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile(r"entity=it-service"))
    assert numbers(page) == [str(incident_of(demo, PHISH))]
    page.get_by_text("Saved filters").click()
    page.get_by_label("Save this filter as").fill("The password phish")
    page.get_by_label("Share with everybody").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved as “The password phish”.")).to_be_visible()
    page.get_by_role("link", name=re.compile("names it-service")).click()
    expect(page.locator("#incidents tbody tr")).to_have_count(len(whole))
    page.get_by_text("Saved filters").click()
    page.get_by_role("link", name="The password phish").click()
    expect(page.locator("#incidents tbody tr")).to_have_count(1)

    # A column moves by its arrows (keyboard), another by dragging its heading; both stay.
    before = heads(page)
    page.get_by_text("Columns", exact=True).click()
    up = page.get_by_role("button", name="Severity up").first
    up.focus()
    page.keyboard.press("Enter")
    page.locator("form[id^=columns-]").get_by_role("button", name="Save").click()
    expect(page.locator("#incidents")).to_be_visible()
    assert heads(page).index("severity") == before.index("severity") - 1
    with page.expect_navigation():
        page.locator("th[data-key=status]").drag_to(page.locator("th[data-key=number]"))
    page.goto(f"{demo.url}/incidents")
    assert heads(page)[:2] == ["name", "status"]
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("button", name="Usual columns").click()
    expect(page.locator("#incidents")).to_be_visible()
    assert heads(page) == before
    assert complaints == []


def test_a_story_is_played_back_and_its_entities_say_what_to_do(demo, desk):
    page = desk.new_page()
    complaints = complaints_of(page)
    page.goto(f"{demo.url}/incidents/{incident_of(demo, PHISH)}")
    slider, output = page.locator(".playback input[type=range]"), page.locator(".playback output")
    count = int(str(slider.get_attribute("max")))
    assert count > 1

    # This browser wants little motion: each press is one step, nothing moves by itself.
    play = page.get_by_role("button", name="Next alert")
    play.click()
    expect(output).to_contain_text(f"1 of {count}")
    expect(page.locator(".timeline > li.current")).to_have_count(1)
    page.wait_for_timeout(1800)
    expect(output).to_contain_text(f"1 of {count}")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(output).to_contain_text(f"2 of {count}")
    page.keyboard.press("End")
    expect(output).to_have_text(f"All {count} alerts")
    expect(page.locator(".timeline > li.quiet")).to_have_count(0)

    # One entity brought out, then opened.
    page.get_by_label("Highlight").select_option(label=f"Sender: {PHISH}")
    expect(output).to_contain_text("and what it touches")
    page.locator(".entities").get_by_role("button", name=re.compile(PHISH)).click()
    pane = page.locator("#flyout-dialog")
    expect(pane).to_contain_text(PHISH)
    expect(pane.get_by_role("link", name="Mails from this sender")).to_be_visible()
    pane.get_by_role("link", name="Who received how much of it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("hunting", ignore_case=True)
    expect(page.get_by_role("table").first).to_contain_text("haldenwirth.example")
    assert complaints == []


def test_a_picture_in_motion_plays_by_itself(demo, signed_in, browser):
    with browser.new_context(storage_state=signed_in, reduced_motion="no-preference") as context:
        page = context.new_page()
        page.goto(f"{demo.url}/incidents/{incident_of(demo, PHISH)}")
        page.get_by_role("button", name="Play").click()
        expect(page.get_by_role("button", name="Pause")).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".playback output")).to_contain_text("2 of", timeout=6000)
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_incidents_are_merged_with_what_they_share_and_taken_apart_again(demo, desk):
    page = desk.new_page()
    first, second = incident_of(demo, PHISH), incident_of(demo, INVOICE)
    page.goto(f"{demo.url}/incidents/{second}?tab=activity")
    page.get_by_label("Comment", exact=True).fill("**Seen before** <img src=x onerror=alert(1)>")
    page.get_by_role("button", name="Add comment").click()
    expect(page.locator(".comment strong")).to_have_text("Seen before")
    assert page.locator(".comment img").count() == 0

    page.goto(f"{demo.url}/incidents?status=any&severity=any")
    for number in (first, second):
        page.get_by_label(f"Select incident {number}", exact=True).check()
    page.get_by_text("Change selected incidents").click()
    page.get_by_role("button", name="Merge selected").click()
    pane = page.locator("#flyout-dialog")
    expect(pane).to_contain_text(re.compile(r"\d+ of \d+ entit|Shares no entity"))
    pane.locator(f'input[name=into][value="{first}"]').check()
    page.wait_for_load_state("networkidle")
    pane.get_by_label("Why").fill("One attack")
    pane.get_by_role("button", name="Merge", exact=True).click()
    expect(page).to_have_url(re.compile(rf"/incidents/{first}"))
    page.goto(f"{demo.url}/incidents/{first}?tab=activity")
    expect(page.locator(".comment strong")).to_have_text("Seen before")

    # The source links forward, and takes its alerts back.
    page.goto(f"{demo.url}/incidents/{second}")
    expect(page.get_by_role("link", name=f"Open incident {first}")).to_be_visible()
    page.get_by_role("button", name="Take the merge back").click()
    expect(page.get_by_text(re.compile("alerts returned"))).to_be_visible()
    page.goto(f"{demo.url}/incidents/{second}?tab=alerts")
    expect(page.locator("#incident-alerts tbody tr").first).to_be_visible()


def test_an_incident_is_printed_with_the_sections_somebody_chose(demo, desk):
    page = desk.new_page()
    page.goto(f"{demo.url}/incidents/{incident_of(demo, PHISH)}")
    page.get_by_role("button", name="Export").click()
    pane = page.locator("#flyout-dialog")
    pane.get_by_label("Activity log with comments").uncheck()
    with page.expect_download(timeout=60_000) as download:
        pane.get_by_role("button", name="Export").click()
    document = download.value.path().read_bytes()
    assert document.startswith(b"%PDF-")
    assert len(document) > 20_000


def test_similar_alerts_are_classified_together(demo, desk):
    page = desk.new_page()
    row = demo.home.ask("rows", table="EmailEvents", where={"SenderFromAddress": PHISH})[0]
    alert = demo.home.ask("alerts", message=row["NetworkMessageId"])[0]["alert_id"]
    page.goto(f"{demo.url}/alerts/{alert}/similar")
    page.locator('#similar-alerts tbody input[name="row"]').first.check()
    page.get_by_label("Classify").select_option(label="Phishing")
    page.get_by_role("button", name="Change together").click()
    expect(page.get_by_text("2 of 2 alerts changed.")).to_be_visible()
    expect(page.locator("#similar-alerts tbody tr").first).to_contain_text("True positive")


def test_who_is_told_of_which_incidents_is_a_rule_on_a_page(demo, desk):
    page = desk.new_page()
    page.goto(f"{demo.url}/settings/incident-notifications")
    page.get_by_role("link", name="Add rule").first.click()
    page.get_by_label("Name").fill("Night shift")
    page.get_by_label("Tell").fill("not an address")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Not saved")).to_be_visible()
    page.get_by_label("Tell").fill("night@haldenwirth.example")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#notification-rules")).to_contain_text("High severity")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name=re.compile("^(Yes|Continue|OK|Do it|Go on)")).click()
    expect(page.get_by_text("The rule was deleted.")).to_be_visible()
