"""The frame and the kit in a real browser: keys, theme, grids, fly-outs, what goes wrong, and accessibility."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/gallery", "/search?q=invoice", "/settings", "/search"])
def test_a_page_is_accessible_and_the_browser_has_no_complaint(open_page, complaints, context, path, theme):
    context.add_init_script(f"localStorage.setItem('theme', '{theme}')")
    page = open_page(path)
    assert complaints == []
    # axe's script needs to be injected past our Content-Security-Policy: as the debugger, not as the page.
    session = context.new_cdp_session(page)
    session.send("Page.setBypassCSP", {"enabled": True})
    page.reload(wait_until="networkidle")
    violations = Axe().run(page, options={"runOnly": STANDARDS}).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in violations] == []


def test_the_fly_out_opens_moves_on_closes_and_forgets(open_page):
    page = open_page("/gallery")
    page.get_by_role("button", name="Open a fly-out").click()
    heading = page.locator("#flyout h2")
    expect(heading).to_have_text("Invoice 2")
    page.keyboard.press("j")
    expect(heading).to_have_text("Invoice 3")
    page.keyboard.press("k")
    expect(heading).to_have_text("Invoice 2")
    page.keyboard.press("Escape")
    expect(page.locator("#flyout-dialog")).not_to_be_visible()
    expect(page.locator("#flyout")).to_be_empty()


def test_rows_are_reached_selected_and_opened_by_key(open_page):
    page = open_page("/gallery")
    action = page.get_by_role("button", name="Take action")
    expect(action).to_be_disabled()
    for key in ("j", "j", "x", "j", "j", "Shift+X"):
        page.keyboard.press(key)
    expect(page.locator("#sample-grid tbody input:checked")).to_have_count(3)
    expect(action).to_be_enabled()
    page.keyboard.press("Enter")
    expect(page.locator("#flyout h2")).to_have_text("Invoice 4")


def test_one_box_selects_all_and_shift_a_range(open_page):
    page = open_page("/gallery")
    boxes = page.locator("#sample-grid tbody input")
    boxes.nth(1).click()
    boxes.nth(5).click(modifiers=["Shift"])
    expect(page.locator("#sample-grid tbody tr.selected")).to_have_count(5)
    page.get_by_label("Select all").check()
    expect(page.locator("#sample-grid tbody tr.selected")).to_have_count(8)


def test_chosen_columns_are_remembered(open_page):
    page = open_page("/gallery")
    head = page.locator("#sample-grid th", has_text="Recipients")
    expect(head).to_be_hidden()
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Recipients").check()
    expect(head).to_be_visible()
    page.reload()
    expect(head).to_be_visible()


def test_the_theme_and_the_narrow_navigation_are_remembered(open_page):
    page = open_page("/gallery")
    before = page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor")
    page.get_by_role("button", name="Switch between light and dark").click()
    page.get_by_role("button", name="Navigation").click()
    page.reload(wait_until="networkidle")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor") != before
    expect(page.get_by_role("button", name="Navigation")).to_have_attribute("aria-expanded", "false")


def test_keys_search_help_and_go(open_page):
    page = open_page("/gallery")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_label("Search everything")).to_be_focused()
    page.keyboard.type("g?/invoice")
    expect(page.get_by_label("Search everything")).to_have_value("g?/invoice")
    page.keyboard.press("Tab")
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.wait_for_url("**/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")


def test_danger_asks_first(open_page):
    page = open_page("/gallery")
    page.get_by_role("button", name="Asks first").click()
    dialog = page.get_by_role("dialog", name="Delete 14 mails")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    assert page.url.endswith("/gallery")
    page.get_by_role("button", name="Asks first").click()
    dialog.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/gallery?")


def test_a_chart_is_drawn_and_has_its_table(open_page):
    page = open_page("/gallery")
    figure = page.locator("#volume")
    expect(figure.locator("canvas").first).to_be_visible()
    table = figure.locator("table")
    expect(table).to_be_hidden()
    figure.get_by_role("button", name="Table").click()
    expect(table).to_be_visible()
    expect(table.locator("tbody tr")).to_have_count(7)


def test_a_click_on_a_bar_goes_where_it_says(open_page):
    page = open_page("/gallery")
    box = page.locator("#volume .chart-canvas").bounding_box()
    page.locator("#volume .chart-canvas").scroll_into_view_if_needed()
    page.locator("#volume .chart-canvas").click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    page.wait_for_url("**/search?q=2026-11-18")


def test_conditions_are_added_and_removed(open_page):
    page = open_page("/gallery")
    rows = page.locator("[data-rows] [data-row]")
    page.get_by_role("button", name="Add a condition").click()
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="Remove this condition").first.click()
    expect(rows).to_have_count(1)


def test_an_answer_that_is_an_error_is_said_in_words(open_page):
    page = open_page("/gallery")
    page.evaluate("htmx.ajax('GET', '/no/such/page', '#flyout')")
    expect(page.locator(".toast")).to_contain_text("There is nothing here")
    expect(page.locator("#flyout-dialog")).not_to_be_visible()


def test_a_server_out_of_reach_is_said_in_words(open_page):
    page = open_page("/gallery")
    page.route("**/gallery/flyout**", lambda route: route.abort())
    page.get_by_role("button", name="Open a fly-out").click()
    expect(page.locator(".toast")).to_contain_text("cannot be reached")


def test_an_ended_session_leads_to_signing_in_not_into_a_fly_out(open_page, context):
    page = open_page("/gallery")
    context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Open a fly-out").click()
    page.wait_for_url("**/sign-in?next=/gallery")


def test_a_toast_is_announced_and_dismissed(open_page):
    page = open_page("/gallery?toast=1")
    expect(page.get_by_role("status")).to_contain_text("could not be reached")
    page.locator(".toast-error").get_by_label("Dismiss").click()
    expect(page.locator(".toast-error")).to_have_count(0)


def test_the_cards_of_home_arrive_after_the_page(open_page, complaints):
    page = open_page("/")
    expect(page.locator("#card-mail_volume")).to_contain_text("No mail in the last 7 days")
    expect(page.locator("#card-top_targeted")).to_contain_text("Nobody was targeted")
    assert complaints == []


def test_a_fragment_that_is_an_error_is_shown_where_it_belongs(open_page):
    page = open_page("/gallery")
    body = "<header class='flyout-header'><h2>That password is too short</h2></header>"
    page.route("**/gallery/flyout**", lambda route: route.fulfill(status=400, content_type="text/html", body=body))
    page.get_by_role("button", name="Open a fly-out").click()
    expect(page.locator("#flyout h2")).to_have_text("That password is too short")
    expect(page.locator(".toast")).to_have_count(0)
