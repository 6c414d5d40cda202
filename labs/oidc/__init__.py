"""A real OpenID provider (django-oauth-toolkit) in a process of its own, with people, and an API over its tokens.

with OpenIdProvider(people=["ada@corp.example"]) as provider:
    tokens = provider.sign_in("ada@corp.example")

Tokens, refreshing, revocation and introspection are the toolkit's. The API below /admin/realms has the shapes of Keycloak's Admin
REST API, written from its documentation: what it ends are the toolkit's tokens. /people/<mail>/tokens lists them.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from labs import Server, free_ports

HERE = Path(__file__).parent
CLIENT = ("watchfloor", "watch-secret")
APPLICATION = ("mailer", "mailer-secret")


class OpenIdProvider(Server):
    """Starts on entering; everybody's password is `pw`."""

    start_seconds = 30

    def __init__(self, *, people: Sequence[str] = ("ada@corp.example",)) -> None:
        self.people = list(people)
        self.folder = Path(tempfile.mkdtemp(prefix="wfo"))
        (self.port,) = free_ports(1)
        self.host = f"http://127.0.0.1:{self.port}"
        self.issuer = f"{self.host}/realms/corp"
        self.client = httpx.Client(timeout=20)

    def command(self) -> list[str]:
        return [sys.executable, str(HERE / "provider.py"), str(self.folder), str(self.port), *self.people]

    def is_up(self) -> bool:
        return (self.folder / "ready").exists()

    def log(self) -> str:
        return ""

    def settings(self, **more: str) -> dict[str, str]:
        """Those of a connection."""
        own = {"issuer": self.issuer, "client_id": CLIENT[0], "client_secret": CLIENT[1], "api": "keycloak"}
        return {**own, **more}

    def sign_in(self, mail: str, password: str = "pw") -> dict[str, Any]:
        """Tokens as the toolkit answers them; an object with “error” when it refuses."""
        return self._token(grant_type="password", username=mail, password=password, scope="openid")

    def refresh(self, token: str) -> dict[str, Any]:
        return self._token(grant_type="refresh_token", refresh_token=token)

    def active(self, token: str) -> bool:
        """What introspection (RFC 7662) says."""
        said = self.client.post(f"{self.issuer}/introspect/", data={"token": token}, auth=CLIENT)
        return said.json()["active"] is True

    def _token(self, **form: str) -> dict[str, Any]:
        return self.client.post(f"{self.issuer}/token/", data=form, auth=APPLICATION).json()  # type: ignore[no-any-return]
