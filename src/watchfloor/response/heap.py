"""Sparing Python's collector the objects that stay: it would walk the whole program again and again while lines are made."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ONCE_IN = 100_000
"""Objects made between two searches for cycles; the usual 700 make five hundred searches in one batch of lines, which hold none."""
_guard = threading.Lock()
_inside = 0
_usual = gc.get_threshold()


@contextmanager
def settled_heap() -> Iterator[None]:
    """Inside, only objects made from here on are searched for cycles, and seldom; a quarter of a purge's processor time otherwise.

    To freeze and unfreeze costs nothing: it moves a list's head. Others' garbage waits until the outermost block ends. A block
    inside settles what was made so far.
    """
    global _inside, _usual
    with _guard:
        if not _inside:
            _usual = gc.get_threshold()
            gc.set_threshold(ONCE_IN, *_usual[1:])
        _inside += 1
        gc.freeze()
    try:
        yield
    finally:
        with _guard:
            _inside -= 1
            if not _inside:
                gc.set_threshold(*_usual)
                gc.unfreeze()
