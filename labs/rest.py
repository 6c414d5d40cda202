"""A small HTTP server in a thread of this process, for labs whose real server only its maker runs.

A lab gives `answer(request)`, and adds what it misbehaves with to `faults`.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from labs.graph.faults import Faults

Answer = tuple[int, Any, dict[str, str]]


@dataclass(frozen=True)
class Request:
    """`form` holds the fields of a form, `body` the JSON; header names are small."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    body: dict[str, Any]
    headers: dict[str, str]


class RestLab:
    """Starts on entering. `asked` is every request as (method, path with query)."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.asked: list[tuple[str, str]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, self.answer))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, request: Request) -> Answer:
        """(status, JSON or None, headers)."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()

    def count(self, part: str) -> int:
        """How many requests had `part` in their path."""
        return sum(part in path for _, path in self.asked)


def _handler(lab: RestLab, answer: Callable[[Request], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet; otherwise each answer waits 40 ms for an acknowledgement

        def do_GET(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            lab.asked.append((self.command, unquote(self.path)))
            if fault := lab.faults.next(unquote(self.path)):
                self.close_connection = fault.status == 0
                if fault.status:
                    self._send(
                        fault.status, fault.body if fault.body is not None else {"error": "as told"}, fault.headers
                    )
                return
            self._send(*answer(self._request(raw)))

        do_POST = do_PATCH = do_PUT = do_DELETE = do_GET

        def _request(self, raw: bytes) -> Request:
            parts = urlsplit(self.path)
            form = "form" in (self.headers.get("Content-Type") or "")
            return Request(
                self.command,
                unquote(parts.path),
                {name: values[0] for name, values in parse_qs(parts.query).items()},
                {name: values[0] for name, values in parse_qs(raw.decode()).items()} if form else {},
                json.loads(raw) if raw and not form else {},
                {name.lower(): value for name, value in self.headers.items()},
            )

        def _send(self, status: int, said: Any, headers: dict[str, str]) -> None:
            body = said if isinstance(said, bytes) else b"" if said is None else json.dumps(said).encode()
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                **headers,
                "Content-Length": str(len(body)),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
