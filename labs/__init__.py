"""Real servers for tests: each starts in well under a second, on free ports of 127.0.0.1, in a folder of its own."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self


def lacking(words: str) -> NoReturn:
    """Something a test needs is not there: it is skipped, and fails where CI=true, so that no green run hides it."""
    import pytest

    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(words)
    pytest.skip(words)


def need(*programs: str) -> str:
    """The path of the first of these programs that is installed; lacking all, see `lacking`."""
    for program in programs:
        if found := shutil.which(program) or (program if Path(program).exists() else ""):
            return found
    lacking(f"{programs[0]} is not installed; `make test` as root installs it, or ask apt-get for its package")


def need_root(why: str) -> None:
    """Go on only as root; otherwise see `lacking`."""
    if os.geteuid() != 0:
        lacking(f"{why} only by root; run the tests as root, or leave these out")


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def wait_until(true: Callable[[], object], *, seconds: float = 30, what: str = "the condition") -> None:
    """Poll every 10 ms; AssertionError naming `what` when it does not come true in time."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {seconds} s")
        time.sleep(0.01)


def answers(port: int) -> bool:
    """Whether something accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM to the process, then SIGKILL to what is left of its group."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=3)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Server:
    """One server with its folder: started on entering, gone with the folder on leaving; its errors go to `stderr` in it."""

    folder: Path
    process: subprocess.Popen[bytes]
    start_seconds: float = 10

    def command(self) -> list[str]:
        """The program and its arguments, staying in the foreground."""
        raise NotImplementedError

    def is_up(self) -> bool:
        """Whether it answers, and is ours: a port that answers may be somebody else's."""
        raise NotImplementedError

    def log(self) -> str:
        """What it has written so far."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self.command(),
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "stderr").open("wb"),
        )
        try:
            wait_until(self._ready, seconds=self.start_seconds, what=f"the start of {type(self).__name__}")
        except BaseException:
            self.stop()
            raise
        return self

    def _ready(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError((self.folder / "stderr").read_text() + self.log())
        return self.is_up()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self) -> None:
        """End this server's processes and nobody else's."""
        end(self.process)
