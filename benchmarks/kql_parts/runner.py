"""A process that runs SQL, so that no query can hang or fill the machine: it is ended at its time, and begun anew."""

import multiprocessing
import resource
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any

MEMORY = "1GB"
ADDRESS_SPACE = 6 << 30


@dataclass(frozen=True, slots=True)
class Ran:
    """`rows` of a statement, or the engine's `error`."""

    rows: tuple[tuple[Any, ...], ...] = ()
    error: str = ""


class Runner:
    """One engine process. `run` never raises: an error, a timeout and a death are all told in `Ran.error`."""

    def __init__(self, *, seconds: float = 8.0, setup: Sequence[str] = ()) -> None:
        self.seconds = seconds
        self.setup = list(setup)
        self._context = multiprocessing.get_context("spawn")
        self._process: Any = None
        self._pipe: Any = None

    def __enter__(self) -> "Runner":
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def run(self, statements: Sequence[str]) -> Ran:
        """The rows of the last statement."""
        try:
            self._pipe.send(list(statements))
            if self._pipe.poll(self.seconds):
                found: Ran = self._pipe.recv()
                return found
            problem = "ran out of time"
        except (EOFError, OSError):
            problem = "the engine died"
        self._end()
        self._begin()
        return Ran(error=problem)

    def _begin(self) -> None:
        self._pipe, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_serve, args=(theirs, self.setup), daemon=True)
        self._process.start()
        theirs.close()

    def _end(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _serve(pipe: Connection, setup: Sequence[str]) -> None:
    import duckdb

    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    connection = duckdb.connect(config={"threads": "1", "memory_limit": MEMORY})
    connection.execute("SET TimeZone = 'UTC'")
    for statement in setup:
        connection.execute(statement)
    with suppress(EOFError, KeyboardInterrupt):
        while True:
            pipe.send(_answer(connection, pipe.recv()))


def _answer(connection: Any, statements: Sequence[str]) -> Ran:
    try:
        for statement in statements[:-1]:
            connection.execute(statement)
        table = connection.execute(statements[-1]).to_arrow_table()
        return Ran(rows=tuple(zip(*(column.to_pylist() for column in table.columns), strict=True)))
    except Exception as error:
        return Ran(error=" ".join(str(error).split())[:300])
