"""The quarantine in a real browser: an analyst's way from search to deletion, an employee's way by link, accessibility of both."""

import json
import os
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from labs import need
from watchfloor.kernel.clock import utc_now
from watchfloor.response.quarantine import acting, links
from watchfloor.response.quarantine.contracts import BORDER_DEFAULTS, BorderRule, BorderThreat, CopyStatus, UserMay
from watchfloor.response.quarantine.models import QuarantinedCopy, QuarantinedMail
from watchfloor.response.quarantine.policies import change_border_policy
from watchfloor.response.tests.quarantined import ANN, BOB, days, hold, name
from watchfloor.response.tests.test_quarantine_verbs import BOSS

pytestmark = pytest.mark.browser
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
    "preload": False,
}
PICTURES = os.environ.get("WATCHFLOOR_PICTURES", "")
"""A folder to leave a picture of each page in, light and dark, for whoever looks at them."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": need("chromium"), "chromium_sandbox": False}


@pytest.fixture(scope="session")
def base_url():
    """Replaces the plugin's own fixture, of a form that this pytest warns of."""
    return ""


@pytest.fixture
def complaints():
    """What the browser said was wrong; a test that ends with any fails."""
    said: list[str] = []
    yield said
    assert said == []


@pytest.fixture
def mails(transactional_db, monkeypatch):
    monkeypatch.setattr(acting, "enqueue", lambda *arguments, id: None)
    now = utc_now()
    rule = BorderRule(may=UserMay(255 & ~UserMay.RELEASE))
    change_border_policy(by=BOSS, rules={**BORDER_DEFAULTS, BorderThreat.PHISH: rule}, exempt=[], at=now)
    words = (
        "Your mailbox is full",
        "Parcel held at customs",
        "Overdue invoice 4711",
        "Shared document “Salaries 2027”",
    )
    reasons = ("Phishing", "Spam", "Malware", "Bulk", "High confidence phishing")
    for number in range(14):
        people = (ANN, BOB, "cat@corp.example", "dan@corp.example", "eli@corp.example")[: 1 + number % 5]
        subject, reason = words[number % 4], reasons[number % 5]
        hold(*people, key=str(number), subject=subject, reason=reason, at=now - days(number / 3 + 0.1), read=number < 3)


@pytest.fixture
def open_page(live_server, context, complaints, mails):
    """Opens an address as whoever the browser is signed in as."""

    def opened(path: str) -> Page:
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{live_server.url}{path}")
        return page

    return opened


@pytest.fixture
def as_analyst(context, live_server, as_max):
    context.add_cookies([{"name": "sessionid", "value": as_max.cookies["sessionid"].value, "url": live_server.url}])


def looked_at(page: Page, title: str) -> None:
    """Accessible in light and dark, no wider than its window; with a picture where one is wanted."""
    page.wait_for_load_state("networkidle")
    axe = Axe()
    page.evaluate(axe.axe_script)
    for theme, width in (("light", 1280), ("dark", 1920)):
        page.set_viewport_size({"width": width, "height": 1000})
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        wide = page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
        assert wide <= 0, f"{title} is wider than its window by {wide} px"
        found = page.evaluate(f"axe.run({json.dumps(RULES)}).then(told => told.violations)")
        assert [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in found] == [], (
            f"{title}, {theme}"
        )
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{title}-{theme}-{width}.png")
    page.set_viewport_size({"width": 1280, "height": 1000})


def test_an_analyst_searches_looks_and_deletes(as_analyst, open_page):
    page = open_page("/quarantine?received=any")
    expect(page.locator("#quarantine tbody tr")).to_have_count(14)
    looked_at(page, "list")
    page.get_by_placeholder("Words or parts of").fill('subject:"invoice 4711"')
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page).to_have_url(re.compile("invoice"))
    rows = page.locator("#quarantine tbody tr")
    expect(rows.first).to_contain_text("Overdue invoice 4711")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    fly_out = page.locator("#flyout")
    expect(fly_out).to_contain_text("Overdue invoice 4711")
    looked_at(page, "fly-out")
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    page.get_by_role("button", name="Delete", exact=True).first.click()
    expect(fly_out).to_contain_text("Delete: 1 mail")
    fly_out.get_by_label("Reason").fill("a test of the quarantine")
    looked_at(page, "asking")
    fly_out.get_by_role("button", name="Delete").click()
    expect(fly_out).to_contain_text("copies deleted")
    assert QuarantinedCopy.objects.filter(status=CopyStatus.DELETED.value).exists()


def test_an_analyst_filters_opens_and_previews(as_analyst, open_page):
    page = open_page("/quarantine?received=any")
    page.get_by_role("button", name="Filters", exact=False).first.click()
    pane = page.locator("#flyout")
    pane.get_by_label("Spam", exact=True).check()
    looked_at(page, "filters")
    pane.get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile("reason=Spam"))
    page.get_by_role("link", name="Choose all under these filters").click()
    expect(page.get_by_text("All mails under these filters are chosen")).to_be_visible()
    newest = QuarantinedMail.objects.order_by("-received_at").first()
    page.goto(f"{page.url.split('/quarantine')[0]}/quarantine/{newest.pk}")
    expect(page.get_by_role("heading", name="Your mailbox is full")).to_be_visible()
    looked_at(page, "mail")
    page.get_by_role("link", name="Preview").click()
    frame = page.frame_locator("iframe.preview")
    expect(frame.locator("body")).to_contain_text("Please pay the enclosed invoice")
    expect(frame.locator("a, script, img[src]")).to_have_count(0)
    looked_at(page, "preview")
    page.goto(page.url.split("/quarantine")[0] + "/settings/quarantine-digest")
    looked_at(page, "digest")


def test_an_employee_looks_requests_and_deletes_by_link(open_page, context):
    name(QuarantinedCopy.objects.filter(recipient=ANN, mail__reason="Phishing").latest("held_at").mail)
    page = open_page(f"/quarantine/mine/{links.token_for(ANN, said=links.digest_settings())}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your quarantined mail")
    looked_at(page, "mine")
    phish = page.locator("article", has_text="Phishing").first
    phish.get_by_role("button", name="Preview").click()
    expect(page.frame_locator("iframe.preview").locator("body")).to_contain_text("Please pay")
    looked_at(page, "mine-preview")
    page.get_by_role("link", name="Back to the list").click()
    phish = page.locator("article", has_text="Phishing").first
    phish.get_by_role("textbox").fill("I wait for it")
    phish.get_by_role("button", name="Request release").click()
    expect(page.get_by_text("Your request was sent to the security team.")).to_be_visible()
    expect(page.locator("article", has_text="Release requested")).to_have_count(1)
    page.get_by_role("button", name="Block sender").first.click()
    expect(page.get_by_role("heading", name="Your senders")).to_be_visible()
    page.get_by_role("link", name="Deutsch").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ihre Nachrichten in Quarantäne")
    looked_at(page, "mine-german")
    before = page.locator("article").count()
    page.get_by_role("button", name="Löschen").first.click()
    expect(page.get_by_text("Die Nachricht wurde gelöscht.")).to_be_visible()
    expect(page.locator("article")).to_have_count(before - 1)
    assert context.cookies() == []


def test_an_old_link_says_so(open_page, complaints):
    page = open_page("/quarantine/mine/old")
    expect(page.get_by_role("heading", level=1)).to_have_text("This link does not work any more")
    looked_at(page, "mine-old")
    complaints[:] = [words for words in complaints if "status of 404" not in words]
