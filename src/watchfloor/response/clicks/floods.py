"""Limits against floods: few wrong links from one address a minute, and no link followed hundreds of times."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_NAMES = 20_000
WRONG_A_MINUTE = 30
SAME_A_MINUTE = 120


class Limit:
    """At most `most` a minute of each name; memory is bounded, the name not heard of longest goes first."""

    def __init__(self, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._guard = threading.Lock()

    def passed(self, name: str) -> bool:
        """Whether one more of `name` goes; it is counted."""
        with self._guard:
            now = self._clock()
            since, count = self._counts.pop(name, (now, 0))
            if now - since >= 60:
                since, count = now, 0
            self._counts[name] = (since, count + 1)
            if len(self._counts) > MOST_NAMES:
                self._counts.popitem(last=False)
            return count < self._most


WRONG, SAME = Limit(WRONG_A_MINUTE), Limit(SAME_A_MINUTE)
