"""One POST: to an address that was checked, under the host's own name, no redirection followed, the answer bounded."""

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from watchfloor.connectors.outgoing.words import Answered
from watchfloor.connectors.systems.webhook.guarding import where
from watchfloor.connectors.systems.webhook.signing import DELIVERY, EVENT, SIGNATURE, signature
from watchfloor.kernel.errors import NotConfigured, Unreachable

CONNECT_SECONDS = 10.0
WHOLE_SECONDS = 30.0
"""For one post with its answer, however slowly it comes."""
MOST_ANSWER = 4096
WORDS = 200


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where to post. `ca_file` is trusted beside nothing else; `inside` allows private networks."""

    url: str
    secret: str = field(repr=False)
    largest: int = 256 << 10
    inside: bool = False
    ca_file: str = ""
    seconds: float = WHOLE_SECONDS

    def post(self, body: bytes, *, delivery: str, event: str, at: datetime) -> Answered:
        """Raises Unreachable when nobody answers in time, BadInput for an address where webhooks do not go."""
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Watchfloor-Webhook/1",
            DELIVERY: delivery,
            EVENT: event,
            SIGNATURE: signature(body, secret=self.secret, at=at),
        }
        parts = urlsplit(self.url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        link = self._connect()
        timer = threading.Timer(self.seconds, _cut, (link.sock,))
        timer.start()
        try:
            return _asked(link, path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{parts.hostname}: {error or type(error).__name__}") from None
        finally:
            timer.cancel()
            link.close()

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        host, secure = str(parts.hostname), parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        context = _trust(self.ca_file) if secure else None
        last: OSError | None = None
        for family, address in where(host, port, inside_allowed=self.inside):
            try:
                link = http.client.HTTPConnection(host, port, timeout=self.seconds)
                link.sock = self._reached(family, (address, port), context, host)
            except OSError as error:
                last = error
            else:
                return link
        raise Unreachable(f"{host}: {last}")

    def _reached(
        self, family: socket.AddressFamily, place: tuple[str, int], context: ssl.SSLContext | None, host: str
    ) -> socket.socket:
        """The open line. Who drips its handshake letter by letter is cut off like who drips its answer."""
        plain = socket.socket(family, socket.SOCK_STREAM)
        timer = threading.Timer(self.seconds, _cut, (plain,))
        timer.start()
        try:
            plain.settimeout(min(CONNECT_SECONDS, self.seconds))
            plain.connect(place)
            return context.wrap_socket(plain, server_hostname=host) if context else plain
        except OSError:
            plain.close()
            raise
        finally:
            timer.cancel()


def _trust(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise NotConfigured(f"the CA file cannot be used: {error}", place="ca_file") from None


def _asked(link: http.client.HTTPConnection, path: str, body: bytes, headers: Mapping[str, str]) -> Answered:
    link.request("POST", path, body=body, headers=dict(headers))
    answer = link.getresponse()
    text = answer.read(MOST_ANSWER).decode("utf-8", "replace")
    told = (answer.headers.get("Retry-After") or "").strip()
    return Answered(
        answer.status, " ".join(text.split())[:WORDS], float(told) if told.isascii() and told.isdigit() else 0.0
    )


def _cut(sock: socket.socket) -> None:
    """End a conversation that takes too long; whoever reads gets an error."""
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        sock.close()
