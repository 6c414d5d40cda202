"""An administrator's alerts: a policy is written and tried before it is saved; an expected alert is tuned, hidden, and raised after all."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.stories.conftest import PHISH, complaints_of

pytestmark = [pytest.mark.lab, pytest.mark.browser, pytest.mark.slow]

HOW = {"resultTypes": ["violations"], "preload": False}


def accessible(page: Page) -> None:
    found = Axe().run(page, options=HOW).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


def test_a_policy_is_written_tried_saved_and_somebody_named(demo, desk):
    page = desk.new_page()
    complaints = complaints_of(page)
    page.goto(f"{demo.url}/settings/detections")
    page.get_by_role("link", name="New policy").click()
    page.get_by_label("Name of its alerts").fill("Passwords that expire")
    page.get_by_label("What the condition is about").select_option("Subject")
    page.get_by_label("Operator").select_option("contains any of")
    page.get_by_role("textbox", name="Values").fill("password expires")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("subject contains “password expires”")).to_be_visible()
    page.get_by_role("button", name="Group", exact=True).click()
    expect(page.get_by_text("Any of", exact=True)).to_be_visible()
    expect(page.get_by_label("Name of its alerts")).to_have_value("Passwords that expire")

    page.get_by_role("button", name="Try it over 30 days").click()
    expect(page.get_by_role("heading", name="What it would have raised")).to_be_visible()
    expect(page.get_by_text("Nothing was raised now.")).to_be_visible()
    accessible(page)

    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Passwords that expire")
    page.get_by_role("link", name="Severity and notifications").click()
    page.get_by_label("Told by mail").fill("soc@haldenwirth.example")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("soc@haldenwirth.example")).to_be_visible()
    page.goto(f"{demo.url}/settings/detections?show=custom")
    expect(page.locator("#policies tbody tr")).to_have_count(1)
    assert complaints == []


def test_an_alert_is_tuned_with_a_preview_and_the_rule_taken_away(demo, desk):
    page = desk.new_page()
    complaints = complaints_of(page)
    row = demo.home.ask("rows", table="EmailEvents", where={"SenderFromAddress": PHISH})[0]
    alert = demo.home.ask("alerts", message=row["NetworkMessageId"])[0]
    page.goto(f"{demo.url}/alerts/{alert['alert_id']}")
    expect(page.locator("#alert-activities tbody tr").first).to_be_visible()
    page.get_by_role("link", name="Tune", exact=True).click()
    expect(page.get_by_role("textbox", name="Values").first).to_have_value(PHISH)
    page.get_by_label("Hide it").check()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="What it would have met")).to_be_visible()
    expect(page.get_by_label("Hide it")).to_be_checked()
    accessible(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Alert tuning")
    expect(page.locator("#tuning-rules tbody tr")).to_have_count(1)
    accessible(page)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button").filter(has_text="Delete").or_(
        page.locator("dialog[open] button[value='yes']")
    ).first.click()
    expect(page.get_by_text("No tuning rules yet")).to_be_visible()
    page.goto(f"{demo.url}/alerts/hidden")
    expect(page.get_by_text("Nothing is hidden")).to_be_visible()
    assert complaints == []
