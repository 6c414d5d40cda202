"""One HTTP API spoken to with patience: tokens renewed, 429 and Retry-After honoured, answers bounded, errors as our types.

A token is only ever sent to the origin the connection names, whatever address an answer holds.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import httpx

from watchfloor.connectors.contracts import TooLarge
from watchfloor.kernel.errors import BadInput, Conflict, NotConfigured, NotFound, Unreachable, WatchfloorError

log = logging.getLogger(__name__)
logging.getLogger("httpx").setLevel(logging.WARNING)  # it would write a line for every question

TIMEOUT = httpx.Timeout(60.0, connect=10.0)
LARGEST = 64 << 20
"""Bytes of one answer."""
ATTEMPTS = 6
LONGEST_WAIT = 300.0
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
LONGEST_MESSAGE = 300


class StartAgain(WatchfloorError):
    """The server has forgotten where we were (410): read from the beginning."""

    retry = True


class Token(Protocol):
    def header(self) -> str: ...

    def forget(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is the JSON, None when there is none; header names are small."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def object(self) -> dict[str, Any]:
        """The body where it is an object, else an empty one."""
        return self.body if isinstance(self.body, dict) else {}


def checked_address(url: str, *, setting: str) -> str:
    """The address without a closing slash. Raises NotConfigured unless it is https (http on this machine only)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if (
        parts.hostname
        and port != 0
        and not parts.username
        and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))
    ):
        return url.rstrip("/")
    raise NotConfigured("the address must start with https:// (http only on this machine)", place=setting)


class Rest:
    """Answers of the API at `base`. `pause(seconds)` waits; `attempts` bounds how often one question is asked."""

    def __init__(
        self,
        base: str,
        token: Token,
        *,
        pause: Callable[[float], None] = time.sleep,
        attempts: int = ATTEMPTS,
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        self.base = checked_address(base, setting="url")
        self._token, self._pause, self._attempts, self._longest = token, pause, attempts, longest_wait
        self._opened: httpx.Client | None = None

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    @property
    def _client(self) -> httpx.Client:
        """Made when it is first needed: reading the system's authorities takes longer than everything else here."""
        if self._opened is None:
            self._opened = httpx.Client(timeout=TIMEOUT, follow_redirects=False)
        return self._opened

    def __enter__(self) -> "Rest":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, path: str, **query: str) -> Answer:
        return self.ask("GET", path, query=query)

    def post(self, path: str, body: Any = None, **query: str) -> Answer:
        return self.ask("POST", path, query=query, body=body)

    def ask(self, method: str, path: str, *, query: Mapping[str, str] | None = None, body: Any = None) -> Answer:
        """One answer of status 2xx; `path` may be a whole address of the same origin.

        Raises Unreachable (asked often enough), NotConfigured (401, 403), NotFound, StartAgain (410), BadInput (other 4xx).
        """
        url, renewed = self._url(path), False
        for attempt in range(1, self._attempts + 1):
            try:
                answer = self._once(method, url, query, body)
            except httpx.HTTPError as error:
                self._wait(attempt, None, f"{type(error).__name__}: {error}")
                continue
            if answer.status in (401, 403) and not renewed:
                renewed = True  # it has ended, or was issued before a permission was granted
                self._token.forget()
            elif answer.status in _LATER:
                self._wait(attempt, _told_to_wait(answer), f"it answers {answer.status}")
            else:
                return _well(answer, urlsplit(url).path)
        raise Unreachable(f"{urlsplit(self.base).hostname} did not answer {urlsplit(url).path}")

    def download(self, path: str, *, most: int) -> bytes:
        """The bytes at `path`, following one redirection to where they lie; our token is not sent there.

        Raises TooLarge beyond `most`, and what `ask` raises.
        """
        url, token = self._url(path), self._token.header()
        for attempt in range(1, self._attempts + 1):
            try:
                status, headers, raw = self._bytes(url, token, most)
            except httpx.HTTPError as error:
                self._wait(attempt, None, f"{type(error).__name__}: {error}")
                continue
            answer = Answer(status, None if status < 400 else _json(raw), headers)
            if status in (301, 302, 303, 307, 308) and token:
                url, token = _elsewhere(self.base, urljoin(url, headers.get("location", ""))), ""
            elif status in _LATER:
                self._wait(attempt, _told_to_wait(answer), f"it answers {status}")
            else:
                _well(answer, urlsplit(url).path)
                return raw
        raise Unreachable(f"{urlsplit(self.base).hostname} did not give {urlsplit(url).path}")

    def _bytes(self, url: str, token: str, most: int) -> tuple[int, dict[str, str], bytes]:
        said = bytearray()
        with self._client.stream("GET", url, headers={"Authorization": token} if token else {}) as response:
            for piece in response.iter_bytes():
                said += piece
                if len(said) > most:
                    raise TooLarge(f"it is larger than {most >> 20} MB", place=urlsplit(url).path)
        return response.status_code, {k.lower(): v for k, v in response.headers.items()}, bytes(said)

    def pages(self, path: str, **query: str) -> Iterator[Answer]:
        """Each page of an OData list, following `@odata.nextLink`."""
        answer = self.get(path, **query)
        yield answer
        while link := answer.object.get("@odata.nextLink"):
            answer = self.get(str(link))
            yield answer

    def _url(self, path: str) -> str:
        if not path.startswith(("http://", "https://")):
            return f"{self.base}{path}"
        if _origin(path) != _origin(self.base):
            raise BadInput(f"the answer points to another server, {_origin(path)}", place="link")
        return path

    def _once(self, method: str, url: str, query: Mapping[str, str] | None, body: Any) -> Answer:
        headers = {"Authorization": self._token.header(), "Accept": "application/json"}
        options = dict(query) if query else None
        with self._client.stream(method, url, params=options, json=body, headers=headers) as response:
            said = bytearray()
            for piece in response.iter_bytes():
                said += piece
                if len(said) > LARGEST:
                    raise BadInput(f"the answer is larger than {LARGEST >> 20} MB", place=urlsplit(url).path)
        return Answer(response.status_code, _json(bytes(said)), {k.lower(): v for k, v in response.headers.items()})

    def _wait(self, attempt: int, told: float | None, why: str) -> None:
        """As long as the server says, else twice as long each time. Raises Unreachable when that is too long, or was the last."""
        seconds = min(2.0**attempt / 2, 60.0) if told is None else told
        if attempt >= self._attempts or seconds > self._longest:
            raise Unreachable(f"{urlsplit(self.base).hostname}: {why}")
        log.info("waiting %.1f s for %s: %s", seconds, self.base, why)
        self._pause(seconds)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _elsewhere(base: str, url: str) -> str:
    """Where an answer sends us. Raises NotConfigured for plain http, and for this machine when another one says so."""
    if urlsplit(checked_address(url, setting="link")).hostname in LOOPBACK and urlsplit(base).hostname not in LOOPBACK:
        raise NotConfigured("the answer points to this machine", place="link")
    return url


