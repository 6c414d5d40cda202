"""Reports through a real Dovecot, triaged in a real browser: the folder, the report mailbox, the mark, the answer."""

import json
import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import expect

from labs import need
from labs.dovecot import Dovecot
from watchfloor.connectors.folders import FolderNames
from watchfloor.connectors.models import Connection, Outgoing
from watchfloor.connectors.systems.imap.reading import Reader
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.services import leave_unfiltered
from watchfloor.response.submissions.models import ReportGroup, UserReport
from watchfloor.response.submissions.policy import report_addresses
from watchfloor.response.submissions.reading import read_reports, settle_waiting
from watchfloor.response.tests.submitted import PHISH, ingest, report_with
from watchfloor.response.tests.test_submissions_reading import set_up

PEOPLE = ("ann@corp.example", "bob@corp.example", "phish@corp.example")
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "resultTypes": ["violations"],
    "preload": False,
}
PICTURES = os.environ.get("WATCHFLOOR_PICTURES", "")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {**browser_type_launch_args, "executable_path": need("chromium"), "chromium_sandbox": False}


@pytest.fixture(scope="session")
def base_url():
    """Replaces the plugin's own fixture, of a form that this pytest warns of."""
    return ""


@pytest.fixture
def dovecot():
    with Dovecot(users=PEOPLE) as server:
        yield server


@pytest.fixture
def reported(transactional_db, dovecot):
    """Ann moves the phish into her report folder, Bob reports his copy to the mailbox; both are read by IMAP."""
    settings = {"host": "127.0.0.1", "port": "9", "security": "none", "from_address": "soc@corp.example"}
    Connection.objects.create(
        name="out", kind="smtp_out", settings=settings, created_at=utc_now(), changed_at=utc_now()
    )
    set_up(addresses=["phish@corp.example"], folders=["Report phish"])
    leave_unfiltered(report_addresses)
    dovecot.deliver(PHISH, to=PEOPLE[:2])
    read(dovecot)
    with dovecot.admin("ann@corp.example") as box:
        box.create_folder("Report phish")
        box.select_folder("INBOX")
        box.move(box.search("ALL"), "Report phish")
    dovecot.deliver(report_with(PHISH, by="bob@corp.example"), to=["phish@corp.example"])
    read(dovecot)
    yield
    leave_unfiltered(frozenset)


def read(server: Dovecot) -> None:
    """Every mailbox by IMAP, then the rounds of the worker."""
    for mailbox in PEOPLE:
        with server.admin(mailbox) as box:
            Reader("mailboxes", mailbox, FolderNames()).read(box, stop=lambda: False)
    for _ in range(2):
        ingest()
        read_reports(now=utc_now())
        settle_waiting(now=utc_now())


@pytest.mark.lab
def test_a_folder_and_a_mailbox_of_a_real_server_bring_reports_of_one_mail(reported):
    told = {(one.reporter, one.via) for one in UserReport.objects.all()}
    assert told == {("ann@corp.example", "Report folder"), ("bob@corp.example", "Report mailbox")}
    group = ReportGroup.objects.get()
    assert group.reporters == 2
    assert len(set(UserReport.objects.values_list("network_message_id"))) == 1


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
            page.screenshot(path=str(Path(PICTURES) / f"{name}-{theme}.png"), full_page=True)
    page.evaluate("document.documentElement.dataset.theme = 'light'")


@pytest.mark.lab
@pytest.mark.browser
def test_an_analyst_marks_a_reported_mail_and_every_reporter_is_answered(reported, live_server, ada, context):
    client = Client()
    client.force_login(ada)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    said: list[str] = []
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("console", lambda told: said.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{live_server.url}/submissions")
    check(page, "queue")
    page.get_by_role("link", name="Your password ends today").click()
    card = page.get_by_role("dialog")
    expect(card.get_by_text("2 reporters").first).to_be_visible()
    card.get_by_label("Note to the reporters").fill("Thank you, well seen.")
    card.get_by_role("radio", name="Phishing").check()
    expect(card.get_by_text("Thank you, well seen.", exact=False).last).to_be_visible()
    expect(card.get_by_text("Your report: it was phishing")).to_be_visible()
    check(page, "card-in-flyout")
    Outgoing.objects.all().delete()
    card.get_by_role("button", name="Mark", exact=True).click()
    expect(page.get_by_text("Marked as phishing; 2 reporters will hear of it.")).to_be_visible()
    check(page, "card")
    assert sorted(mail.to[0] for mail in Outgoing.objects.all()) == ["ann@corp.example", "bob@corp.example"]
    for what in ("", "?what=url", "?what=file"):
        page.goto(f"{live_server.url}/submissions/new{what}")
        check(page, f"new{what[6:]}")
    page.get_by_label("SHA-256").fill("a" * 64)
    page.get_by_role("button", name="Submit", exact=True).click()
    expect(page.get_by_role("heading", name="Checks")).to_be_visible()
    check(page, "submission")
    page.goto(f"{live_server.url}/submissions?group=sender&show=threats")
    check(page, "grouped")
    assert said == []
