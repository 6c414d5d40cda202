"""A part must not outlive the process that started it: a killed parent leaves no orphan holding the port or the jobs."""

import os
import threading
import time
from collections.abc import Callable

EVERY_S = 0.5
STARTED_BY = "STARTED_BY_PROCESS"
"""Names the process that starts another in its environment: asked after its imports, the kernel may know of none any more."""


def starter() -> int:
    """The id of the process that started this one, though it may be gone already."""
    return int(os.environ.get(STARTED_BY) or os.getppid())


def when_parent_is_gone(act: Callable[[], None]) -> None:
    """Call `act` once, from a thread, when this process has been handed to another parent."""
    parent = starter()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(EVERY_S)
        act()

    threading.Thread(target=watch, name="parent", daemon=True).start()
