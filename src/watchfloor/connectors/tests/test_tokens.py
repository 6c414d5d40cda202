"""Access tokens are fetched with a refresh token from a real token server, kept while they last, and fetched anew."""

import json
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from labs.tls import certificate
from watchfloor.connectors.models import Connection
from watchfloor.connectors.selectors import settings_of
from watchfloor.connectors.services import add_connection, change_connection
from watchfloor.connectors.systems.imap.accounts import accounts_of
from watchfloor.connectors.systems.imap.renewing import StoredTokens
from watchfloor.connectors.systems.imap.tokens import Tokens, TokenServer
from watchfloor.kernel.errors import BadInput, NotConfigured, Unreachable

ADA, MAX = "ada@corp.example", "max@corp.example"


@dataclass
class Issuer:
    """A token server: hands out numbered tokens to who knows `valid`; with `rotate`, each refresh token works once."""

    valid: set[str] = field(default_factory=lambda: {"refresh-0"})
    seconds: object = 3600
    rotate: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    raw: tuple[int, bytes] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def answer(self, form: dict[str, str]) -> tuple[int, bytes]:
        with self.lock:
            self.asked.append(form)
            if self.raw:
                return self.raw
            if form.get("client_secret") != "client secret":
                return 401, b'{"error": "invalid_client"}'
            if form.get("grant_type") != "refresh_token" or form["refresh_token"] not in self.valid:
                return 400, b'{"error": "invalid_grant", "error_description": "used up\\r\\nX: y"}'
            given = {"access_token": f"access-{len(self.asked)}", "token_type": "Bearer", "expires_in": self.seconds}
            if self.rotate:
                self.valid = {f"refresh-{len(self.asked)}"}
                given["refresh_token"] = f"refresh-{len(self.asked)}"
            return 200, json.dumps(given).encode()


@contextmanager
def serving(issuer: Issuer, tls: ssl.SSLContext | None = None) -> Iterator[Issuer]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, body = issuer.answer({name: values[0] for name, values in parse_qs(said).items()})
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        issuer.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/token?tenant=corp"
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with serving(Issuer()) as running:
        yield running


class NothingStored:
    def renewed(self, server: TokenServer, old: str, new: str) -> None:
        """Nobody keeps it."""

    def stored(self, server: TokenServer, mailbox: str) -> str:
        return ""


def server_of(issuer: Issuer, **more: str) -> TokenServer:
    return TokenServer(issuer.url, "watchfloor", **{"client_secret": "client secret", **more})


def clocked(now: list[float]) -> Tokens:
    return Tokens(keeper=NothingStored(), clock=lambda: now[0])


def test_a_token_is_fetched_once_and_again_shortly_before_it_ends(issuer):
    now = [0.0]
    tokens = clocked(now)

    def token() -> str:
        return tokens.access(server_of(issuer), "refresh-0", mailbox=ADA)

    assert [token(), token()] == ["access-1", "access-1"]
    now[0] = 3539
    assert token() == "access-1"
    now[0] = 3541
    assert token() == "access-2"
    assert issuer.asked[0] == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-0",
        "client_id": "watchfloor",
        "client_secret": "client secret",
    }


@pytest.mark.parametrize(
    ("told", "lasts"), [("120", 60), (100, 50), (0, 0), (None, 240), ("soon", 240), (-5, 0), (1e9, 86_340)]
)
def test_how_long_a_token_lasts_is_what_the_server_says_within_reason(issuer, told, lasts):
    issuer.seconds = told
    now = [0.0]
    tokens = clocked(now)
    tokens.access(server_of(issuer), "refresh-0", mailbox=ADA)
    if lasts:
        now[0] = lasts - 1
        assert tokens.access(server_of(issuer), "refresh-0", mailbox=ADA) == "access-1"
    now[0] = lasts + 1
    assert tokens.access(server_of(issuer), "refresh-0", mailbox=ADA) == "access-2"


def test_many_threads_that_need_a_token_fetch_one(issuer):
    tokens = clocked([0.0])
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(lambda _: tokens.access(server_of(issuer), "refresh-0", mailbox=ADA), range(64)))
    assert (found, len(issuer.asked)) == ({"access-1"}, 1)


def test_a_token_that_the_mail_server_turned_down_is_fetched_anew(issuer):
    tokens = clocked([0.0])
    tokens.access(server_of(issuer), "refresh-0", mailbox=ADA)
    tokens.forget(server_of(issuer), "refresh-0")
    tokens.forget(server_of(issuer), "never seen")
    assert tokens.access(server_of(issuer), "refresh-0", mailbox=ADA) == "access-2"


def test_a_refusal_says_in_the_servers_words_what_is_wrong_on_one_line(issuer):
    with pytest.raises(NotConfigured, match="the token server refuses: invalid_grant: used upX: y"):
        server_of(issuer).refresh("unknown")
    with pytest.raises(NotConfigured, match="the token server refuses: invalid_client"):
        server_of(issuer, client_secret="wrong").refresh("refresh-0")


@pytest.mark.parametrize(
    "raw",
    [
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"access_token": ""}'),
        (200, b'{"access_token": 7}'),
        (200, b'{"access_token": "a\\r\\nb"}'),
        (302, b""),
        (429, b'{"error": "slow_down"}'),
        (503, b"busy"),
        (200, b" " * (2 << 20)),
    ],
)
def test_an_answer_without_a_token_may_be_better_later(issuer, raw):
    issuer.raw = raw
    with pytest.raises(Unreachable, match="without an access token"):
        server_of(issuer).refresh("refresh-0")


