"""An employee clicks; an analyst blocks, and the link stops; the pages of the allow/block list: in a real browser."""

import threading

import pytest
from playwright.sync_api import expect

from labs import wait_until
from watchfloor.access.selectors import actor_of
from watchfloor.intelligence.models import Entry
from watchfloor.kernel.clock import utc_now
from watchfloor.response.clicks import policy
from watchfloor.response.clicks.models import KnownBad
from watchfloor.response.clicks.snapshot import WATCH
from watchfloor.response.clicks.tokens import Link, sign
from watchfloor.response.tests.test_accounts_browser import (  # noqa: F401  # fixtures
    base_url,
    browser_type_launch_args,
    check,
    complaints,
    open_page,
)

pytestmark = pytest.mark.browser
MAIL = "ab" * 32
LIST = "/settings/allow-block-list"


@pytest.fixture
def protection(transactional_db, max, settings, tmp_path):
    """Click protection with override, and nothing known yet."""
    settings.HOME = tmp_path
    WATCH.forget()
    yield policy.change(
        by=actor_of(max),
        enabled=True,
        internal=False,
        override=True,
        exempt_domains=[],
        exempt_recipients=[],
        at=utc_now(),
    )
    WATCH.forget()
    wait_until(lambda: not any(one.name == "clicks" for one in threading.enumerate()), what="the end of the watch")


@pytest.fixture
def employee(browser, complaints):  # noqa: F811  # the fixture
    """A browser that never signed in."""
    context = browser.new_context()
    page = context.new_page()
    page.on("console", lambda told: complaints.append(told.text) if "Content Security" in told.text else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()


def target(live_server):
    """Another host, as a browser sees it, that answers."""
    return live_server.url.replace("localhost", "127.0.0.1") + "/sign-in"


def link(live_server, protection, who="ada@corp.example"):
    return f"{live_server.url}/click/{sign(Link(target(live_server), MAIL, who), key=protection.key)}"


def test_an_analyst_blocks_a_url_and_the_link_stops(live_server, protection, open_page, employee):  # noqa: F811
    address = link(live_server, protection)
    employee.goto(address)
    expect(employee.get_by_role("heading", name="Sign in")).to_be_visible()
    assert employee.url == target(live_server)

    page = open_page(f"{LIST}/add?kind=url&value=127.0.0.1")
    check(page, "entries-add")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("applies to the next mail, and to the next click")).to_be_visible()
    wait_until(lambda: "url:127.0.0.1" in WATCH.snapshot().facts.blocked, what="the entry at the click")

    employee.goto(address)
    expect(employee.get_by_role("heading", name="This link is blocked")).to_be_visible()
    expect(employee.get_by_text("Your organisation blocks this address.")).to_be_visible()
    expect(employee.get_by_role("button")).to_have_count(0)
    check(employee, "click-blocked")


def test_an_employee_reads_why_and_goes_on_past_a_warning(live_server, protection, employee):
    KnownBad.objects.create(key="host:127.0.0.1", threat="Phish", mail="m", at=utc_now())
    employee.goto(link(live_server, protection))
    expect(employee.get_by_role("heading", name="This link may be harmful")).to_be_visible()
    expect(employee.get_by_text("127.0.0.1", exact=True)).to_be_visible()
    check(employee, "click-warned")
    employee.get_by_role("button", name="Go on anyway").click()
    expect(employee.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_damaged_link_opens_nothing_and_says_so(live_server, protection, employee):
    employee.goto(link(live_server, protection)[:-4])
    expect(employee.get_by_role("heading", name="This link was not made here")).to_be_visible()
    check(employee, "click-unsigned")


def test_the_settings_say_what_is_protected_and_the_test_link_comes_back(open_page, protection, settings, live_server):  # noqa: F811
    page = open_page("/settings/click-protection")
    check(page, "click-settings")
    page.get_by_label("Links to these domains stay as they are").fill("corp.example")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The click protection is changed")).to_be_visible()
    assert policy.current().exempt_domains == {"corp.example"}
    target = page.get_by_role("link", name="Try a protected link").get_attribute("href")
    assert "/click/" in target


def test_many_entries_are_added_chosen_and_changed_at_once(open_page, protection):  # noqa: F811
    page = open_page(f"{LIST}/add?kind=domain")
    page.get_by_label("Values, one a line").fill("a.example\nb.example\nc.example")
    page.get_by_label("Note").fill("seen in the July campaign")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("3 entries apply to the next mail")).to_be_visible()
    for name in ("a.example", "b.example"):
        page.get_by_label(f"Choose {name}").check()
    check(page, "entries-list")
    page.get_by_label("Chosen entries last").select_option("90")
    page.get_by_role("button", name="Apply to chosen").click()
    expect(page.get_by_text("2 of the chosen entries")).to_be_visible()
    assert len({one.expires_at for one in Entry.objects.all()}) == 2


def test_allowing_directly_needs_a_reason_and_warns(open_page, protection, complaints):  # noqa: F811
    page = open_page(f"{LIST}/add?kind=domain&value=partner.example&effect=allow")
    expect(page.get_by_text("Allowing opens a door")).to_be_visible()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("say why this is allowed")).to_be_visible()
    assert ["400" in one for one in complaints] == [True]  # the browser tells of the refused form
    complaints.clear()
    page.get_by_label("Note").fill("Their invoices were taken for phish")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("link", name="partner.example")).to_be_visible()
    page.get_by_role("link", name="partner.example").click()
    expect(page.get_by_text("Review due")).to_be_visible()
    check(page, "entries-flyout")
    assert Entry.objects.get().review_at is not None


def test_a_spoofed_pair_is_blocked_on_its_own_tab(open_page, protection):  # noqa: F811
    page = open_page(f"{LIST}?tab=spoofs")
    expect(page.get_by_text("No spoofed senders")).to_be_visible()
    page.get_by_role("link", name="Add entries").click()
    page.get_by_label("Values, one a line").fill("corp.example, 192.0.2.0/24")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("link", name="corp.example,192.0.2.0/24")).to_be_visible()
    check(page, "entries-spoofs")
