"""A tick with much to do gives way: one interpreter is shared by all threads of the worker, and a flood must not starve the others."""

import threading
import time
from collections.abc import Callable

SHARE_S = 0.3
"""Processor time of one call from which on a tick rests before the next: as long as it used."""
LONGEST_S = 2.0
"""Of a rest: a worker that is asked to end waits no longer for its ticks."""


def giving_way(run: Callable[[], int], *, name: str, rest: Callable[[float], None] = time.sleep) -> Callable[[], int]:
    """The tick, resting after a call that used its share and found something. Only in a thread of its own, named like it: who
    calls it to the end elsewhere waits for nobody."""

    def run_and_rest() -> int:
        began = time.thread_time()
        done = run()
        used = time.thread_time() - began
        if done and used >= SHARE_S and threading.current_thread().name == name:
            rest(min(used, LONGEST_S))
        return done

    return run_and_rest
