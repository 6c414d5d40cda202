"""Signing in as an application: client credentials for a token, and the permissions it came with."""

import base64
import json
import time
from collections.abc import Callable
from functools import lru_cache, partial
from urllib.parse import quote

import httpx

from watchfloor.connectors.protocols.access_token import AccessToken
from watchfloor.connectors.protocols.rest import TIMEOUT, Answer, Rest, checked_address, message_of
from watchfloor.kernel.errors import NotConfigured, Unreachable

LONGEST_TOKEN = 100_000


def token_of(settings: dict[str, str], *, resource: str, fresh: bool = False) -> AccessToken:
    """Tokens for `resource`, the address of the API they are for; kept in this process, unless `fresh` asks for a new one."""
    login = checked_address(settings["login_url"], setting="login_url")
    url = f"{login}/{quote(settings['tenant_id'], safe='')}/oauth2/v2.0/token"
    who = settings["client_id"], settings["client_secret"], f"{resource}/.default"
    return AccessToken(partial(_granted, url, _form(*who))) if fresh else _kept(url, *who)


@lru_cache(maxsize=64)
def _kept(url: str, client_id: str, client_secret: str, scope: str) -> AccessToken:
    return AccessToken(partial(_granted, url, _form(client_id, client_secret, scope)))


def _form(client_id: str, client_secret: str, scope: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
        "scope": scope,
    }


def _granted(url: str, form: dict[str, str]) -> tuple[str, float]:
    """Raises NotConfigured when we are refused, Unreachable when there is no answer."""
    try:
        response = httpx.post(url, data=form, timeout=TIMEOUT, follow_redirects=False)
        said = response.json() if response.content[:1] == b"{" else {}
    except (httpx.HTTPError, ValueError, RecursionError) as error:
        raise Unreachable(f"the sign-in server does not answer: {type(error).__name__}", place=url) from error
    token = said.get("access_token")
    if 400 <= response.status_code < 500 and response.status_code != 429:
        raise NotConfigured(f"the sign-in server refuses: {message_of(Answer(response.status_code, said))}", place=url)
    if response.status_code != 200 or not isinstance(token, str) or not token.isascii() or len(token) > LONGEST_TOKEN:
        raise Unreachable(f"the sign-in server answers {response.status_code} without a token", place=url)
    return token, _seconds(said.get("expires_in"))


def _seconds(told: object) -> float:
    try:
        return max(0.0, min(float(str(told)), 86_400.0))
    except ValueError:
        return 300.0


def graph_of(settings: dict[str, str], *, pause: Callable[[float], None] = time.sleep, **options: float) -> Rest:
    """Microsoft Graph, as /v1.0 paths are asked."""
    base = checked_address(settings["graph_url"], setting="graph_url")
    return Rest(base, token_of(settings, resource=base), pause=pause, **options)  # type: ignore[arg-type]


def feed_of(settings: dict[str, str], *, pause: Callable[[float], None] = time.sleep) -> Rest:
    """The Management Activity API."""
    base = checked_address(settings["activity_url"], setting="activity_url")
    return Rest(base, token_of(settings, resource=base), pause=pause)


def roles_in(token: str) -> frozenset[str]:
    """The application permissions in an access token. Nothing is decided by it: the server does that; so it is not verified."""
    part = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return frozenset()
    roles = claims.get("roles") if isinstance(claims, dict) else None
    return frozenset(one for one in roles if isinstance(one, str)) if isinstance(roles, list) else frozenset()
