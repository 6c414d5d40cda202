"""Client-credential tokens: unsigned JWTs whose `roles` are the tenant's consented application permissions."""

import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any

from labs.graph.roles import ACTIVITY_ROLES, GRAPH_ROLES
from labs.graph.tenant import Tenant


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@dataclass
class Issuer:
    """`valid` maps each token that is still good to when it ends."""

    tenant: Tenant
    seconds: float
    valid: dict[str, float] = field(default_factory=dict)
    issued: int = 0

    def issue(self, resource: str) -> str:
        self.issued += 1
        known = ACTIVITY_ROLES if resource.endswith("/manage") else GRAPH_ROLES
        claims = {
            "aud": resource,
            "tid": self.tenant.id,
            "appid": self.tenant.client_id,
            "roles": sorted(self.tenant.roles & known),
            "jti": self.issued,
        }
        token = f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}.{_part({'n': self.issued})}"
        self.valid[token] = time.monotonic() + self.seconds
        return token

    def answer(self, tenant: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """As /oauth2/v2.0/token answers."""
        scope = form.get("scope", "")
        if tenant != self.tenant.id:
            return 400, {"error": "invalid_request", "error_description": f"AADSTS90002: Tenant '{tenant}' not found."}
        if form.get("client_id") != self.tenant.client_id:
            return 400, {"error": "unauthorized_client", "error_description": "AADSTS700016: Application not found."}
        if form.get("client_secret") != self.tenant.client_secret:
            return 401, {
                "error": "invalid_client",
                "error_description": "AADSTS7000215: Invalid client secret provided.",
            }
        if form.get("grant_type") != "client_credentials" or not scope.endswith("/.default"):
            return 400, {"error": "invalid_scope", "error_description": "AADSTS1002012: The scope is not valid."}
        token = self.issue(scope.removesuffix("/.default"))
        return 200, {"token_type": "Bearer", "expires_in": int(self.seconds), "access_token": token}

    def roles_of(self, header: str) -> set[str] | None:
        """The permissions a request comes with, None when its token is not good (any more)."""
        token = header.removeprefix("Bearer ")
        if time.monotonic() >= self.valid.get(token, 0):
            return None
        part = token.split(".")[1]
        return set(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["roles"])

    def expire(self) -> None:
        """No token issued so far is good any more."""
        self.valid.clear()
