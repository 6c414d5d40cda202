"""rspamd's HTTP protocol: one mail to /checkv2 with its envelope in headers (https://docs.rspamd.com/developers/protocol)."""

import json
import math
import re
import ssl
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from watchfloor.connectors.contracts import AcceptedMail, Opinion
from watchfloor.connectors.protocols.deadline import Deadline
from watchfloor.kernel.errors import BadInput, NotConfigured, Unreachable

LONGEST_ANSWER = 4 << 20
MOST_RECIPIENTS = 100
MOST_SYMBOLS = 5
NOTHING_WRONG = frozenset({"no action", "greylist", "soft reject"})
"""To have a mail come again later is no judgement of it."""
_PHISH = re.compile(r"PHISH|SPOOF_|FAKE_BANK")
_VIRUS = re.compile(r"VIRUS|MALWARE")
_UNSAFE = re.compile(r"[^\x20-\x7e]+")


@dataclass(frozen=True, slots=True)
class Result:
    """What rspamd says of one mail: `threshold` is the score from which it rejects; `symbols` are (name, score, words)."""

    action: str
    score: float
    threshold: float
    symbols: tuple[tuple[str, float, str], ...]


@dataclass(frozen=True, slots=True)
class Rspamd:
    """The worker at `url`; `password` is the controller's, empty for a normal worker."""

    who: str
    url: str
    password: str = ""
    ca_file: str = ""
    seconds: float = 5.0
    largest: int = 25 << 20

    def __call__(self, raw: bytes, *, mail: AcceptedMail) -> tuple[Opinion, ...]:
        if len(raw) > self.largest:
            raise BadInput(f"the mail is larger than {self.largest >> 20} MB")
        result = self.check(raw, envelope_of(mail))
        if result.action in NOTHING_WRONG or result.score <= 0:
            return ()
        names = tuple(name for name, _, _ in result.symbols)
        return (
            Opinion(
                who=self.who,
                kind="rspamd",
                words=f"{self.who} scored {result.score:.1f} (threshold {result.threshold:g}, “{result.action}”)"
                + _because(result),
                score=result.score,
                threshold=result.threshold,
                threat=_threat(names),
                symbols=names,
            ),
        )

    def warning(self) -> str:
        return ""

    def check(self, raw: bytes, envelope: list[tuple[str, str]]) -> Result:
        """Ask about one mail. Raises Unreachable, or NotConfigured when the password is refused."""
        return _read(self._ask("POST", "/checkv2", raw, envelope))

    def ping(self) -> str:
        """The name and version the server gives. Raises like `check`, and when it is no rspamd."""
        said = self._ask("GET", "/ping", b"", [])
        if not said.startswith(b"pong"):
            raise NotConfigured("something answers there, but it is no rspamd worker")
        return "rspamd"

    def _ask(self, method: str, path: str, body: bytes, headers: list[tuple[str, str]]) -> bytes:
        deadline = Deadline(self.seconds)
        try:
            with closing(self._connection()) as connection:
                connection.connect()
                connection.sock.settimeout(deadline.left())
                connection.putrequest(method, urlsplit(self.url).path.rstrip("/") + path, skip_accept_encoding=True)
                for name, value in [*headers, *([("Password", self.password)] if self.password else [])]:
                    connection.putheader(name, value)
                connection.putheader("Content-Length", str(len(body)))
                connection.endheaders(body)
                response = connection.getresponse()
                chunks: list[bytes] = []
                while chunk := response.read1(1 << 16):
                    chunks.append(chunk)
                    if sum(map(len, chunks)) > LONGEST_ANSWER:
                        raise Unreachable(f"it answers more than {LONGEST_ANSWER >> 20} MB")
                    if connection.sock is not None:
                        connection.sock.settimeout(deadline.left())
        except TimeoutError as error:
            raise Unreachable(f"no answer within {self.seconds:g} s") from error
        except (OSError, HTTPException, ValueError) as error:
            raise Unreachable(getattr(error, "strerror", None) or str(error) or type(error).__name__) from error
        if response.status in {401, 403}:
            raise NotConfigured("the password is refused; it is that of rspamd's controller")
        if response.status != 200:
            raise Unreachable(f"it answers with status {response.status} {response.reason}")
        return b"".join(chunks)

    def _connection(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise NotConfigured("the address must start with http:// or https://", place="url")
        if parts.scheme == "http":
            return HTTPConnection(parts.hostname, parts.port or 11333, timeout=self.seconds)
        context = ssl.create_default_context(cafile=self.ca_file or None)
        return HTTPSConnection(parts.hostname, parts.port, timeout=self.seconds, context=context)


def envelope_of(mail: AcceptedMail) -> list[tuple[str, str]]:
    """The headers that tell rspamd what only the transport knew; outside words lose what would end a header."""
    said = [
        ("IP", mail.client_ip),
        ("Helo", mail.helo),
        ("From", mail.mail_from),
        *(("Rcpt", recipient) for recipient in mail.recipients[:MOST_RECIPIENTS]),
        ("Queue-Id", mail.queue_id),
        ("User", str(mail.facts.get("signed_in_as", ""))),
    ]
    clean = [(name, _UNSAFE.sub("", value)[:500]) for name, value in said]
    return [(name, value) for name, value in clean if value]


def _read(answer: bytes) -> Result:
    try:
        said: dict[str, Any] = json.loads(answer)
        symbols = [
            (str(name)[:100], float(one.get("score", 0)), str(one.get("description", ""))[:200])
            for name, one in said.get("symbols", {}).items()
        ]
        result = Result(
            str(said["action"])[:40],
            float(said["score"]),
            float(said.get("required_score", 15)),
            tuple(sorted(symbols, key=lambda one: -one[1])),
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Unreachable("its answer is not that of an rspamd worker") from error
    if not math.isfinite(result.score + result.threshold):
        raise Unreachable("its score is no number")
    return result


def _because(result: Result) -> str:
    heavy = [(name, score, words) for name, score, words in result.symbols if score > 0][:MOST_SYMBOLS]
    told = [f"{name} {score:g} ({words})" if words else f"{name} {score:g}" for name, score, words in heavy]
    return f": {', '.join(told)}" if told else ""


def _threat(symbols: tuple[str, ...]) -> str:
    if any(_VIRUS.search(name) for name in symbols):
        return "Malware"
    return "Phish" if any(_PHISH.search(name) for name in symbols) else "Spam"
