"""A process that has everything imported and forks the one that works: killed, that one is back in a tenth of a second.

Importing takes two seconds of a processor, longer on a busy machine, and a worker that is killed again and again would spend
its life on it. What forks has no thread, no connection and no file open; whoever kills it ends what it forked.
"""

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from watchfloor.config.parent import EVERY_S, STARTED_BY, starter

SETTLED_S = 2.0
"""What died younger may owe it to what was imported: it is not forked again, all begins anew."""
_HEARD = (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT)


@contextmanager
def collected_once() -> Iterator[None]:
    """Import within: one look for garbage at its end, not one after every few modules, and none at the modules ever after."""
    gc.disable()
    try:
        yield
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


def again_and_again(work: Callable[[], None]) -> int:
    """Do `work` in a fork, and in another when that one dies; the exit code of the last one.

    It ends with the one that died before `SETTLED_S`, on SIGTERM and SIGINT (which the fork hears, and is waited for), and when
    the process that started this one is gone. Call it before any thread is started.
    """
    parent, own = starter(), os.getpid()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    while True:
        began = time.monotonic()
        child = os.fork()
        if not child:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            os.environ[STARTED_BY] = str(own)
            _worked(work)
        code, told = _ended(child, parent)
        if told or code == 0 or time.monotonic() - began < SETTLED_S:
            return code


def _worked(work: Callable[[], None]) -> None:
    """The fork's whole life; it never returns into what its parent was doing."""
    code = 1
    try:
        work()
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _ended(child: int, parent: int) -> tuple[int, bool]:
    """The fork's exit code, and whether it was told to end."""
    told = False
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status), told
        heard = signal.sigtimedwait(_HEARD, EVERY_S)
        if (heard and heard.si_signo != signal.SIGCHLD) or os.getppid() != parent:
            told = True
            os.kill(child, signal.SIGTERM)
