"""Hostile mail in a real browser, from Explorer's row to the preview: nothing runs, nothing is fetched from outside."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

HOSTILE = (
    "<html><head><style>@import 'https://evil.example/a.css'</style><meta http-equiv=refresh content='0;url=/sign-out'></head>"
    "<body background='https://evil.example/b.png' onload='alert(1)'><p>Dear Ann</p>"
    "<img src='https://evil.example/c.png' onerror='alert(1)'><script>fetch('/sign-out')</script>"
    "<a href='https://evil.example/d' target=_top>Pay now</a><svg onload='alert(1)'></svg>"
    "<form action='https://evil.example/e'><button>Send</button></form></body></html>"
)


def test_a_preview_shows_the_words_and_asks_nobody_outside_for_anything(received, open_page, requested, live_server):
    page = open_page(f"/email/{received(html=HOSTILE)}/preview")
    frame = page.frame_locator("iframe.preview")
    expect(frame.get_by_text("Dear Ann")).to_be_visible()
    expect(frame.get_by_text("[https://evil.example/d]")).to_be_visible()
    expect(frame.locator("a, form, script, img[src^=http]")).to_have_count(0)
    assert all(address.startswith((live_server.url, "data:")) for address in requested)
    assert not any("/sign-out" in address for address in requested)


def test_the_previews_own_style_is_allowed_and_applies(received, open_page):
    page = open_page(f"/email/{received(html=HOSTILE)}/preview")
    body = page.frame_locator("iframe.preview").locator("body")
    expect(body).to_have_css("margin-top", "16px")


def test_from_a_row_of_explorer_to_the_fly_out_and_on_with_the_keyboard(received, open_page):
    for number in range(3):
        received(subject=f"Mail {number} \u202e<b>", text=f"text {number}", html="")
    page = open_page("/explorer")
    expect(page.locator("#mails tbody tr")).to_have_count(3)
    for key in ("j", "j", "Enter"):
        page.keyboard.press(key)
    heading = page.locator("#flyout h2")
    expect(heading).to_have_text("Mail 1 ⟨RLO⟩<b>")
    page.keyboard.press("j")
    expect(heading).to_have_text("Mail 0 ⟨RLO⟩<b>")
    page.keyboard.press("Escape")
    expect(page.locator("#flyout-dialog")).not_to_be_visible()


def test_take_action_opens_beside_the_ticked_rows(received, open_page):
    received()
    page = open_page("/explorer")
    action = page.get_by_role("button", name="Take action")
    expect(action).to_be_disabled()
    page.get_by_label("Select Mailbox full").check()
    action.click()
    expect(page.locator("#flyout h2")).to_have_text("Take action")


@pytest.mark.parametrize(
    "path", ["/explorer", "/explorer?tab=urls", "/email/{key}", "/email/{key}?tab=analysis", "/email/{key}/preview"]
)
def test_the_pages_are_accessible(received, open_page, context, path):
    key = received()
    page = open_page(path.format(key=key))
    context.new_cdp_session(page).send("Page.setBypassCSP", {"enabled": True})
    page.reload(wait_until="networkidle")
    standards = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    violations = Axe().run(page, options={"runOnly": standards}).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in violations] == []
