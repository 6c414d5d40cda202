"""A service account's tokens: a signed assertion for an administrator is exchanged for an access token (RFC 7523)."""

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from watchfloor.connectors.protocols.access_token import AccessToken
from watchfloor.connectors.protocols.rest import TIMEOUT, Answer, checked_address, message_of
from watchfloor.kernel.errors import NotConfigured, Unreachable

_SCOPE = "https://www.googleapis.com/auth/admin"
READ = (
    f"{_SCOPE}.directory.user.readonly",
    f"{_SCOPE}.directory.group.readonly",
    f"{_SCOPE}.reports.audit.readonly",
)
ACT = (f"{_SCOPE}.directory.user", f"{_SCOPE}.directory.user.security")
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SECONDS = 3600


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """What the key file says; `subject` is the administrator it acts for."""

    email: str
    key_id: str
    subject: str
    key: RSAPrivateKey = field(repr=False)

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> "ServiceAccount":
        """Raises NotConfigured for a key file that is none."""
        try:
            told = json.loads(settings["credentials"])
            key = load_pem_private_key(told["private_key"].encode(), password=None)
            email, key_id = str(told["client_email"]), str(told.get("private_key_id", ""))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise NotConfigured("this is no key file (JSON) of a service account", place="credentials") from error
        if not isinstance(key, RSAPrivateKey):
            raise NotConfigured("the key is no RSA key", place="credentials")
        return cls(email, key_id, settings["admin"], key)

    def assertion(self, *, scopes: tuple[str, ...], audience: str, now: float) -> str:
        """A JWT, RS256."""
        head = {"alg": "RS256", "typ": "JWT", "kid": self.key_id}
        claims = {
            "iss": self.email,
            "sub": self.subject,
            "scope": " ".join(scopes),
            "aud": audience,
            "iat": int(now),
            "exp": int(now) + SECONDS,
        }
        signed = f"{_part(head)}.{_part(claims)}"
        return f"{signed}.{_encoded(self.key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _part(value: Mapping[str, Any]) -> str:
    return _encoded(json.dumps(value, separators=(",", ":")).encode())


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def token_of(settings: Mapping[str, str], scopes: tuple[str, ...]) -> AccessToken:
    """Tokens for these scopes."""
    account, url = ServiceAccount.of(settings), checked_address(settings["token_url"], setting="token_url")
    return AccessToken(lambda: _granted(url, account.assertion(scopes=scopes, audience=url, now=time.time())))


def _granted(url: str, assertion: str) -> tuple[str, float]:
    """Raises NotConfigured when we are refused, Unreachable when there is no answer."""
    try:
        response = httpx.post(
            url, data={"grant_type": GRANT, "assertion": assertion}, timeout=TIMEOUT, follow_redirects=False
        )
        said = response.json() if response.content[:1] == b"{" else {}
    except (httpx.HTTPError, ValueError, RecursionError) as error:
        raise Unreachable(f"the token server does not answer: {type(error).__name__}", place=url) from error
    if 400 <= response.status_code < 500 and response.status_code != 429:
        words = message_of(Answer(response.status_code, said))
        raise NotConfigured(f"the token server refuses: {words}; is the domain-wide delegation there?", place=url)
    token = said.get("access_token")
    if response.status_code != 200 or not isinstance(token, str) or not token.isascii():
        raise Unreachable(f"the token server answers {response.status_code} without a token", place=url)
    told = said.get("expires_in")
    return token, float(told) if isinstance(told, int | float) else 300.0
