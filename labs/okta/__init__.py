"""A server of one's own in the shapes of Okta's Management API, written from its public documentation; no real tenant was tried.

with Okta() as okta:
    okta.add_user("ada")
"""

import re
from typing import Any
from urllib.parse import urlencode

from labs.rest import Answer, Request, RestLab

Json = dict[str, Any]
TOKEN = "okta-token"
OPEN = frozenset({"ACTIVE", "PASSWORD_EXPIRED", "LOCKED_OUT", "RECOVERY", "PROVISIONED"})


def refused(status: int, words: str) -> Answer:
    return status, {"errorCode": "E0000000", "errorSummary": words, "errorCauses": []}, {}


class Okta(RestLab):
    """`page` is the size of a page; `may_read_roles` is what an administrator's token decides."""

    def __init__(self, *, page: int = 3) -> None:
        super().__init__()
        self.page = page
        self.token = TOKEN
        self.may_read_roles = True
        self.users: dict[str, Json] = {}
        self.groups: dict[str, Json] = {}
        self.members: dict[str, list[str]] = {}
        self.roles: dict[str, list[str]] = {}
        self.log: list[Json] = []
        self.sessions: dict[str, int] = {}
        self.passwords: dict[str, str] = {}

    def add_user(self, name: str, *, status: str = "ACTIVE", **profile: Any) -> str:
        key = f"00u{name}"
        login = f"{name}@corp.example"
        told = {"login": login, "email": login, "firstName": name.capitalize(), "lastName": "Example"} | profile
        self.users[key] = {
            "id": key,
            "status": status,
            "created": "2026-01-01T00:00:00.000Z",
            "lastLogin": "2026-11-01T08:00:00.000Z",
            "passwordChanged": "2026-10-01T08:00:00.000Z",
            "profile": told,
        }
        self.sessions[key] = 2
        return key

    def add_group(self, name: str, *members: str) -> str:
        key = f"00g{name}"
        self.groups[key] = {"id": key, "type": "OKTA_GROUP", "profile": {"name": name, "description": None}}
        self.members[key] = list(members)
        return key

    def answer(self, request: Request) -> Answer:
        if request.headers.get("authorization") != f"SSWS {self.token}":
            return refused(401, "Invalid token provided")
        for method, pattern, what in self._routes():
            found = re.fullmatch(pattern, request.path)
            if found and method == request.method:
                return what(request, *found.groups())
        return refused(404, f"Not found: Resource not found: {request.path}")

    def _routes(self) -> list[tuple[str, str, Any]]:
        return [
            ("GET", "/api/v1/users", lambda r: self._paged(r, list(self.users.values()))),
            ("GET", "/api/v1/groups", lambda r: self._paged(r, list(self.groups.values()))),
            ("GET", "/api/v1/groups/([^/]+)/users", lambda r, g: self._paged(r, [{"id": k} for k in self.members[g]])),
            ("GET", "/api/v1/iam/assignees/users", self._assignees),
            (
                "GET",
                "/api/v1/users/([^/]+)/roles",
                lambda r, u: (200, [{"label": one} for one in self.roles.get(u, [])], {}),
            ),
            ("GET", "/api/v1/logs", self._logs),
            ("GET", "/api/v1/users/([^/]+)", self._user),
            ("POST", "/api/v1/users/([^/]+)/lifecycle/(\\w+)", self._lifecycle),
            ("DELETE", "/api/v1/users/([^/]+)/sessions", self._end),
        ]

    def _paged(self, request: Request, rows: list[Any]) -> Answer:
        """Okta pages by a Link header."""
        start = int(request.query.get("after", "0"))
        rest = {"limit": request.query.get("limit", "200"), "after": str(start + self.page)}
        options = {**request.query, **rest}
        following = f'<{self.url}{request.path}?{urlencode(options)}>; rel="next"'
        links = f'<{self.url}{request.path}>; rel="self"'
        headers = {"Link": f"{links}, {following}" if start + self.page < len(rows) else links}
        return 200, rows[start : start + self.page], headers

    def _assignees(self, request: Request) -> Answer:
        if not self.may_read_roles:
            return refused(403, "You do not have permission to perform the requested action")
        return 200, {"value": [{"id": key} for key in self.roles], "_links": {}}, {}

    def _logs(self, request: Request) -> Answer:
        begin, end = request.query.get("since", ""), request.query.get("until", "9")
        found = [one for one in self.log if begin <= str(one.get("published", begin)) < end]
        return self._paged(request, sorted(found, key=lambda one: str(one.get("published"))))

    def _user(self, request: Request, key: str) -> Answer:
        found = self.users.get(key)
        return (200, found, {}) if found else refused(404, f"Not found: Resource not found: {key} (User)")

    def _lifecycle(self, request: Request, key: str, verb: str) -> Answer:
        if key not in self.users:
            return refused(404, "Not found")
        status = self.users[key]["status"]
        if verb == "suspend" and status == "ACTIVE":
            self.users[key]["status"] = "SUSPENDED"
            self.sessions[key] = 0
            return 200, {}, {}
        if verb == "unsuspend" and status == "SUSPENDED":
            self.users[key]["status"] = "ACTIVE"
            return 200, {}, {}
        if verb == "expire_password_with_temp_password" and status in OPEN:
            self.users[key]["status"] = "PASSWORD_EXPIRED"
            self.passwords[key] = f"temporary-{len(self.passwords)}"
            return 200, {"tempPassword": self.passwords[key]}, {}
        return refused(403, "This operation is not allowed in the user's current status.")

    def _end(self, request: Request, key: str) -> Answer:
        if key not in self.users:
            return refused(404, "Not found")
        self.sessions[key] = 0
        return 204, None, {}
