"""Who may come in: the token of a connection, how much may be sent with it, and how often somebody may guess."""

import hmac
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from django.http import HttpRequest
from scim2_models import PayloadTooLargeException, SCIMException, UnauthorizedException

from watchfloor.connectors.models import Connection
from watchfloor.connectors.selectors import enabled_connections, settings_of
from watchfloor.kernel.errors import WatchfloorError

SHORTEST_TOKEN = 24
GUESSES_A_MINUTE = 20
MINUTE = 60.0
REMEMBERED = 10_000


class TooOften(SCIMException):
    """Not in RFC 7644's table, but what HTTP has for it (RFC 6585)."""

    status = 429
    _default_detail = "too many requests; come again in a minute"


@dataclass(slots=True)
class Counter:
    """How often somebody came in the current minute; of many somebodies the oldest are forgotten."""

    _seen: OrderedDict[str, tuple[float, int]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def over(self, who: str, limit: int) -> bool:
        """Count it, and say whether that is more than `limit`."""
        now = time.monotonic()
        with self._lock:
            began, times = self._seen.pop(who, (now, 0))
            if now - began >= MINUTE:
                began, times = now, 0
            self._seen[who] = (began, times + 1)
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return times + 1 > limit

    def forget(self) -> None:
        with self._lock:
            self._seen.clear()


wrong_tokens, requests = Counter(), Counter()


def let_in(request: HttpRequest) -> Connection:
    """The connection whose token this is. Raises UnauthorizedException, TooOften, PayloadTooLargeException."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    found = _bearer(token.strip()) if kind.lower() == "bearer" else None
    if found is None:
        # After the comparison: behind a proxy everybody has one address, and a stranger must not keep the peer out.
        if wrong_tokens.over(request.META.get("REMOTE_ADDR", ""), GUESSES_A_MINUTE):
            raise TooOften(detail="too many wrong tokens; come again in a minute")
        raise UnauthorizedException(detail="send the token of a SCIM connection as a bearer token")
    connection, settings = found
    if requests.over(connection.name, int(settings.get("per_minute") or 3000)):
        raise TooOften()
    largest = int(settings.get("megabytes") or 5) << 20
    if int(request.META.get("CONTENT_LENGTH") or 0) > largest:
        raise PayloadTooLargeException(detail=f"at most {largest >> 20} MB in one request")
    return connection


def _bearer(token: str) -> tuple[Connection, dict[str, str]] | None:
    """Every token is compared, each in constant time, so that the time taken tells nothing about any of them."""
    found = None
    for connection in enabled_connections():
        if connection.kind == "scim":
            try:
                settings = settings_of(connection)
            except WatchfloorError:
                continue  # sealed with a key we no longer have; the connections page says so
            known = settings["token"]
            if hmac.compare_digest(token.encode(), known.encode()) and len(known) >= SHORTEST_TOKEN:
                found = connection, settings
    return found
