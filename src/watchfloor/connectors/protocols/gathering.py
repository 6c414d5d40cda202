"""Many who wait for the disk share its syncs: what comes while one transaction is written goes into the next together."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from django.db import connections

Item = TypeVar("Item")


class Gathering(Generic[Item]):
    """One writer thread; `write` gets the items of all who wait, at most `most` and always one, and raises when it could not.

    `put` returns when the item is durable, or raises what the writer raised.
    """

    def __init__(self, write: Callable[[Sequence[Item]], None], *, most: int, name: str) -> None:
        self.write, self.most = write, most
        self.waiting: list[tuple[Item, Future[None]]] = []
        self.changed = threading.Condition()
        self.ended = False
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def put(self, item: Item, *, seconds: float) -> None:
        """Wait until it is on disk; raises TimeoutError when that takes longer."""
        done: Future[None] = Future()
        with self.changed:
            if self.ended:
                raise TimeoutError("the listener is closing")
            self.waiting.append((item, done))
            self.changed.notify()
        done.result(timeout=seconds)

    def close(self) -> None:
        """Write what waits, and end the thread."""
        with self.changed:
            self.ended = True
            self.changed.notify()
        self.thread.join(timeout=30)

    def _run(self) -> None:
        try:
            while batch := self._next():
                try:
                    self.write([item for item, _ in batch])
                except BaseException as error:
                    for _, done in batch:
                        done.set_exception(error)
                else:
                    for _, done in batch:
                        done.set_result(None)
        finally:
            connections.close_all()

    def _next(self) -> list[tuple[Item, "Future[None]"]]:
        with self.changed:
            while not self.waiting and not self.ended:
                self.changed.wait()
            batch, self.waiting = self.waiting[: self.most], self.waiting[self.most :]
            return batch
