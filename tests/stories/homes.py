"""A Watchfloor of a story's own: a folder, a process that does what people do in it, and the real worker."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.stories.killing import environ_of, kill, start

INSIDE = str(Path(__file__).with_name("inside.py"))


class Home:
    """`with Home(folder) as home: home.ask("rows", table=..., where={})`; verbs are the functions of inside.py."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder, self.log = folder, folder.with_name(f"{folder.name}.log")
        self.environ = environ_of(folder, **environ)

    def __enter__(self) -> "Home":
        with self.log.open("ab") as words:
            self.process = subprocess.Popen(
                [sys.executable, INSIDE],
                env=self.environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                text=True,
            )
        self._hear()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def ask(self, verb: str, **given: Any) -> Any:
        """What a verb of inside.py returns; AssertionError with its words when it raised."""
        print(json.dumps({"verb": verb, "given": given}), file=self.process.stdin, flush=True)
        return self._hear()

    def _hear(self) -> Any:
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the process inside the home ended:\n{self.words()}")
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(f"{answer['error']}\n{self.words()}")
        return answer["result"]

    def words(self) -> str:
        """The end of what the processes of this home said."""
        return self.log.read_text(errors="replace")[-3000:]

    def start_worker(self) -> "subprocess.Popen[bytes]":
        """The real worker, in a group of its own."""
        return start("-m", "watchfloor.config.worker", environ=self.environ, log=self.log)

    @contextmanager
    def worker(self) -> Iterator[None]:
        """The real worker for a while; asked to end, then killed when it will not."""
        process = self.start_worker()
        try:
            yield
            assert process.poll() is None, f"the worker ended by itself:\n{self.words()}"
            process.terminate()
            process.wait(timeout=20)
        finally:
            kill(process)

    def until(self, found: Callable[[], Any], *, seconds: float, what: str) -> Any:
        """Ask until the answer is true, and return it; AssertionError with the log when it never is."""
        end = time.monotonic() + seconds
        while not (answer := found()):
            assert time.monotonic() < end, f"{what} did not happen within {seconds} s:\n{self.words()}"
            time.sleep(0.1)
        return answer

    def ended(self, remediation: str, *, seconds: float = 60) -> dict[str, Any]:
        """The remediation once it runs no more."""
        over = {"Completed", "Failed", "Stopped", "Undone"}

        def told() -> Any:
            one = self.ask("remediation", id=remediation)
            return one if one["status"] in over else None

        return self.until(told, seconds=seconds, what="the end of the remediation")
