"""The sample organisation, live: `watchfloor demo` as a person starts it, on a free port, with its own Dovecot, in Chromium."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from labs import end, free_ports, need
from tests.stories.homes import Home
from tests.stories.killing import halt, start

PASSWORD = "correct horse battery staple"
ADMIN, NOBODY = "admin@haldenwirth.example", "eve@haldenwirth.example"
PHISH = "it-service@haldenwirth-sso.example"
"""The sender of the sample organisation's credential phish."""
INVOICE = "billing@ostrava-castlngs.example"
"""The sender of its malware."""
MAILS = 300


@dataclass(frozen=True)
class Demo:
    """Where it runs, how to sign in, the process inside its home, its words, and its Dovecot's port and master user."""

    url: str
    password: str
    home: Home
    log: Path
    imap_port: int
    master: tuple[str, str]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {
        **browser_type_launch_args,
        "executable_path": need("chromium"),
        "chromium_sandbox": False,
        "args": [
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }


@pytest.fixture(scope="session")
def base_url():
    """Replaces the plugin's own fixture, of a form that this pytest warns of."""
    return ""


running: list[subprocess.Popen[bytes]] = []
"""The sample organisation of this process, if any story asked for it yet."""


@pytest.fixture(scope="module", autouse=True)
def awake() -> Iterator[None]:
    """The sample organisation stands still behind its stories: its worker would take a sixth of a processor from all other tests."""
    for one in running:
        halt(one, until_woken=False)
    yield
    for one in running:
        halt(one, until_woken=True)


@pytest.fixture(scope="session")
def demo() -> Iterator[Demo]:
    """The whole product with some hundred mails, three attacks, real mailboxes; built once for all stories."""
    need("/usr/sbin/dovecot")
    folder = Path(tempfile.mkdtemp(prefix="wfs"))
    folder.chmod(0o755)  # Dovecot's own user must reach its mailboxes
    home = folder / "home"
    home.mkdir(mode=0o755)
    (port,) = free_ports(1)
    inside = Home(
        home,
        WATCHFLOOR_LISTEN=f"127.0.0.1:{port}",
        WATCHFLOOR_OWN_DOMAINS="haldenwirth.example",
        WATCHFLOOR_AUTHSERV_IDS="mx.haldenwirth.example",
        COLUMNS="200",
    )
    log = folder / "demo.log"
    server = start(
        "-m", "watchfloor.config.cli", "demo", "--mails", str(MAILS), environ=inside.environ, log=log
    )  # fmt: skip
    running.append(server)
    try:
        password = inside.until(lambda: _password(log, server), seconds=180, what=f"the demo's start, see {log},")
        with inside:
            inside.ask("person", email=NOBODY, name="Eve", password=PASSWORD, roles=[])
            yield Demo(
                f"http://127.0.0.1:{port}",
                password,
                inside,
                log,
                _imap_port(log),
                _master(home / "dovecot" / "masters"),
            )
    finally:
        running.remove(server)
        halt(server, until_woken=False)
        server.terminate()  # it ends its parts and its Dovecot, each in a session of its own
        server.wait(timeout=40)
        end(server)
        shutil.rmtree(folder, ignore_errors=True)


def _password(log: Path, server) -> str:
    words = log.read_text(errors="replace")
    assert server.poll() is None, words
    found = re.search(r"with the password\s+(\S+)\s+\(shown only now\)", words)
    return found[1] if found else ""


def _imap_port(log: Path) -> int:
    return int(re.search(r"The sample Dovecot listens on 127\.0\.0\.1:(\d+)", log.read_text())[1])


def _master(file: Path) -> tuple[str, str]:
    name, password = file.read_text().split(":")[:2]
    return name, password.removeprefix("{PLAIN}")


def sign_in(page: Page, demo: Demo, *, email: str, password: str) -> None:
    answer = page.goto(f"{demo.url}/sign-in")
    assert answer.ok, demo.log.read_text(errors="replace")[-3000:]
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{demo.url}/")


@pytest.fixture(scope="session")
def signed_in(demo, browser: Browser) -> dict:
    """The cookies of the demo's one person, from signing in as people do."""
    with browser.new_context() as context:
        sign_in(context.new_page(), demo, email=ADMIN, password=demo.password)
        return context.storage_state()


@pytest.fixture
def desk(signed_in, browser: Browser) -> Iterator[BrowserContext]:
    """A browser at 1280 × 800, signed in."""
    with browser.new_context(
        storage_state=signed_in, viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
    ) as context:
        context.set_default_timeout(60_000)
        yield context


@pytest.fixture
def stranger(demo, browser: Browser) -> Iterator[BrowserContext]:
    """A browser in which Eve, who has no role, signed in."""
    with browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce") as context:
        context.set_default_timeout(60_000)
        sign_in(context.new_page(), demo, email=NOBODY, password=PASSWORD)
        yield context


def complaints_of(page: Page) -> list[str]:
    """A list that fills with what the browser complains about: script errors, blocked content, failed requests."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("response", lambda got: found.append(f"{got.status} {got.url}") if got.status >= 500 else None)
    return found
