"""One thread that interrupts whatever takes too long: to start a thread for each question costs more than small questions do."""

import heapq
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(order=True, slots=True)
class _Due:
    at: float
    turn: int
    act: Callable[[], None] = field(compare=False)
    over: bool = field(default=False, compare=False)


class Alarm:
    """Calls `act` when a block is still running after its seconds. Safe between threads; its own thread never holds up an exit."""

    def __init__(self) -> None:
        self._waiting: list[_Due] = []
        self._turns = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._process = 0

    @contextmanager
    def after(self, seconds: float, act: Callable[[], None]) -> Iterator[None]:
        """`act` is called at most once, from another thread, and never after the block has ended."""
        due = _Due(time.monotonic() + seconds, next(self._turns), act)
        with self._changed:
            self._awake()
            heapq.heappush(self._waiting, due)
            if self._waiting[0] is due:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                due.over = True
                while self._waiting and self._waiting[0].over:
                    heapq.heappop(self._waiting)

    def _awake(self) -> None:
        """Threads do not survive a fork, so a child starts its own."""
        if self._thread is None or not self._thread.is_alive() or self._process != os.getpid():
            self._waiting, self._process = [], os.getpid()
            self._thread = threading.Thread(target=self._watch, name="lake-alarm", daemon=True)
            self._thread.start()

    def _watch(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                while self._waiting and (self._waiting[0].over or self._waiting[0].at <= now):
                    due = heapq.heappop(self._waiting)
                    if not due.over:
                        due.over = True
                        due.act()
                self._changed.wait(self._waiting[0].at - now if self._waiting else None)


ALARM = Alarm()
"""This process's."""
