"""Mailboxes of a real Dovecot that takes OAuth 2 tokens, with tokens fetched from a real token server."""

import base64
import hmac
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from labs import wait_until
from labs.dovecot import Dovecot
from watchfloor.connectors import jobs
from watchfloor.connectors.contracts import Folder, Target
from watchfloor.connectors.models import Accepted
from watchfloor.connectors.registry import systems
from watchfloor.connectors.services import add_connection
from watchfloor.connectors.systems.imap import watching
from watchfloor.runtime.selectors import health

ADA, MAX = "ada@corp.example", "max@corp.example"
KEY = b"0123456789abcdef0123456789abcdef"
OAUTH = """
auth_mechanisms = plain login xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
"""

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.lab]


def signed(user: str, seconds: int) -> str:
    """A JWT as an identity provider would sign it."""
    now = int(time.time())
    parts = ({"alg": "HS256", "typ": "JWT"}, {"email": user, "sub": user, "exp": now + seconds, "iat": now - 10})
    words = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    seal = base64.urlsafe_b64encode(hmac.new(KEY, words, "sha256").digest()).rstrip(b"=")
    return (words + b"." + seal).decode()


class TokenLab(ThreadingHTTPServer):
    """Knows one refresh token a mailbox, `refresh for <address>`; its access tokens are good for `seconds`."""

    seconds = 600
    revoked = False
    given = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/token"

    def answer(self, form: dict[str, list[str]]) -> tuple[int, dict[str, object]]:
        user = form["refresh_token"][0].removeprefix("refresh-for-")
        if self.revoked or user not in {ADA, MAX}:
            return 400, {"error": "invalid_grant"}
        self.given += 1
        return 200, {"access_token": signed(user, self.seconds), "expires_in": self.seconds}


class Handler(BaseHTTPRequestHandler):
    server: TokenLab

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        status, said = self.server.answer(form)
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def issuer() -> Iterator[TokenLab]:
    server = TokenLab(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    keys = Path(tempfile.mkdtemp(prefix="wfo"))
    keys.chmod(0o755)
    (keys / "default" / "HS256").mkdir(parents=True)
    (keys / "default" / "HS256" / "default").write_text(base64.b64encode(KEY).decode())
    (keys / "oauth2.conf").write_text(
        f"introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix={keys}/\nusername_attribute = email\n"
    )
    with Dovecot(users=[ADA, MAX], more=OAUTH.format(folder=keys)) as server:
        yield server


def settings(dovecot: Dovecot, issuer: TokenLab, **more: str) -> dict[str, str]:
    return {
        "host": "127.0.0.1",
        "port": str(dovecot.imap_port),
        "security": "none",
        "sign_in_with": "xoauth2",
        "credentials": f"{ADA} refresh-for-{ADA}\n{MAX} refresh-for-{MAX}",
        "token_url": issuer.url,
        "client_id": "watchfloor",
        "seconds": "1",
        "act": "yes",
        **more,
    }


def mail(number: int) -> bytes:
    return b"From: x@evil.example\r\nMessage-ID: <%d@evil.example>\r\nSubject: %d\r\n\r\nbody\r\n" % (number, number)


def test_the_connections_test_fetches_a_token_and_says_who_can_be_signed_in(dovecot, issuer):
    report = systems()["imap"].test(settings(dovecot, issuer))
    assert any(f"can sign in to {ADA}" in words for ok, words in report.lines if ok), (report.lines, dovecot.log())
    issuer.revoked = True
    report = systems()["imap"].test(settings(dovecot, issuer, client_id="another"))
    assert (False, "cannot sign in: the token server refuses: invalid_grant") in report.lines


def test_mail_is_read_on_after_the_first_tokens_have_ended(dovecot, issuer, max, monkeypatch):
    from watchfloor.access.selectors import actor_of

    monkeypatch.setattr(watching, "IDLE_AT_MOST", 0)  # signs in for every look, as it does for many mailboxes
    issuer.seconds = 2
    dovecot.deliver(mail(1), to=[ADA, MAX])
    add_connection(by=actor_of(max), name="Mail", kind="imap", settings=settings(dovecot, issuer))
    try:
        jobs.supervise()
        wait_until(lambda: Accepted.objects.count() == 2, what="the first mails")
        first = issuer.given
        time.sleep(3)
        dovecot.deliver(mail(2), to=[ADA, MAX])
        wait_until(lambda: Accepted.objects.count() == 4, what="mail after the first tokens ended")
        assert issuer.given >= first + 2
    finally:
        jobs.stop_all()
    assert not any(one.state == "failing" for one in health())


def test_actions_fetch_tokens_too_and_a_revoked_one_is_that_mailboxs_trouble(dovecot, issuer):
    dovecot.deliver(mail(1), to=[ADA, MAX])
    actions = systems()["imap"].actions(
        settings(dovecot, issuer, credentials=f"{ADA} refresh-for-{ADA}\n{MAX} refresh-for-nobody", client_id="third")
    )
    targets = [Target(ADA, "<1@evil.example>"), Target(MAX, "<1@evil.example>")]
    outcomes = dict(actions.move(list(actions.find(targets)), to=Folder.JUNK))
    assert (outcomes[targets[0]].status, outcomes[targets[0]].verified) == ("moved", True)
    assert outcomes[targets[1]].status == "failed"
    assert "invalid_grant" in outcomes[targets[1]].why


def test_a_revoked_token_shows_in_the_connections_health(dovecot, issuer, max):
    from watchfloor.access.selectors import actor_of

    issuer.revoked = True
    add_connection(by=actor_of(max), name="Mail", kind="imap", settings=settings(dovecot, issuer, client_id="fourth"))
    try:
        jobs.supervise()
        wait_until(
            lambda: any("invalid_grant" in one.sentence for one in health() if one.state == "failing"),
            what="the health to say so",
        )
    finally:
        jobs.stop_all()
