"""A server of one's own in the shapes of Microsoft Graph and of the Management Activity API, in a thread of this process.

with Graph() as graph:
    graph.tenant.add_user("ada")
    httpx.get(f"{graph.url}/v1.0/users/delta", headers=graph.headers())

It keeps state, so that an action can be verified by reading; it asks for the same application permissions as Graph's documentation
names for each path; and it misbehaves as told: `throttle`, `fail`, `expire_tokens`, `hang_up`.
"""

import threading
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Self

from labs.graph.faults import Faults
from labs.graph.serving import handler_for
from labs.graph.tenant import START, Tenant, key_of, stamp
from labs.graph.tokens import Issuer

__all__ = ["START", "Graph", "Tenant", "key_of", "stamp"]


class Graph:
    """Starts on entering. `page` is the size of a page, `asked` every request as (method, path with query)."""

    def __init__(self, tenant: Tenant | None = None, *, page: int = 3, token_seconds: float = 3600) -> None:
        self.tenant = tenant or Tenant()
        self.page = page
        self.issuer = Issuer(self.tenant, token_seconds)
        self.faults = Faults()
        self.asked: list[tuple[str, str]] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

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

    def headers(self) -> dict[str, str]:
        """What a client with a fresh token sends."""
        return {"Authorization": f"Bearer {self.issuer.issue(self.url)}"}

    def count(self, part: str) -> int:
        """How many requests had `part` in their path."""
        return sum(part in path for _, path in self.asked)
