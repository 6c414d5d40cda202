"""One limit for a whole conversation, however many small waits it is made of."""

import time

from watchfloor.connectors.contracts import Setting
from watchfloor.kernel.errors import Unreachable

LONGEST_SECONDS = 20
"""A mail server waits for its milter, and that for every opinion: far below Postfix's milter_content_timeout of 300 s."""

SECONDS = Setting(
    "seconds",
    "Answer within … seconds",
    kind="number",
    required=False,
    default="5",
    help=f"At most {LONGEST_SECONDS}. A mail that gets no answer in time is stored without it, and says so.",
)
LARGEST = Setting(
    "megabytes",
    "Largest mail asked about, in MB",
    kind="number",
    required=False,
    default="25",
    help="No more than the other side takes.",
)


def seconds_of(settings: dict[str, str]) -> float:
    """The time limit of a connection, between 1 and LONGEST_SECONDS."""
    return float(min(max(int(settings.get("seconds") or 5), 1), LONGEST_SECONDS))


def bytes_of(settings: dict[str, str]) -> int:
    """The largest mail of a connection in bytes, at least 1 MB."""
    return max(int(settings.get("megabytes") or 25), 1) << 20


class Deadline:
    """Begins when made."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that remain; raises Unreachable when none do."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise Unreachable(f"no answer within {self.seconds:g} s")
        return left
