"""What an OpenID provider says of itself, a token of our own, and single tokens revoked and looked at.

OpenID Connect Discovery 1.0, client credentials (RFC 6749, 4.4), revocation (RFC 7009), introspection (RFC 7662).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

import httpx

from watchfloor.connectors.protocols.access_token import AccessToken
from watchfloor.connectors.protocols.rest import TIMEOUT, Answer, checked_address, message_of
from watchfloor.kernel.errors import NotConfigured, Unreachable

LONGEST_TOKEN = 100_000
LARGEST = 1 << 20
"""Bytes of one answer: a description or a token."""
Form = Mapping[str, str]


@dataclass(frozen=True)
class Provider:
    """The provider at `issuer`, asked as the client `client_id`. It is asked for its description once, when first needed.

    `holder` is the (id, secret) of the application that tokens were issued to: only it may revoke them (RFC 7009, 2.1).
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""
    holder: tuple[str, str] = field(default=("", ""), repr=False)

    @cached_property
    def described(self) -> Mapping[str, Any]:
        """Its discovery document. Raises NotConfigured when it speaks for another issuer, Unreachable when there is none."""
        base = checked_address(self.issuer, setting="issuer")
        status, said = _asked(lambda client: client.get(f"{base}/.well-known/openid-configuration"), base)
        if status != 200:
            raise Unreachable(f"it has no OpenID configuration: it answers {status}", place=base)
        if str(said.get("issuer", "")).rstrip("/") != base:
            raise NotConfigured(f"it calls itself “{str(said.get('issuer', ''))[:200]}”; enter that", place="issuer")
        return said

    def endpoint(self, name: str) -> str:
        """An address of its description, "" when it has none of that name."""
        found = self.described.get(name)
        if not isinstance(found, str) or not found:
            return ""
        checked_address(found, setting=name)
        return found

    def token(self) -> AccessToken:
        """A token of our own, fetched when it is first needed."""
        return AccessToken(self._granted)

    def revoke(self, token: str) -> None:
        """RFC 7009: the token, and what else was granted with it, are no longer taken. Raises NotConfigured when refused.

        A provider answers well for a token of somebody else's, too, and leaves it: look with `active`.
        """
        who = _quoted(*self.holder) if self.holder[0] else self._basic()
        self._told("revocation_endpoint", {"token": token}, who)

    def active(self, token: str) -> bool:
        """RFC 7662: whether the provider still takes the token."""
        return self._told("introspection_endpoint", {"token": token}, self._basic()).get("active") is True

    def _told(self, endpoint: str, form: Form, who: tuple[str, str]) -> Mapping[str, Any]:
        address = self.endpoint(endpoint)
        if not address:
            raise NotConfigured(f"the provider has no {endpoint.replace('_', ' ')}", place="issuer")
        status, said = _asked(lambda client: client.post(address, data=dict(form), auth=who), address)
        if status != 200:
            raise NotConfigured(_refusal(status, said), place=address)
        return said

    def _granted(self) -> tuple[str, float]:
        address = self.endpoint("token_endpoint")
        form = {"grant_type": "client_credentials"} | ({"scope": self.scope} if self.scope else {})
        status, said = _asked(lambda client: client.post(address, data=form, auth=self._basic()), address)
        token = said.get("access_token")
        if status != 200 or not isinstance(token, str) or not token.isascii() or len(token) > LONGEST_TOKEN:
            raise NotConfigured(_refusal(status, said), place=address)
        return token, _seconds(said.get("expires_in"))

    def _basic(self) -> tuple[str, str]:
        return _quoted(self.client_id, self.client_secret)


def _quoted(client: str, secret: str) -> tuple[str, str]:
    """As HTTP Basic carries them (RFC 6749, 2.3.1)."""
    return quote(client, safe=""), quote(secret, safe="")


def _asked(ask: Callable[[httpx.Client], httpx.Response], address: str) -> tuple[int, Mapping[str, Any]]:
    """Status and JSON object. Raises Unreachable for no answer, and for one that passes (429, 5xx)."""
    try:
        with httpx.Client(timeout=TIMEOUT, follow_redirects=False) as client:
            answer = ask(client)
        said = answer.json() if answer.content[:1] == b"{" and len(answer.content) <= LARGEST else {}
    except (httpx.HTTPError, ValueError, RecursionError) as error:
        raise Unreachable(f"the provider does not answer: {type(error).__name__}", place=address) from error
    if answer.status_code == 429 or answer.status_code >= 500:
        raise Unreachable(f"the provider answers {answer.status_code}", place=address)
    return answer.status_code, said if isinstance(said, dict) else {}


def _refusal(status: int, said: Mapping[str, Any]) -> str:
    words = message_of(Answer(status, dict(said)))
    return f"the provider refuses this client: {words or f'it answers {status}'}"


def _seconds(told: object) -> float:
    try:
        return max(0.0, min(float(str(told)), 86_400.0))
    except ValueError:
        return 300.0
