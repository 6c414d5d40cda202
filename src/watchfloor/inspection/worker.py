"""One worker process: reads mails from a pipe, inspects them one by one, writes each answer before the next begins.

Started as `python -m watchfloor.inspection.worker FD`, so that it imports nothing of the program that wants it. It
limits its own memory for good and its processor time anew for each mail; breaking a limit ends the process, and the
pool notices.
"""

import os
import pickle
import resource
import sys
from multiprocessing.connection import Connection

from watchfloor.inspection.contracts import Inspection
from watchfloor.inspection.inspect import inspect
from watchfloor.inspection.resolver import DnsResolver, Resolver
from watchfloor.inspection.tasks import Answer, Setup, Task


def main(descriptor: int) -> None:
    """Serve the pipe `descriptor` until its other end closes."""
    connection = Connection(descriptor)
    setup = pickle.loads(connection.recv_bytes())  # noqa: S301  # comes from the process that started us
    assert isinstance(setup, Setup)
    _limit_memory(setup.memory)
    resolver = DnsResolver() if setup.facts.lookups_allowed else None
    connection.send_bytes(b"ready")
    try:
        while True:
            for task in pickle.loads(connection.recv_bytes()):  # noqa: S301
                answer = _answer(task, setup, resolver)
                connection.send_bytes(pickle.dumps(answer, protocol=5))
                if not isinstance(answer, Inspection):
                    return  # out of memory: a fresh process is worth more than this one
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _limit_memory(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _limit_time(seconds: float) -> None:
    """Allow `seconds` more of processor time; the kernel ends the process that takes them."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _answer(task: Task, setup: Setup, resolver: Resolver | None) -> Answer:
    """The inspection, or in words why there is none."""
    _limit_time(setup.seconds)
    try:
        return inspect(task.raw, envelope=task.envelope, facts=setup.facts, now=task.now, resolver=resolver)
    except MemoryError:
        return "needs more memory than one mail may take"
    except Exception as error:
        return f"inspection failed: {type(error).__name__}"


if __name__ == "__main__":
    os.nice(5)
    main(int(sys.argv[1]))
