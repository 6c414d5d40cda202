"""Many mails inspected at once in worker processes that a hostile mail may kill without harm.

One thread per worker hands it small batches and reads the answers one by one, so that it always knows which mail a
dying or hanging worker was at: that mail becomes unparsable, the rest of its batch goes to the fresh worker.
"""

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from multiprocessing.connection import Connection, Pipe
from types import TracebackType
from typing import Self

from watchfloor.inspection.contracts import Envelope, Inspection, TenantFacts
from watchfloor.inspection.tasks import Answer, Setup, Task, read_answer
from watchfloor.inspection.unread import unread
from watchfloor.kernel.errors import Unreachable

MEMORY = 1536 << 20
SECONDS = 10.0
_START_SECONDS = 60.0
_BATCH = 16
_TRIES = 2
_ENDS = {
    -signal.SIGXCPU: "used up its processor time",
    -signal.SIGSEGV: "crashed its reader",
    -signal.SIGABRT: "crashed its reader",
    -signal.SIGKILL: "was killed while it was read, twice; most likely for memory",
}
_BATCH_BYTES = 1 << 20


@dataclass(slots=True)
class _Job:
    task: Task
    future: Future[Inspection] = field(default_factory=Future)
    tries: int = 1


class _Gone(Exception):
    """The worker died or was ended; the message says how, in words. `outside` when another process killed it."""

    def __init__(self, words: str, *, outside: bool = False) -> None:
        super().__init__(words)
        self.outside = outside


