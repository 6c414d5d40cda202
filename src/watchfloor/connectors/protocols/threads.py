"""Threads that use the database on behalf of a listener, and leave nothing open when it ends."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connections

PATIENCE_SECONDS = 30.0


@contextmanager
def database_threads(count: int, *, name: str) -> Iterator[ThreadPoolExecutor]:
    """A pool whose threads each close their own database connection at the end; no other thread can."""
    with ThreadPoolExecutor(count, thread_name_prefix=name) as pool:
        try:
            yield pool
        finally:
            together = threading.Barrier(count)

            def close() -> None:
                together.wait(PATIENCE_SECONDS)  # so that every thread gets exactly one of these
                connections.close_all()

            for done in [pool.submit(close) for _ in range(count)]:
                done.result()
