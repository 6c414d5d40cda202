"""How often somebody came within a minute, counted in this process."""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

MINUTE = 60.0
REMEMBERED = 10_000


@dataclass(slots=True)
class Counter:
    """How often somebody came in the current minute; of many somebodies the oldest are forgotten."""

    _seen: OrderedDict[str, tuple[float, int]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def over(self, who: str, limit: int) -> bool:
        """Count it, and say whether that is more than `limit`."""
        now = time.monotonic()
        with self._lock:
            began, times = self._seen.pop(who, (now, 0))
            if now - began >= MINUTE:
                began, times = now, 0
            self._seen[who] = (began, times + 1)
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return times + 1 > limit

    def forget(self) -> None:
        with self._lock:
            self._seen.clear()
