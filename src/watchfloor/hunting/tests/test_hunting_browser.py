"""The hunting page in a real browser: keys of the editor, rows chosen over pages, from rows to the incident, accessibility."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from labs import need
from watchfloor.access.selectors import actor_of
from watchfloor.hunting.custom.keeping import Plan, save
from watchfloor.hunting.custom.running import run_due
from watchfloor.incidents.models import Alert
from watchfloor.incidents.promotion import promote
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.ids import uuid7
from watchfloor.lake.services import append

pytestmark = pytest.mark.browser

QUERY = "EmailEvents | project NetworkMessageId, RecipientEmailAddress, Subject | sort by Subject asc"


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
def open_page(transactional_db, live_server, as_ada, context, complaints):
    """Opens an address as Ada."""
    context.add_cookies([{"name": "sessionid", "value": as_ada.cookies["sessionid"].value, "url": live_server.url}])

    def opened(path):
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on(
            "console", lambda told: complaints.append(f"{told.text} {told.location}") if told.type == "error" else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{live_server.url}{path}")
        page.wait_for_load_state("networkidle")
        return page

    return opened


@pytest.fixture
def mails(transactional_db):
    """Puts so many mails into the lake, with subjects that sort by their number."""

    def put(count, **columns):
        at = utc_now() - timedelta(hours=1)
        rows = [
            {
                "Timestamp": at,
                "NetworkMessageId": str(uuid7(at=at)),
                "RecipientEmailAddress": "ann@corp.example",
                "SenderFromAddress": "x@evil.example",
                "Subject": f"Mail {number:03}",
                **columns,
            }
            for number in range(count)
        ]
        append("EmailEvents", rows)

    return put


def hunting(query, **more):
    return f"/hunting?{urlencode({'query': query, 'range': '30d', **more})}"


def test_keys_run_lay_out_and_run_the_selected_part_alone(mails, open_page):
    mails(3)
    page = open_page(hunting(f"EmailEvents|count;\n{QUERY}"))
    area = page.locator("#query")
    area.focus()
    area.press("Shift+Alt+KeyF")
    expect(area).to_have_value("EmailEvents\n| count;\n" + QUERY.replace(" |", "\n|"))
    area.press("Control+z")
    expect(area).to_have_value(f"EmailEvents|count;\n{QUERY}")
    area.evaluate("area => area.setSelectionRange(0, 'EmailEvents|count'.length)")
    area.press("Control+Enter")
    expect(page.locator("#answer table.answer-table tbody tr")).to_have_count(1)
    expect(page.locator("#answer table.answer-table tbody td").last).to_have_text("3")


def test_rows_stay_chosen_over_pages_sorting_and_narrowing(mails, open_page):
    mails(120)
    page = open_page(hunting(QUERY, run="1"))
    act = page.locator("#answer button[hx-post='/actions/new']")
    rows = page.locator("#answer table.answer-table tbody tr")
    expect(rows).to_have_count(100)
    expect(act).to_be_disabled()
    rows.nth(0).locator("input").check()
    page.get_by_role("button", name="Next page").click()
    expect(rows).to_have_count(20)
    rows.nth(0).locator("input").check()
    expect(act.locator("[data-count]")).to_have_text("2")
    page.get_by_placeholder("Rows that hold…").fill("Mail 000")
    expect(rows).to_have_count(1)
    expect(rows.nth(0).locator("input")).to_be_checked()
    rows.nth(0).locator("input").uncheck()
    expect(act.locator("[data-count]")).to_have_text("1")
    page.get_by_placeholder("Rows that hold…").fill("")
    head = page.locator("#answer th button", has_text="Subject")
    head.click()
    head.click()
    expect(rows.nth(0)).to_contain_text("Mail 119")
    act.click()
    expect(page.locator("#flyout h2").first).to_have_text("Take action")
    expect(page.locator("#flyout")).to_contain_text("1 chosen message")


def test_from_rows_to_the_incident_and_back_to_the_query(mails, open_page):
    mails(2)
    page = open_page(hunting(QUERY, run="1"))
    page.get_by_label("Select every row shown").check()
    page.get_by_role("button", name="Link to incident").click()
    page.get_by_label("Title of the alert").fill("Two odd mails")
    page.locator("#flyout").get_by_role("button", name="Link").click()
    expect(page.locator("#flyout")).to_contain_text("raised within seconds")
    promote(now=utc_now())
    page.get_by_role("link", name="Open the alert").click()
    expect(page.get_by_text("Rows of a query", exact=False).first).to_be_visible()
    expect(page.get_by_role("region", name="Linked rows").locator("tbody tr")).to_have_count(2)
    number = Alert.objects.get().incident_id
    page.goto(page.url.split("/alerts/")[0] + f"/incidents/{number}?tab=alerts")
    page.get_by_role("link", name="Run query").click()
    expect(page.locator("#answer table.answer-table tbody tr")).to_have_count(2)


def test_a_detection_is_tried_and_saved_from_the_query_being_written(mails, open_page):
    mails(2)
    page = open_page(hunting(QUERY))
    page.get_by_role("button", name="Create detection").click()
    page.get_by_label("Title of its alerts").fill("Every mail")
    page.get_by_role("button", name="Back-test 30 days").click()
    expect(page.locator("#back-test")).to_contain_text("2 alerts would have been raised")
    page.locator("#flyout").get_by_role("button", name="Save").click()
    page.wait_for_url("**/hunting/detections/*")
    expect(page.get_by_role("heading", name="Every mail")).to_be_visible()


def test_the_pages_are_accessible_and_no_wider_than_their_window(ada, mails, open_page, context):
    mails(3, Subject="A very long subject " * 20)
    by = actor_of(ada)
    fields = {
        "severity": "low",
        "every_minutes": 60,
        "look_back_minutes": 240,
        "entities": (("NetworkMessageId", "analyzedMessage", "source"),),
    }
    row = save(plan=Plan(title="Detection " * 18, text="EmailEvents", **fields), by=by, now=utc_now())
    save(plan=Plan(title="Bad", text="EmailEvents | where Subject has 'x'", **fields), by=by, now=utc_now())
    run_due(now=utc_now())
    promote(now=utc_now())
    paths = (hunting("EmailEvents", run="1"), "/hunting/samples", "/hunting/usage", "/hunting/detections", row.href)
    page = open_page("/hunting")
    page.set_viewport_size({"width": 1280, "height": 800})
    context.new_cdp_session(page).send("Page.setBypassCSP", {"enabled": True})
    standards = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    for path in paths:
        page.goto(page.url.split("/hunting")[0] + path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        violations = Axe().run(page, options={"runOnly": standards, "preload": False}).response["violations"]
        assert [(path, one["id"], [node["html"][:200] for node in one["nodes"]]) for one in violations] == []
