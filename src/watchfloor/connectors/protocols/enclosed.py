"""A child process that does with hostile bytes what must not be done here, limited in memory and time.

Started as `python -I -m watchfloor.connectors.protocols.enclosed FD`. It is told once what to do, as a function and its
arguments pickled by name; it answers in bytes, which are read as data only, since a hostile mail may have taken it over.
"""

import contextlib
import os
import pickle
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from typing import Any

from watchfloor.connectors.protocols.deadline import Deadline
from watchfloor.kernel.errors import Unreachable

MEMORY = 1 << 30
Handler = Callable[[bytes], bytes]
Make = Callable[..., tuple[bytes, Handler]]
_ENDS = {-signal.SIGXCPU: "used up its processor time", -signal.SIGKILL: "was killed, most likely for memory"}


class Enclosed:
    """One child, started with the first question and again after it died; one question at a time, from any thread.

    `make(*arguments)` runs in the child and gives (hello, handler); `memory` is its address space in bytes.
    """

    def __init__(self, make: Make, *arguments: Any, memory: int = MEMORY) -> None:
        self._job = pickle.dumps((make, arguments, memory), protocol=5)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._hello: bytes | None = None

    def hello(self, *, seconds: float) -> bytes:
        """What the child says when it is ready. Raises Unreachable; it may be asked again, a slow start goes on."""
        return self._alone(Deadline(seconds), self._ready)

    def ask(self, question: bytes, *, seconds: float) -> bytes:
        """The handler's answer. Raises Unreachable when the child is late or dies of the question; the next gets a new one.

        Waits at most `seconds` for its turn, and as long for the answer.
        """
        return self._alone(Deadline(seconds), lambda _: self._ask(question, seconds))

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._end()

    def _alone(self, turn: Deadline, do: Callable[[Deadline], bytes]) -> bytes:
        if not self._lock.acquire(timeout=turn.left()):
            raise Unreachable(f"busy with other mails for {turn.seconds:g} s")
        try:
            return do(turn)
        finally:
            self._lock.release()

    def _ask(self, question: bytes, seconds: float) -> bytes:
        deadline = Deadline(seconds)
        self._ready(deadline)
        assert self._pipe is not None
        try:
            self._pipe.send_bytes(str(seconds).encode())
            self._pipe.send_bytes(question)
            if self._pipe.poll(deadline.left()):
                return self._pipe.recv_bytes()
        except (EOFError, OSError) as error:
            raise Unreachable(f"the process that reads it {self._end()}") from error
        except Unreachable:
            self._end()
            raise
        self._end()
        raise Unreachable(f"no answer within {seconds:g} s")

    def _ready(self, deadline: Deadline) -> bytes:
        if self._hello is not None and self._process is not None and self._process.poll() is None:
            return self._hello
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._start()
        assert self._pipe is not None
        try:
            if not self._pipe.poll(deadline.left()):
                raise Unreachable("it is still starting")
            self._hello = self._pipe.recv_bytes()
        except (EOFError, OSError) as error:
            raise Unreachable(f"the process that reads it {self._end()} while starting") from error
        return self._hello

    def _start(self) -> None:
        ours, theirs = Pipe(duplex=True)
        self._pipe, self._hello = ours, None
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-m", "watchfloor.connectors.protocols.enclosed", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
        )
        theirs.close()
        with contextlib.suppress(OSError):  # dead at once: the next read says so
            ours.send_bytes(self._job)

    def _end(self) -> str:
        """Make sure that the child is gone; says how it ended."""
        process, self._process, self._hello = self._process, None, None
        if process is None:
            return "ended"
        if self._pipe is not None:
            self._pipe.close()
        try:
            code = process.wait(0.5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return "was ended"
        return _ENDS.get(code, f"ended (exit {code})")


def main(descriptor: int) -> None:
    """Serve the pipe until its other end closes."""
    connection = Connection(descriptor)
    try:
        make, arguments, memory = pickle.loads(connection.recv_bytes())  # noqa: S301  # from who started us
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        for forbidden in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
            resource.setrlimit(forbidden, (0, 0))
        hello, handle = make(*arguments)
        connection.send_bytes(hello)
        while True:
            _limit_time(float(connection.recv_bytes()))
            connection.send_bytes(handle(connection.recv_bytes()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


def _limit_time(seconds: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.getrlimit(resource.RLIMIT_CPU)[1]))


if __name__ == "__main__":
    os.nice(5)
    main(int(sys.argv[1]))
