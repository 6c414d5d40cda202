"""A server of one's own in the shapes of Google's Admin SDK, written from its public documentation; no real tenant was tried.

with Workspace() as google:
    google.add_user("ada")

The assertion's signature, audience, subject and scopes are checked as Google's token server says it does.
"""

import base64
import json
import re
import time
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from labs.rest import Answer, Request, RestLab

Json = dict[str, Any]
ADMIN = "max@corp.example"
SCOPE = "https://www.googleapis.com/auth/admin"
ALL = frozenset(
    f"{SCOPE}.{one}"
    for one in (
        "directory.user.readonly",
        "directory.group.readonly",
        "reports.audit.readonly",
        "directory.user",
        "directory.user.security",
    )
)


@cache
def _key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def refused(status: int, words: str) -> Answer:
    return status, {"error": {"code": status, "message": words, "errors": []}}, {}


class Workspace(RestLab):
    """`delegated` are the scopes the administrator has granted; `page` is the size of a page."""

    def __init__(self, *, page: int = 3) -> None:
        super().__init__()
        self.page = page
        self.delegated = set(ALL)
        self.tokens: dict[str, frozenset[str]] = {}
        self.users: dict[str, Json] = {}
        self.groups: dict[str, Json] = {}
        self.members: dict[str, list[str]] = {}
        self.activities: dict[str, list[Json]] = {}
        self.signed_out: list[str] = []
        self.passwords: dict[str, str] = {}

    @property
    def credentials(self) -> str:
        """The key file, as Google hands it out."""
        pem = _key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        told = {
            "type": "service_account",
            "client_email": "reader@corp.example",
            "private_key_id": "k1",
            "private_key": pem,
        }
        return json.dumps(told)

    def add_user(self, name: str, **more: Any) -> str:
        key = f"1000{len(self.users) + 1}"
        self.users[key] = {
            "id": key,
            "primaryEmail": f"{name}@corp.example",
            "name": {
                "givenName": name.capitalize(),
                "familyName": "Example",
                "fullName": f"{name.capitalize()} Example",
            },
            "suspended": False,
            "lastLoginTime": "1970-01-01T00:00:00.000Z",
            "creationTime": "2026-01-01T00:00:00.000Z",
        } | more
        return key

    def add_group(self, name: str, *members: str) -> str:
        key = f"g{name}"
        self.groups[key] = {"id": key, "email": f"{name}@corp.example", "name": name}
        self.members[key] = list(members)
        return key

    def answer(self, request: Request) -> Answer:
        if request.path == "/token":
            return self._token(request.form)
        held = self.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if held is None:
            return refused(401, "Request had invalid authentication credentials.")
        for method, pattern, scopes, what in self._routes():
            found = re.fullmatch(pattern, request.path)
            if found and method == request.method:
                if not held & {f"{SCOPE}.{one}" for one in scopes}:
                    return refused(403, "Request had insufficient authentication scopes.")
                return what(request, *found.groups())
        return refused(404, "Not Found")

    def _routes(self) -> list[tuple[str, str, tuple[str, ...], Any]]:
        users, groups, base = (
            ("directory.user", "directory.user.readonly"),
            ("directory.group.readonly",),
            "/admin/directory/v1",
        )
        return [
            ("GET", f"{base}/users", users, lambda r: self._paged(r, "users", list(self.users.values()))),
            ("GET", f"{base}/groups", groups, lambda r: self._paged(r, "groups", list(self.groups.values()))),
            ("GET", f"{base}/groups/([^/]+)/members", groups, self._members),
            ("GET", f"{base}/users/([^/]+)", users, self._user),
            ("PATCH", f"{base}/users/([^/]+)", ("directory.user",), self._change),
            ("POST", f"{base}/users/([^/]+)/signOut", ("directory.user.security",), self._sign_out),
            (
                "GET",
                "/admin/reports/v1/activity/users/all/applications/(\\w+)",
                ("reports.audit.readonly",),
                self._activity,
            ),
        ]

    def _token(self, form: dict[str, str]) -> Answer:
        head, claims, signature = (form.get("assertion", "") + "..").split(".")[:3]
        try:
            _key().public_key().verify(_bytes(signature), f"{head}.{claims}".encode(), PKCS1v15(), SHA256())
        except InvalidSignature:
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}, {}
        told = json.loads(_bytes(claims))
        scopes = frozenset(told["scope"].split())
        if told["aud"] != f"{self.url}/token" or told["exp"] - told["iat"] > 3600 or told["exp"] < time.time():
            return 400, {"error": "invalid_grant", "error_description": "Invalid JWT."}, {}
        if told["sub"] != ADMIN or not scopes <= self.delegated:
            words = "Client is unauthorized to retrieve access tokens using this method."
            return 401, {"error": "unauthorized_client", "error_description": words}, {}
        token = f"ya29.{len(self.tokens)}"
        self.tokens[token] = scopes
        return 200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"}, {}

    def _paged(self, request: Request, key: str, rows: list[Any]) -> Answer:
        start = int(request.query.get("pageToken", "0"))
        page: Json = {"kind": f"admin#directory#{key}", key: rows[start : start + self.page]}
        if start + self.page < len(rows):
            page["nextPageToken"] = str(start + self.page)
        return 200, page, {}

    def _members(self, request: Request, group: str) -> Answer:
        return self._paged(request, "members", [{"id": key} for key in self.members[group]])

    def _user(self, request: Request, key: str) -> Answer:
        return (200, self.users[key], {}) if key in self.users else refused(404, "Resource Not Found: userKey")

    def _change(self, request: Request, key: str) -> Answer:
        if key not in self.users:
            return refused(404, "Resource Not Found: userKey")
        told = dict(request.body)
        if "password" in told:
            self.passwords[key] = told.pop("password")
        self.users[key] |= told
        return 200, self.users[key], {}

    def _sign_out(self, request: Request, key: str) -> Answer:
        if key not in self.users:
            return refused(404, "Resource Not Found: userKey")
        self.signed_out.append(key)
        return 204, None, {}

    def _activity(self, request: Request, application: str) -> Answer:
        begin, end = request.query.get("startTime", ""), request.query.get("endTime", "9")
        found = [one for one in self.activities.get(application, []) if begin <= one["id"]["time"] < end]
        return self._paged(request, "items", sorted(found, key=lambda one: one["id"]["time"], reverse=True))


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
