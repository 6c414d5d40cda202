"""Acting on people in a real browser: by keyboard from the person to the ledger, options, passwords shown once, accessibility."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from labs import need
from watchfloor.connectors.contracts import AccountVerb
from watchfloor.response import queueing
from watchfloor.response.accounts import settings_view, systems
from watchfloor.response.models import Remediation
from watchfloor.response.tests.small_directory import SmallDirectory, account
from watchfloor.response.tests.test_accounts_engine import carry_out, person

V = AccountVerb
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


@pytest.fixture(autouse=True)
def connected(monkeypatch):
    ldap = SmallDirectory("corp-ldap", {name: account() for name in ("ann", "bob")})
    boxes = {f"{name}@corp.example": account() for name in ("ann", "bob")}
    mail = SmallDirectory("mail", boxes, can=frozenset({V.END_SESSIONS, V.STOP_FORWARDING}), by_mail=True)
    for module in (systems, settings_view):
        monkeypatch.setattr(module, "account_actions", lambda: {"corp-ldap": ldap, "mail": mail})
    monkeypatch.setattr(queueing, "enqueue", lambda *arguments, id: None)


@pytest.fixture
def open_page(transactional_db, live_server, as_max, context, complaints):
    """Opens an address as Max."""
    context.add_cookies([{"name": "sessionid", "value": as_max.cookies["sessionid"].value, "url": live_server.url}])

    def opened(path):
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{live_server.url}{path}")
        page.wait_for_load_state("networkidle")
        return page

    return opened


@pytest.fixture
def ann(transactional_db):
    return person("Ann", "corp-ldap")


def check(page, name: str) -> None:
    """Accessible in light and dark, no wider than its window; a picture of each when somebody wants to look."""
    page.evaluate(Axe().axe_script)
    wide = page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
    assert wide <= 0, f"{name} is {wide} px wider than its window"
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        found = page.evaluate(f"axe.run({json.dumps(RULES)}).then(told => told.violations)")
        assert not found, (name, theme, [(one["id"], [node["html"] for node in one["nodes"]][:2]) for one in found])
        if PICTURES:
            page.screenshot(path=str(Path(PICTURES) / f"{name}-{theme}.png"))
    page.evaluate("document.documentElement.dataset.theme = 'light'")


def carried_out(one: Remediation) -> Remediation:
    return carry_out(one, systems.systems_of(one, clock=lambda: datetime.now(UTC)))


def test_from_the_choice_to_the_ledger_by_keyboard_alone(open_page, ann):
    page = open_page(f"/actions/people/new?person={ann}")
    check(page, "people-choose")
    page.get_by_label("Suspend").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Suspend")).to_be_visible()
    expect(page.get_by_text("suspend would change")).to_be_visible()
    check(page, "people-review")
    page.get_by_label("Reason").fill("phished")
    page.get_by_label("I have checked that it is meant for Ann.").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Start").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("“Suspend: Ann” has started.")).to_be_visible()
    one = Remediation.objects.get()
    carried_out(one)
    page = open_page(one.href)
    expect(page.get_by_role("row", name="Ann ann@corp.example corp-ldap Suspend")).to_be_visible()
    check(page, "people-ledger")


def test_ticked_options_show_what_they_would_change_before_anything_is_started(open_page, ann):
    page = open_page(f"/actions/people/new?action=confirm-compromised&person={ann}")
    expect(page.get_by_text("the risk becomes High")).to_be_visible()
    page.get_by_label("Suspend the accounts").check()
    page.get_by_label("Force a password reset").check()
    page.get_by_role("button", name="Show what the ticked steps would change").click()
    expect(page.get_by_text("reset-password would change")).to_be_visible()
    expect(page.get_by_label("Suspend the accounts")).to_be_checked()
    check(page, "people-confirm")
    assert not Remediation.objects.exists()


def test_the_temporary_password_is_shown_once(open_page, ann):
    page = open_page(f"/actions/people/new?action=reset-password&person={ann}")
    page.get_by_label("Reason").fill("phished")
    page.get_by_label("I have checked that it is meant for Ann.").check()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("has started.")).to_be_visible()
    one = carried_out(Remediation.objects.get())
    one.account_lines.update(secret_until=datetime(2100, 1, 1, tzinfo=UTC))
    page = open_page(one.href)
    page.get_by_role("button", name="Show the temporary passwords, once").click()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Temp-1234")).to_be_visible()
    check(page, "people-passwords")
    page.goto(page.url.removesuffix("/passwords"))
    expect(page.get_by_role("button", name="Show the temporary passwords, once")).to_have_count(0)


def test_the_account_settings_lead_to_an_action_on_one_account(open_page, ann):
    page = open_page(f"/identities/{ann}/account-settings")
    check(page, "people-accounts")
    page.get_by_role("link", name="Suspend").first.click()
    expect(page.get_by_text("only corp-ldap|ann").first).to_be_visible()
