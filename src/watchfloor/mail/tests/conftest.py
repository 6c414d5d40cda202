"""Mails as they really come: accepted raw, inspected, stored; only the worker processes are left out."""

from collections.abc import Callable
from concurrent.futures import Future
from email.message import EmailMessage

import pytest

from labs import need
from watchfloor.connectors.selectors import tenant_facts
from watchfloor.connectors.services import accept
from watchfloor.inspection.services import inspect
from watchfloor.kernel.clock import utc_now
from watchfloor.lake.ingest import ingest_pending
from watchfloor.lake.models import Email

Receive = Callable[..., str]

PHISH_HTML = (
    "<html><body><p>Your mailbox is full. <a href='https://evil.example/login?u=ann'>https://corp.example/login</a></p>"
    "<img src='https://evil.example/pixel.gif'><script>alert(1)</script></body></html>"
)


class InProcess:
    """The inspection pool without its processes."""

    def submit(self, raw, envelope, now):
        future = Future()
        future.set_result(inspect(raw, envelope=envelope, facts=tenant_facts(), now=now))
        return future


@pytest.fixture
def received(transactional_db) -> Receive:
    """Lets one mail come in and gives its NetworkMessageId; `raw` goes in as it is, else a message is built."""

    def receive(
        *,
        raw: bytes = b"",
        to: tuple[str, ...] = ("ann@corp.example",),
        subject: str = "Mailbox full",
        text: str = "Your mailbox is full.",
        html: str = PHISH_HTML,
        files: tuple[tuple[str, bytes], ...] = (),
        sender: str = "IT <it@evil.example>",
    ) -> str:
        known = set(Email.objects.values_list("pk", flat=True))
        now = utc_now()
        accept(
            raw or built(to=to, subject=subject, text=text, html=html, files=files, sender=sender),
            source="test",
            received_at=now,
            mail_from="bounce@evil.example",
            recipients=to,
            client_ip="203.0.113.9",
            folder="INBOX",
        )
        ingest_pending(InProcess(), 10, now)
        return (set(Email.objects.values_list("pk", flat=True)) - known).pop()

    return receive


def built(*, to, subject, text, html, files, sender) -> bytes:
    """A message of these parts."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(to)
    message["Subject"] = subject
    message["Message-ID"] = f"<{abs(hash((subject, text, html)))}@evil.example>"
    message["Date"] = "Sat, 21 Nov 2026 10:00:00 +0000"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    program = need("chromium", "google-chrome")
    return {**browser_type_launch_args, "executable_path": program, "chromium_sandbox": False}


@pytest.fixture(scope="session")
def base_url():
    """Replaces the plugin's own fixture, of a form that this pytest warns of; addresses come from live_server."""
    return ""


@pytest.fixture
def requested():
    """Every address that the browser asked for."""
    return []


@pytest.fixture
def open_page(received, live_server, as_ada, context, requested):
    """Opens an address as Ada in a real browser."""
    cookie = {"name": "sessionid", "value": as_ada.cookies["sessionid"].value, "url": live_server.url}
    context.add_cookies([cookie])

    def opened(path):
        page = context.new_page()
        page.on("request", lambda request: requested.append(request.url))
        page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
        page.goto(f"{live_server.url}{path}")
        page.wait_for_load_state("networkidle")
        return page

    return opened
