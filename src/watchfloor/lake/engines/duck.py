"""DuckDB: one in-memory database per process, a cursor per thread, files of the lake and nothing else of the machine."""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlglot import ErrorLevel, exp

from watchfloor.kernel.errors import BadInput
from watchfloor.lake.contracts import QueryFailed, TooLarge, TooSlow
from watchfloor.lake.engines.cache import ready
from watchfloor.lake.engines.delta import ColdFile

LATE_ROWS = 2000
"""Rows of a LIMIT up to which only the sort column is read first (DuckDB's own 50 is below a page of 100)."""
BATCH_ROWS = 4096


@dataclass(frozen=True, slots=True)
class Source:
    """What a table name means in one query: cold files, newest first, and hot rows; `empty` gives the columns when both lack.

    `lacking` are columns that are never null although some cold files hold none of them.
    """

    files: tuple[ColdFile, ...]
    hot: pa.Table | None
    empty: pa.Table
    lacking: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.files and self.hot is None

    def between(self, start: datetime, end: datetime) -> "Source":
        """The same moment of the table, with only the files that may hold rows of [start, end)."""
        return replace(self, files=tuple(file for file in self.files if file.lo < end and file.hi >= start))

    def without(self, files: Sequence[ColdFile]) -> "Source":
        """The same moment of the table, without these files."""
        return replace(self, files=tuple(file for file in self.files if file not in files))


class DuckEngine:
    """Answers query trees in Arrow."""

    dialect = "duckdb"

    def __init__(self, *, lake: Path, scratch: Path, memory: str) -> None:
        lake.mkdir(parents=True, exist_ok=True)
        scratch.mkdir(parents=True, exist_ok=True)
        self._database = duckdb.connect(":memory:", config={"memory_limit": memory, "temp_directory": str(scratch)})
        self._guard = threading.Lock()
        self._threads = threading.local()
        for setting in (
            "TimeZone = 'UTC'",
            f"late_materialization_max_rows = {LATE_ROWS}",
            "parquet_metadata_cache = true",
            "python_enable_replacements = false",
            "autoload_known_extensions = false",
            "autoinstall_known_extensions = false",
            f"allowed_directories = [{_quoted(str(lake) + os.sep)}]",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            self._database.execute(f"SET {setting}")

    def run(self, tree: exp.Expr, sources: Mapping[str, Source], *, timeout: float = 30.0) -> pa.Table:
        """The whole answer. Raises TooSlow after `timeout` seconds, TooLarge when memory is out, QueryFailed for the rest."""
        cursor = self._cursor()
        with _told(), self._limited(cursor, timeout), self._registered(cursor, sources):
            return cursor.sql(self._text(tree, sources)).to_arrow_table()

    def stream(
        self, tree: exp.Expr, sources: Mapping[str, Source], *, timeout: float = 600.0
    ) -> Iterator[pa.RecordBatch]:
        """The answer in batches, as it is read; memory stays flat when the tree needs no sort of everything."""
        cursor = self._new_cursor()
        try:
            with _told(), self._limited(cursor, timeout), self._registered(cursor, sources):
                yield from cursor.sql(self._text(tree, sources)).to_arrow_reader(BATCH_ROWS)
        finally:
            cursor.close()

    def _text(self, tree: exp.Expr, sources: Mapping[str, Source]) -> str:
        """Each table as a common table expression that is inlined, so that filters and top-N reach the files.

        A tree that has such expressions of its own keeps them, after ours. Only a question is run, whatever a tree may be.
        """
        if not isinstance(tree, exp.Query):
            raise BadInput(f"a {type(tree).__name__.lower()} is no question", place="query")
        parts = [f'"{name}" AS NOT MATERIALIZED ({_reading(name, source)})' for name, source in sources.items()]
        text = tree.sql(dialect=self.dialect, unsupported_level=ErrorLevel.IGNORE)
        if not parts:
            return text
        own = tree.args.get("with_") is not None
        return f"WITH {', '.join(parts)}{',' if own else ''} {text.removeprefix('WITH ') if own else text}"

    @contextmanager
    def _registered(self, cursor: duckdb.DuckDBPyConnection, sources: Mapping[str, Source]) -> Iterator[None]:
        names = []
        for name, source in sources.items():
            cursor.register(f"hot_{name}", source.empty if source.hot is None else source.hot)
            names.append(f"hot_{name}")
        try:
            yield
        finally:
            for name in names:
                cursor.unregister(name)

    @contextmanager
    def _limited(self, cursor: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
        alarm = threading.Timer(seconds, cursor.interrupt)
        alarm.daemon = True
        alarm.start()
        try:
            yield
        except duckdb.InterruptException as error:
            raise TooSlow(
                f"the query took longer than {seconds:g} seconds; take a shorter time or more conditions"
            ) from error
        finally:
            alarm.cancel()

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        held: duckdb.DuckDBPyConnection | None = getattr(self._threads, "cursor", None)
        if held is None:
            held = self._threads.cursor = self._new_cursor()
        return held

    def _new_cursor(self) -> duckdb.DuckDBPyConnection:
        with self._guard:
            return self._database.cursor()


@contextmanager
def _told() -> Iterator[None]:
    """The engine's own errors as ours: what ran out, or what a value could not be."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise TooLarge(
            "the query needs more memory than the lake may use; take a shorter time or fewer groups"
        ) from error
    except duckdb.Error as error:
        raise QueryFailed(f"the query failed while it ran: {str(error).splitlines()[0][:300]}") from error


def _reading(name: str, source: Source) -> str:
    hot = f'SELECT * FROM "hot_{name}"'  # noqa: S608 (names of our own schema)
    if not source.files:
        return hot
    ready(source.files)
    paths = ", ".join(_quoted(file.path) for file in source.files)
    cold = f"SELECT * FROM read_parquet([{paths}], hive_partitioning = false, union_by_name = true)"  # noqa: S608 (quoted)
    both = f"{cold} UNION ALL BY NAME {hot}"  # also without hot rows: files older than a column have none of that name
    if not source.lacking:
        return both
    return f"SELECT * REPLACE ({', '.join(_default(source, one) for one in source.lacking)}) FROM ({both})"  # noqa: S608


def _default(source: Source, column: str) -> str:
    """A column as rows have it that were stored without it: an empty text, 0 or false."""
    type = source.empty.schema.field(column).type
    value = "''" if pa.types.is_string(type) else "false" if pa.types.is_boolean(type) else "0"
    return f'coalesce("{column}", {value}) AS "{column}"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


_engines: dict[tuple[int, Path, str], DuckEngine] = {}
_engines_guard = threading.Lock()


def duck(*, home: Path, memory: str, use: str = "") -> DuckEngine:
    """This process's engine over the lake in `home`; each `use` has its own memory, so that none can take another's."""
    key = (os.getpid(), home, use)
    with _engines_guard:
        if key not in _engines:
            scratch = home / "scratch" / f"{use}-{os.getpid()}" if use else home / "scratch"
            _engines[key] = DuckEngine(lake=home / "lake", scratch=scratch, memory=memory)
        return _engines[key]