class _Worker:
    """One process and our end of its pipe."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        ours, theirs = Pipe(duplex=True)
        self.connection: Connection = ours
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-m", "watchfloor.inspection.worker", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Its own session: Ctrl-C in the terminal is for the program, which then ends its workers in order.
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "1"},
        )
        theirs.close()
        try:
            ours.send_bytes(pickle.dumps(setup, protocol=5))
            if self.receive(_START_SECONDS) != b"ready":
                raise _Gone("did not start")
        except (OSError, _Gone) as error:
            self.end()
            raise Unreachable(f"an inspection worker did not start: {error}") from error

    def send(self, tasks: list[Task]) -> None:
        """Hand over a batch."""
        try:
            self.connection.send_bytes(pickle.dumps(tasks, protocol=5))
        except OSError as error:
            raise self._end_of() from error

    def receive(self, seconds: float) -> bytes:
        """The next message; raises _Gone when it does not come in time or the process is dead."""
        try:
            if not self.connection.poll(seconds):
                raise _Gone(f"took longer than {seconds:g} s")
            return self.connection.recv_bytes()
        except (EOFError, OSError) as error:
            raise self._end_of() from error

    def _end_of(self) -> _Gone:
        """How the process ended, in words."""
        try:
            code = self.process.wait(2)
        except subprocess.TimeoutExpired:
            return _Gone("broke its pipe")
        return _Gone(_ENDS.get(code, f"ended its reader (exit {code})"), outside=code == -signal.SIGKILL)

    def end(self, *, at_once: bool = False) -> None:
        """Close the pipe, on which an idle worker leaves, and make sure that the process is gone."""
        self.connection.close()
        try:
            self.process.wait(0 if at_once else 2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class InspectionPool:
    """Inspects mails in `workers` processes, each mail judged with `facts`.

    `seconds` bounds each mail's wall clock and processor time, `memory` (bytes) each worker's address space. Use it as
    a context manager: leaving it waits for what was submitted.
    """

    def __init__(self, workers: int, facts: TenantFacts, *, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._setup = Setup(facts, memory, seconds)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._pids: dict[int, int] = {}
        self._threads = [
            threading.Thread(target=self._serve, args=(number,), name=f"inspection-{number}", daemon=True)
            for number in range(max(workers, 1))
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, raw: bytes, envelope: Envelope, now: datetime) -> Future[Inspection]:
        """The inspection to come. It never fails for what the mail is: then it has `unparsable` set.

        It fails with Unreachable when no worker process can be started on this machine.
        """
        if self._closed:
            raise RuntimeError("the pool is closed")
        job = _Job(Task(raw, envelope, now))
        self._jobs.put(job)
        return job.future

    def tell(self, facts: TenantFacts) -> None:
        """Judge what is submitted from now on with `facts`; each worker is replaced before its next batch."""
        if facts != self._setup.facts:
            self._setup = replace(self._setup, facts=facts)

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes now running, for health pages and tests."""
        return tuple(self._pids.values())

    def close(self) -> None:
        """Finish what was submitted and end the workers."""
        if not self._closed:
            self._closed = True
            for _ in self._threads:
                self._jobs.put(None)
            for thread in self._threads:
                thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _serve(self, number: int) -> None:
        """One thread's life: take batches, hand them to the worker, replace it when it is gone."""
        worker: _Worker | None = None
        open_for_more = True
        while open_for_more:
            batch, open_for_more = self._take()
            left: list[_Job] | None = batch
            while left:
                try:
                    if worker and worker.setup is not self._setup:
                        worker.end()
                        worker = None
                    worker = worker or self._start(number)
                    left = _run(worker, left, self._setup.seconds)
                    worker = worker if left is None else None
                except Exception as error:
                    # No worker to be had, or a fault of our own: whoever waits must hear of it, and the thread lives on.
                    # The worker may still hold answers to these mails; the next must not be given one of them.
                    if worker:
                        worker.end(at_once=True)
                    worker, left = None, None
                    _fail(batch, error)
        if worker:
            worker.end()
        self._pids.pop(number, None)

    def _start(self, number: int) -> _Worker:
        worker = _Worker(self._setup)
        self._pids[number] = worker.process.pid
        return worker

    def _take(self) -> tuple[list[_Job], bool]:
        """The next batch, and False when it is the last. Waits for the first job, never for a second."""
        job = self._jobs.get()
        batch: list[_Job] = []
        size = 0
        # A share each: one thread must not carry off what the others could begin.
        most = min(_BATCH, 1 + self._jobs.qsize() // len(self._threads))
        while job is not None:
            if job.future.set_running_or_notify_cancel():
                batch.append(job)
                size += len(job.task.raw)
            if len(batch) >= most or size > _BATCH_BYTES:
                return batch, True
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False


def _run(worker: _Worker, batch: list[_Job], seconds: float) -> list[_Job] | None:
    """Have a batch inspected. None when all is done and the worker is well; else what another one must do."""
    done = 0
    try:
        worker.send([job.task for job in batch])
        for job in batch:
            answer = _judged(worker, seconds)
            _settle(job, answer)
            done += 1
            if isinstance(answer, str):
                worker.end()
                return batch[done:]
    except _Gone as gone:
        worker.end(at_once=True)
        suspect = batch[done]
        if gone.outside and suspect.tries < _TRIES:
            # Our own limits never end a worker this way: the machine was short of memory, or somebody killed it.
            suspect.tries += 1
            return batch[done:]
        _settle(suspect, str(gone))
        return batch[done + 1 :]
    return None


def _judged(worker: _Worker, seconds: float) -> Answer:
    data = worker.receive(seconds)
    try:
        return read_answer(data)
    except Exception as error:
        raise _Gone("gave an answer that is none") from error


def _settle(job: _Job, answer: Answer) -> None:
    if isinstance(answer, str):
        answer = unread(job.task.raw, envelope=job.task.envelope, reason=answer)
    job.future.set_result(answer)


def _fail(batch: list[_Job], error: Exception) -> None:
    for job in batch:
        if not job.future.done():
            job.future.set_exception(error)


def inspect_safely(
    raw: bytes, *, envelope: Envelope, facts: TenantFacts, now: datetime, seconds: float = SECONDS
) -> Inspection:
    """One mail in a worker process of its own, waited for. Raises Unreachable when none can be started."""
    with InspectionPool(1, facts, seconds=seconds) as pool:
        return pool.submit(raw, envelope, now).result()
