"""An administrator's alerts: a policy is written and tried before it is saved; an expected alert is tuned, hidden, and raised after all."""

import contextlib
import email
import email.policy
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from labs import free_ports, wait_until
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


SECRET = "a secret of enough characters"
TOMBOLA = """From: Fair <fair@tombola.example>\r
To: {to}\r
Subject: Quarterly tombola\r
Message-ID: <{to}.tombola@tombola.example>\r
Date: Mon, 23 Nov 2026 09:00:00 +0000\r
\r
Draw number {to} is yours.\r
"""


class Receivers:
    """A mail server and a program that takes webhooks, both real and on this machine."""

    def __init__(self):
        self.mails, self.posts = [], []
        receivers = self

        class Hook(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receivers.posts.append((dict(self.headers), body))
                self.send_response(200)
                with contextlib.suppress(OSError):
                    self.end_headers()

            def log_message(self, *_):
                pass

        (port,) = free_ports(1)
        self.post_office = Controller(self, hostname="127.0.0.1", port=port)
        self.hook = ThreadingHTTPServer(("127.0.0.1", 0), Hook)

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(email.message_from_bytes(envelope.original_content, policy=email.policy.default))
        return "250 queued"

    def alerts(self, title):
        """Posted alerts of this title whose signature fits."""
        found = []
        for headers, body in self.posts:
            at, _, given = headers["Watchfloor-Signature"].removeprefix("t=").partition(",v1=")
            digest = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
            said = json.loads(body)
            if hmac.compare_digest(digest, given) and said.get("resource", {}).get("title") == title:
                found.append(said["resource"])
        return found


@pytest.fixture
def receivers(demo):
    found = Receivers()
    found.post_office.start()
    threading.Thread(target=found.hook.serve_forever, daemon=True).start()
    post = {"host": "127.0.0.1", "port": str(found.post_office.port), "security": "none"}
    demo.home.ask(
        "connect", name="notices", kind="smtp_out", settings={**post, "from_address": "watch@haldenwirth.example"}
    )
    hook = {"url": f"http://127.0.0.1:{found.hook.server_address[1]}/soar", "secret": SECRET, "inside": "yes"}
    demo.home.ask("connect", name="soar", kind="webhook", settings=hook)
    yield found
    for name in ("notices", "soar"):
        demo.home.ask("disconnect", name=name)
    found.post_office.stop()
    found.hook.shutdown()
    found.hook.server_close()


def test_a_threshold_reached_by_real_mails_raises_one_alert_told_by_mail_and_webhook(demo, desk, receivers):
    page = desk.new_page()
    complaints = complaints_of(page)
    page.goto(f"{demo.url}/settings/detections/add?f=Subject~contains%20any%20of~tombola")
    page.get_by_label("Name of its alerts").fill("Many tombolas")
    page.get_by_label("When it happens so often within a time").check()
    page.get_by_label("At least").fill("3")
    page.get_by_label("each by itself for").select_option("SenderFromAddress")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("at least 3 of them for one sender address within 1 hour")).to_be_visible()
    page.get_by_role("link", name="Severity and notifications").click()
    page.get_by_label("Told by mail").fill("soc@haldenwirth.example")
    page.get_by_label("soar").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("By webhook: soar")).to_be_visible()

    for name in ("a", "b", "c"):
        to = f"{name}.story@haldenwirth.example"
        demo.home.ask("take_in", raw=TOMBOLA.format(to=to), recipients=[to])
    wait_until(lambda: receivers.alerts("Many tombolas"), seconds=90, what="the webhook's delivery")
    wait_until(lambda: receivers.mails, seconds=90, what="the mail of the alert")
    (alert,) = receivers.alerts("Many tombolas")
    assert alert["severity"] == "medium"
    assert {"fair@tombola.example"} == {
        one["p2Sender"]["emailAddress"] for one in alert["evidence"] if "p2Sender" in one
    }
    (mail,) = [one for one in receivers.mails if "Many tombolas" in one["Subject"]]
    assert mail["To"] == "soc@haldenwirth.example"
    assert alert["alertWebUrl"].rpartition("/")[2] in mail.get_content()

    page.goto(f"{demo.url}/alerts/{alert['id']}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Many tombolas")
    expect(page.locator(".story-tree")).to_contain_text("Quarterly tombola")
    accessible(page)
    page.goto(f"{demo.url}/settings/webhook-deliveries")
    page.locator(".grid tbody a").first.click()
    page.wait_for_url("**/webhook-deliveries/*")
    accessible(page)
    assert complaints == []
