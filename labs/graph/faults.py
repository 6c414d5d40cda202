"""How the server misbehaves: for the next so many requests whose path has a part in it."""

import threading
from dataclasses import dataclass, field


@dataclass
class Fault:
    """`status` 0 closes the connection without an answer; `body` replaces the answer's."""

    part: str
    left: int
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    after: int = 0


class Faults:
    """Those still to come."""

    def __init__(self) -> None:
        self.coming: list[Fault] = []
        self.lock = threading.Lock()

    def throttle(self, part: str = "", *, times: int = 1, seconds: float = 0) -> None:
        """429 with Retry-After."""
        self.coming.append(Fault(part, times, 429, {"Retry-After": f"{seconds:g}"}))

    def fail(
        self, part: str = "", *, status: int = 503, times: int = 1, after: int = 0, body: bytes | None = None
    ) -> None:
        """This status, `after` so many requests that go well; with `body`, this answer."""
        self.coming.append(Fault(part, times, status, body=body, after=after))

    def hang_up(self, part: str = "", *, times: int = 1, after: int = 0) -> None:
        """Close the connection without an answer."""
        self.coming.append(Fault(part, times, 0, after=after))

    def next(self, path: str) -> Fault | None:
        with self.lock:
            for fault in self.coming:
                if fault.part in path and fault.left > 0:
                    if fault.after > 0:
                        fault.after -= 1
                        continue
                    fault.left -= 1
                    return fault
        return None