@pytest.mark.parametrize("url", ["http://login.example/token", "ftp://127.0.0.1/x", "login.example", ""])
def test_secrets_do_not_cross_the_network_in_the_clear(url):
    with pytest.raises(NotConfigured, match="must start with https://"):
        TokenServer(url, "watchfloor", "secret").refresh("refresh-0")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/token", "http://127.0.0.1:99999/", "https://[::1/"])
def test_a_token_server_that_is_not_there_is_unreachable(url):
    with pytest.raises(Unreachable, match="does not answer"):
        TokenServer(url, "watchfloor", "secret").refresh("refresh-0")


def test_a_private_authority_is_trusted_when_it_is_named_and_only_then(tmp_path):
    cert, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with serving(Issuer(), context) as issuer:
        assert server_of(issuer, ca_file=str(cert)).refresh("refresh-0").access == "access-1"
        with pytest.raises(Unreachable, match="certificate"):
            server_of(issuer).refresh("refresh-0")


def test_no_secret_shows_when_a_server_or_a_token_is_printed(issuer):
    server = server_of(issuer)
    assert "client secret" not in repr(server)
    assert "access-1" not in repr(server.refresh("refresh-0"))


# --- as a connection ----------------------------------------------------------------------------------------------


def wanted(issuer: Issuer, **more: str) -> dict[str, str]:
    return {
        "host": "127.0.0.1",
        "sign_in_with": "xoauth2",
        "token_url": issuer.url,
        "client_id": "watchfloor",
        "client_secret": "client secret",
        "mailboxes": f"{ADA}\n{MAX}",
        **more,
    }


def test_one_refresh_token_serves_every_mailbox_without_its_own(issuer):
    issuer.valid |= {"ada's"}
    accounts = accounts_of(wanted(issuer, credentials=f"{ADA} ada's", refresh_token=" refresh-0\n"))
    assert accounts.user_and_secret(ADA) == (ADA, "access-1")
    assert accounts.user_and_secret(MAX) == (MAX, "access-2")
    assert [form["refresh_token"] for form in issuer.asked] == ["ada's", "refresh-0"]


def test_without_a_token_address_a_token_is_used_as_it_is():
    accounts = accounts_of({"host": "127.0.0.1", "sign_in_with": "xoauth2", "credentials": f"{ADA} access"})
    assert accounts.user_and_secret(ADA) == (ADA, "access")
    assert not accounts.turned_down(ADA)


@pytest.fixture
def connected(max, issuer):
    """An IMAP connection whose token server replaces each refresh token it is shown."""
    from watchfloor.access.selectors import actor_of

    issuer.rotate = True
    return add_connection(
        by=actor_of(max), name="Mail", kind="imap", settings=wanted(issuer, refresh_token="refresh-0")
    )


def stored() -> dict[str, str]:
    return settings_of(Connection.objects.get())


def test_a_replaced_refresh_token_is_stored_sealed_and_nothing_starts_anew(connected, issuer):
    Connection.objects.create(
        name="Other", kind="imap", settings={"token_url": "https://x.example"}, created_at=connected.created_at,
        changed_at=connected.created_at,
    )  # fmt: skip
    tokens = Tokens(keeper=StoredTokens())
    assert tokens.access(server_of(issuer), "refresh-0", mailbox=ADA) == "access-1"
    kept = Connection.objects.get(name="Mail")
    assert (settings_of(kept)["refresh_token"], kept.revision) == ("refresh-1", connected.revision)
    assert "refresh-1" not in str(kept.settings)
    tokens.forget(server_of(issuer), "refresh-0")
    assert tokens.access(server_of(issuer), "refresh-0", mailbox=ADA) == "access-2", "who was told the old one goes on"
    assert tokens.access(server_of(issuer), "refresh-2", mailbox=ADA) == "access-2", "and so does who reads the new one"


def test_a_mailboxs_own_token_is_replaced_in_its_line(connected, issuer, max):
    from watchfloor.access.selectors import actor_of

    lines = f"{MAX} other\n{ADA}  refresh-0"
    change_connection(by=actor_of(max), name="Mail", settings=wanted(issuer, credentials=lines))
    StoredTokens().renewed(server_of(issuer), "refresh-0", "refresh-9")
    assert stored()["credentials"].split() == [MAX, "other", ADA, "refresh-9"]
    assert stored()["refresh_token"] == "refresh-9"


def test_a_process_whose_token_another_process_used_up_takes_the_stored_one(connected, issuer):
    ours, theirs = Tokens(keeper=StoredTokens()), Tokens(keeper=StoredTokens())
    ours.access(server_of(issuer), "refresh-0", mailbox=ADA)
    theirs.access(server_of(issuer), "refresh-1", mailbox=ADA)
    ours.forget(server_of(issuer), "refresh-0")
    assert ours.access(server_of(issuer), "refresh-0", mailbox=ADA).startswith("access-")
    assert stored()["refresh_token"] in issuer.valid


def test_a_token_that_nobody_replaced_stays_refused(connected, issuer):
    issuer.valid.clear()
    with pytest.raises(NotConfigured, match="invalid_grant"):
        Tokens(keeper=StoredTokens()).access(server_of(issuer), "refresh-0", mailbox=ADA)


def test_secrets_are_asked_for_again_when_the_token_address_changes(connected, issuer, max):
    from watchfloor.access.selectors import actor_of

    moved = {**wanted(issuer), "token_url": "https://evil.example/token", "client_secret": ""}
    with pytest.raises(BadInput, match="again, as it would be sent to another place"):
        change_connection(by=actor_of(max), name="Mail", settings=moved)
