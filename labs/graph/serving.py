"""From an HTTP request to the function that answers it, and back: tokens, faults, permissions, errors in Graph's shape."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from labs.graph import Graph

Json = dict[str, Any]


@dataclass
class Request:
    """What an answering function gets: `parts` are the path's named groups, `query` the options."""

    graph: "Graph"
    method: str
    path: str
    query: dict[str, str]
    parts: dict[str, str]
    body: Json
    headers: dict[str, str] = field(default_factory=dict)


class Refuse(Exception):
    """An answer in Graph's error shape."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message or code


Answer = tuple[int, Any, dict[str, str]]
Route = tuple[str, re.Pattern[str], frozenset[str], Callable[[Request], Any]]
ROUTES: list[Route] = []


def route(method: str, path: str, *roles: str) -> Callable[[Callable[[Request], Any]], Callable[[Request], Any]]:
    """Answers `method` on `path`, whose `{name}` parts become named groups, for who has one of the roles."""
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))

    def register(function: Callable[[Request], Any]) -> Callable[[Request], Any]:
        ROUTES.append((method, pattern, frozenset(roles), function))
        return function

    return register


def _dispatch(request: Request, authorization: str) -> Answer:
    allowed = request.graph.issuer.roles_of(authorization)
    if allowed is None:
        raise Refuse(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
    for method, pattern, roles, function in ROUTES:
        found = pattern.fullmatch(request.path)
        if method == request.method and found:
            if roles and not roles & allowed:
                raise Refuse(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
            request.parts = found.groupdict()
            with request.graph.tenant.lock:
                said = function(request)
            return said if isinstance(said, tuple) else (200, said, {})
    raise Refuse(404, "UnknownError", f"no such path {request.path}")


def handler_for(graph: "Graph") -> type[BaseHTTPRequestHandler]:
    """A handler class that answers for this server."""
    from labs.graph import actions, activity, directory, drives, reports  # noqa: F401  they register their routes

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet; otherwise each answer waits 40 ms for an acknowledgement

        def do_GET(self) -> None:
            self._serve()

        do_POST = do_PATCH = do_GET

        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            graph.asked.append((self.command, unquote(self.path)))
            if fault := graph.faults.next(unquote(self.path)):
                if fault.status == 0:
                    self.close_connection = True
                    return
                said = (
                    fault.body if fault.body is not None else {"error": {"code": "TooManyRequests", "message": "slow"}}
                )
                self._send(fault.status, said, fault.headers)
                return
            if parts.path.endswith("/oauth2/v2.0/token"):
                form = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
                self._send(*graph.issuer.answer(parts.path.split("/")[1], form), {})
                return
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            body = json.loads(raw) if raw else {}
            request = Request(graph, self.command, unquote(parts.path), query, {}, body, dict(self.headers))
            try:
                self._send(*_dispatch(request, self.headers.get("Authorization", "")))
            except Refuse as refused:
                self._send(refused.status, {"error": {"code": refused.code, "message": refused.message}}, {})

        def _send(self, status: int, said: Any, headers: dict[str, str]) -> None:
            body = said if isinstance(said, bytes) else b"" if said is None else json.dumps(said).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def paged(request: Request, rows: list[Any], *, last: Json | None = None) -> Json:
    """One page: `@odata.nextLink` is absolute and complete; on the last page what `last` says."""
    size = min(int(request.query.get("$top", request.graph.page)), request.graph.page)
    start = int(request.query.get("$skiptoken", "0").partition(".")[0])
    page: Json = {"value": rows[start : start + size]}
    if start + size < len(rows):
        options = {name: value for name, value in request.query.items() if name != "$skiptoken"}
        options["$skiptoken"] = str(start + size)
        page["@odata.nextLink"] = link(request, request.path, options)
    elif last is not None:
        page |= last
    return page


def link(request: Request, path: str, options: dict[str, str]) -> str:
    from urllib.parse import urlencode

    return f"{request.graph.url}{path}?{urlencode(options)}"
