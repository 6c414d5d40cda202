"""Access tokens that last: each is fetched with a refresh token, kept until shortly before it ends, and fetched anew (RFC 6749, 6)."""

import json
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from watchfloor.kernel.errors import NotConfigured, Unreachable

TIMEOUT_SECONDS = 20.0
LONGEST_ANSWER = 1 << 20
EARLY_SECONDS = 60.0
"""A token is used some moments after it is asked for, and clocks differ."""
USUAL_SECONDS = 300.0
"""How long a token is used whose server does not say how long it lasts."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class TokenServer:
    """The token endpoint `url` and who we are there; `ca_file` is trusted beside the system's authorities."""

    url: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    ca_file: str = ""

    def refresh(self, refresh_token: str) -> "Granted":
        """Ask once. Raises NotConfigured when the server refuses us, Unreachable when it does not answer or makes no sense."""
        fields = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": self.client_id}
        if self.client_secret:
            fields["client_secret"] = self.client_secret
        status, answer = self._ask(urlencode(fields))
        if 400 <= status < 500 and status != 429:
            why = _words(answer, "error"), _words(answer, "error_description")
            raise NotConfigured(f"the token server refuses: {': '.join(filter(None, why)) or status}", place=self.url)
        token = answer.get("access_token")
        if status != 200 or not isinstance(token, str) or not token.isprintable() or not token:
            raise Unreachable(f"the token server answers {status} without an access token", place=self.url)
        return Granted(token, _seconds(answer.get("expires_in")), _words(answer, "refresh_token", longest=10_000))

    def _ask(self, form: str) -> tuple[int, dict[str, Any]]:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        try:
            parts = urlsplit(self.url)
            path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
            with closing(self._connection()) as connection:
                connection.request("POST", path, form, headers)
                response = connection.getresponse()
                said = response.read(LONGEST_ANSWER)
        except (OSError, HTTPException, ValueError) as error:
            raise Unreachable(f"the token server does not answer: {error}", place=self.url) from error
        try:
            answer = json.loads(said)
        except ValueError:
            answer = None
        return response.status, answer if isinstance(answer, dict) else {}

    def _connection(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        if parts.scheme == "https" and parts.hostname:
            context = ssl.create_default_context()
            if self.ca_file:
                context.load_verify_locations(self.ca_file)
            return HTTPSConnection(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS, context=context)
        if parts.scheme == "http" and parts.hostname in LOOPBACK:
            return HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_SECONDS)
        raise NotConfigured("the token address must start with https:// (http only on this machine)", place=self.url)


@dataclass(frozen=True, slots=True)
class Granted:
    """What a token server gave: an access token for so many seconds, and a new refresh token or none."""

    access: str = field(repr=False)
    seconds: float
    refresh: str = field(default="", repr=False)


@dataclass(slots=True)
class _Held:
    """What is known of one refresh token: its newest successor, and the access token that ends at `ends`."""

    refresh: str
    access: str = ""
    ends: float = float("-inf")
    lock: threading.Lock = field(default_factory=threading.Lock)


class Keeper(Protocol):
    """Where refresh tokens are stored, so that one which its server replaced outlives this process."""

    def renewed(self, server: TokenServer, old: str, new: str) -> None: ...

    def stored(self, server: TokenServer, mailbox: str) -> str: ...


class Tokens:
    """Access tokens of this process, by server and refresh token; asked by many threads, fetched by one."""

    def __init__(self, *, keeper: Keeper, clock: Callable[[], float] = time.monotonic) -> None:
        self._held: dict[tuple[TokenServer, str], _Held] = {}
        self._lock = threading.Lock()
        self._keeper, self._clock = keeper, clock

    def access(self, server: TokenServer, refresh_token: str, *, mailbox: str) -> str:
        """A token that is good for some moments at least. Errors as `TokenServer.refresh`."""
        with self._lock:
            held = self._held.setdefault((server, refresh_token), _Held(refresh_token))
        with held.lock:
            if self._clock() >= held.ends:
                self._fetch(server, held, mailbox)
            return held.access

    def forget(self, server: TokenServer, refresh_token: str) -> None:
        """The mail server turned the token down before its time: the next question fetches another."""
        with self._lock:
            held = self._held.get((server, refresh_token))
        if held is not None:
            with held.lock:
                held.ends = float("-inf")

    def _fetch(self, server: TokenServer, held: _Held, mailbox: str) -> None:
        try:
            granted = server.refresh(held.refresh)
        except NotConfigured:
            stored = self._keeper.stored(server, mailbox)  # another process of ours may have had it replaced
            if stored in {"", held.refresh}:
                raise
            held.refresh = stored
            granted = server.refresh(stored)
        held.access = granted.access
        held.ends = self._clock() + max(granted.seconds - EARLY_SECONDS, granted.seconds / 2)
        if granted.refresh and granted.refresh != held.refresh:
            self._keeper.renewed(server, held.refresh, granted.refresh)
            held.refresh = granted.refresh
            with self._lock:
                self._held[server, granted.refresh] = held


def _seconds(told: object) -> float:
    try:
        return max(0.0, min(float(str(told)), 86_400.0))
    except ValueError:
        return USUAL_SECONDS


def _words(answer: dict[str, Any], name: str, *, longest: int = 200) -> str:
    """A text of the answer on one line; a token server writes into our health page."""
    found = answer.get(name)
    return "".join(c for c in found[:longest] if c.isprintable()) if isinstance(found, str) else ""
