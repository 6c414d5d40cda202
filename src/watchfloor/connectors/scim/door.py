"""Who may come in: the token of a connection, how much may be sent with it, and how often somebody may guess."""

import hmac

from django.http import HttpRequest
from scim2_models import PayloadTooLargeException, SCIMException, UnauthorizedException

from watchfloor.connectors.models import Connection
from watchfloor.connectors.selectors import enabled_connections, settings_of
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.kernel.often import Counter

SHORTEST_TOKEN = 24
GUESSES_A_MINUTE = 20


class TooOften(SCIMException):
    """Not in RFC 7644's table, but what HTTP has for it (RFC 6585)."""

    status = 429
    _default_detail = "too many requests; come again in a minute"


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
