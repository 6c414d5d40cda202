"""A real browser, signed in as Ada, in front of the real pages."""

from urllib.parse import urlsplit

import pytest

from labs import need


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {
        **browser_type_launch_args,
        "executable_path": need("chromium", "google-chrome"),
        "chromium_sandbox": False,
        "args": ["--disable-gpu"],
    }


@pytest.fixture(scope="session")
def base_url():
    """Replaces the plugin's own fixture, of a form that this pytest warns of; addresses come from live_server."""
    return ""


@pytest.fixture
def complaints():
    """What the browser complained about: script errors, blocked content, failed requests."""
    return []


@pytest.fixture
def open_page(transactional_db, live_server, as_ada, context, complaints):
    """Open an address as Ada; what the browser complains about is collected."""
    cookie = {"name": "sessionid", "value": as_ada.cookies["sessionid"].value, "url": live_server.url}
    context.add_cookies([cookie])

    def opened(path):
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(f"failed: {urlsplit(request.url).path}"))
        page.goto(f"{live_server.url}{path}")
        page.wait_for_load_state("networkidle")
        return page

    return opened
