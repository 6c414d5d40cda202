"""Asking many systems about accounts at once, and waiting for none of them longer than a person would."""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

from watchfloor.kernel.errors import Unreachable, WatchfloorError

log = logging.getLogger(__name__)
SECONDS = 8.0
LATE = "it did not answer within {:.0f} seconds"
Item = TypeVar("Item")
Value = TypeVar("Value")


def ask_all(
    items: Sequence[Item],
    ask: Callable[[Item], Value],
    *,
    system_of: Callable[[Item], str],
    seconds: float = SECONDS,
) -> list[Value | WatchfloorError]:
    """`ask` of each item, in their order; an error instead where it failed, or where its system was too slow.

    One thread per system, so that a slow directory holds up its own accounts only. `ask` must not touch our database.
    """
    by_system: dict[str, list[int]] = {}
    for at, item in enumerate(items):
        by_system.setdefault(system_of(item), []).append(at)
    answers: list[Value | WatchfloorError] = [Unreachable(LATE.format(seconds)) for _ in items]
    pool = ThreadPoolExecutor(max(1, len(by_system)), thread_name_prefix="asking")
    waiting: list[Future[None]] = [
        pool.submit(_ask_each, [(at, items[at]) for at in numbers], ask, answers) for numbers in by_system.values()
    ]
    wait(waiting, timeout=seconds)
    pool.shutdown(wait=False, cancel_futures=True)
    return list(answers)


def _ask_each(
    items: Iterable[tuple[int, Item]], ask: Callable[[Item], Value], answers: list[Value | WatchfloorError]
) -> None:
    for at, item in items:
        try:
            answers[at] = ask(item)
        except Exception as error:
            answers[at] = trouble_of(error)


def trouble_of(error: Exception) -> WatchfloorError:
    """Any failure of a connector as one of our errors: a fault in one of them must not keep others from locking somebody out."""
    if isinstance(error, WatchfloorError):
        return error
    log.error("a connection failed in a way nobody foresaw", exc_info=error)
    return WatchfloorError(f"the connection failed in a way nobody foresaw ({type(error).__name__}); see the log")
