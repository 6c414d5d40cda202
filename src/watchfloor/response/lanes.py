"""Reading slow iterators in threads, so that finding, acting and writing down go on at the same time.

The mail system's answers are read by threads that know nothing of the database; the one thread that owns the ledger takes
them out of one queue, in the order they arrive.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from types import TracebackType
from typing import Any, NamedTuple


class _Arrival(NamedTuple):
    lane: str
    item: Any = None
    error: BaseException | None = None
    ended: bool = False


class Lanes:
    """Each named lane reads its iterators one after another; iterating gives (lane, item) until all of them are read.

    An iterator that raises ends the iteration with its error, once. Leaving the block waits for what is being read, so that
    nothing touches a mailbox afterwards, and drops what has not begun.
    """

    def __init__(self) -> None:
        self._arrived: SimpleQueue[_Arrival] = SimpleQueue()
        self._lanes: dict[str, ThreadPoolExecutor] = {}
        self._left = 0

    def __enter__(self) -> "Lanes":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for lane in self._lanes.values():
            lane.shutdown(wait=True, cancel_futures=True)

    def read(self, lane: str, items: Iterable[Any]) -> None:
        """Read `items` in this lane's thread, behind what was given to it before."""
        if lane not in self._lanes:
            self._lanes[lane] = ThreadPoolExecutor(1, thread_name_prefix=lane)
        self._left += 1
        self._lanes[lane].submit(self._drain, lane, items)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        while self._left:
            arrival = self._arrived.get()
            if arrival.error is not None:
                raise arrival.error
            if arrival.ended:
                self._left -= 1
            else:
                yield arrival.lane, arrival.item

    def _drain(self, lane: str, items: Iterable[Any]) -> None:
        try:
            for item in items:
                self._arrived.put(_Arrival(lane, item))
            self._arrived.put(_Arrival(lane, ended=True))
        except BaseException as error:
            self._arrived.put(_Arrival(lane, error=error))