def _told_to_wait(answer: Answer) -> float | None:
    """Seconds the server asks for: Retry-After, or Okta's moment at which its count begins anew."""
    try:
        if "retry-after" in answer.headers:
            return max(0.0, float(answer.headers["retry-after"]))
        if "x-rate-limit-reset" in answer.headers:
            return max(1.0, float(answer.headers["x-rate-limit-reset"]) - time.time() + 1.0)
    except ValueError:
        pass
    return None


def _json(said: bytes) -> Any:
    try:
        return json.loads(said) if said.strip() else None
    except (ValueError, RecursionError):
        return None


def _well(answer: Answer, path: str) -> Answer:
    if 200 <= answer.status < 300:
        return answer
    words = message_of(answer) or f"it answers {answer.status}"
    if answer.status in (401, 403):
        raise NotConfigured(f"not allowed: {words}", place=path)
    if answer.status == 404:
        raise NotFound(words, place=path)
    if answer.status == 409:
        raise Conflict(words, place=path)
    if answer.status == 410:
        raise StartAgain(words, place=path)
    raise BadInput(words, place=path)


def message_of(answer: Answer) -> str:
    """What the server says went wrong, on one line; Graph, Okta and Google each have their place for it."""
    error = answer.object.get("error")
    inner = error if isinstance(error, dict) else {}
    found = next(
        (
            text
            for text in (
                inner.get("message"),
                answer.object.get("error_description"),
                answer.object.get("errorSummary"),
                error,
            )
            if isinstance(text, str)
        ),
        "",
    )
    return "".join(c if c.isprintable() else " " for c in found[:LONGEST_MESSAGE]).strip()
