"""An administrator reads a report, narrows it, follows a bar to its mails, takes it away as files, and has it sent by mail."""

import email
import email.policy
import re

import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import Page, expect

from labs import free_ports, wait_until
from tests.stories.conftest import ADMIN, Demo, sign_in

pytestmark = [pytest.mark.lab, pytest.mark.browser, pytest.mark.slow]


class Box:
    def __init__(self):
        self.taken = []

    async def handle_DATA(self, server, session, envelope):
        self.taken.append(email.message_from_bytes(envelope.original_content, policy=email.policy.default))
        return "250 queued"


@pytest.fixture
def box(demo: Demo):
    """A mail server that takes what the sample organisation sends."""
    handler = Box()
    (port,) = free_ports(1)
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settings = {"host": "127.0.0.1", "port": str(port), "security": "none", "from_address": "watch@haldenwirth.example"}
    lines = demo.home.ask("connect", name="post", kind="smtp_out", settings=settings)
    assert all(ok for ok, _ in lines), lines
    yield handler
    controller.stop()


@pytest.fixture
def admin(page: Page, demo: Demo) -> Page:
    sign_in(page, demo, email=ADMIN, password=demo.password)
    return page


def test_a_report_is_read_narrowed_followed_and_taken_away(admin: Page, demo: Demo):
    admin.goto(f"{demo.url}/reports")
    admin.get_by_role("link", name="Threat protection status").click()
    admin.get_by_role("link", name="30 days").click()
    expect(admin.locator("#report .chart-canvas canvas")).to_be_visible()
    admin.get_by_role("navigation", name="Sides of this report").get_by_role("link", name="Phish", exact=True).click()
    admin.get_by_label("Chart by").select_option("Delivery status")
    admin.get_by_role("button", name="Show").click()
    lines = admin.locator("#report-lines")
    expect(lines).to_contain_text("Delivered")
    shared = admin.url
    row = lines.get_by_role("row").filter(has_text="Delivered")
    count = row.locator("td").nth(1).inner_text()
    row.get_by_role("link").click()
    expect(admin).to_have_url(re.compile(r"/explorer\?"))
    expect(admin.get_by_role("navigation", name="Pages")).to_contain_text(f"of {count}", timeout=20_000)
    admin.goto(shared)
    expect(admin.get_by_label("Chart by")).to_have_value("delivery")
    with admin.expect_download() as csv:
        admin.get_by_role("link", name="Export").click()
    assert csv.value.path().read_text(encoding="utf-8-sig").startswith('"Timestamp","Subject"')
    with admin.expect_download() as pdf:
        admin.get_by_role("link", name="PDF").click()
    assert pdf.value.path().read_bytes().startswith(b"%PDF-")
    admin.locator("#report-rows tbody a").first.click()
    expect(admin).to_have_url(re.compile("/email/"))


def test_a_requested_report_arrives_by_mail_and_a_schedule_shows_its_turns(admin: Page, demo: Demo, box: Box):
    admin.goto(f"{demo.url}/reports/mail-flow?range=30d")
    admin.get_by_role("link", name="Schedule or request").click()
    admin.get_by_label("Name").fill("For the board")
    admin.get_by_label("Recipients").fill("nobody")
    admin.get_by_label("Send it").select_option("Once, now")
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("is not a mail address")).to_be_visible()
    admin.get_by_label("Recipients").fill("board@haldenwirth.example")
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_role("heading", name="Schedules")).to_be_visible()
    wait_until(lambda: box.taken, seconds=120)
    (got,) = box.taken
    assert got["Subject"].startswith("For the board: Mail flow status")
    kinds = [part.get_content_type() for part in got.iter_attachments()]
    assert kinds == ["application/pdf", "text/csv"]
    wait_until(lambda: _says_sent(admin), seconds=60, what="the outbox to note that it was taken")
    admin.goto(f"{demo.url}/settings/outgoing-mail")
    expect(admin.locator("#outgoing-grid")).to_contain_text("For the board")
    admin.goto(f"{demo.url}/reports/schedules")
    admin.get_by_role("button", name="Remove").click()
    expect(admin.get_by_text("Nothing is scheduled")).to_be_visible()


def _says_sent(admin: Page) -> bool:
    admin.reload()
    return "Sent" in admin.locator("#schedules-grid").inner_text()
