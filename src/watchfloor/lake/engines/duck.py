"""DuckDB: one in-memory database per process, a cursor per thread, files of the lake and nothing else of the machine."""

import logging
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlglot import ErrorLevel, exp

from watchfloor.kernel.errors import BadInput
from watchfloor.lake.contracts import QueryFailed, TooLarge, TooSlow
from watchfloor.lake.engines import at_hand, codes, counting, newest, plain, ranks
from watchfloor.lake.engines.access_paths import Question
from watchfloor.lake.engines.alarm import ALARM
from watchfloor.lake.engines.cache import ready
from watchfloor.lake.engines.narrowing import pieces_for, read_by
from watchfloor.lake.engines.ranking import MOST_PARTS, Ranked, ranked
from watchfloor.lake.engines.segments import Segment, quoted
from watchfloor.lake.engines.source import Source, needed
from watchfloor.lake.engines.tallying import Part, Ranking, knows

log = logging.getLogger(__name__)

LATE_ROWS = 2000
"""Rows of a LIMIT up to which only the sort column is read first (DuckDB's own 50 is below a page of 100)."""
BATCH_ROWS = 4096


class DuckEngine:
    """Answers query trees in Arrow."""

    dialect = "duckdb"

    def __init__(self, *, lake: Path, scratch: Path, memory: str) -> None:
        lake.mkdir(parents=True, exist_ok=True)
        scratch.mkdir(parents=True, exist_ok=True)
        self._database = duckdb.connect(":memory:", config={"memory_limit": memory, "temp_directory": str(scratch)})
        self._guard = threading.Lock()
        self._attached: dict[str, str] = {}
        self._threads = threading.local()
        for setting in (
            "TimeZone = 'UTC'",
            f"late_materialization_max_rows = {LATE_ROWS}",
            "parquet_metadata_cache = true",
            "python_enable_replacements = false",
            "autoload_known_extensions = false",
            "autoinstall_known_extensions = false",
            f"allowed_directories = [{quoted(str(lake) + os.sep)}]",
            "enable_external_access = false",
            "lock_configuration = true",
        ):
            self._database.execute(f"SET {setting}")

    def run(self, tree: exp.Expr, sources: Mapping[str, Source], *, timeout: float = 30.0) -> pa.Table:
        """The whole answer. Raises TooSlow after `timeout` seconds, TooLarge when memory is out, QueryFailed for the rest."""
        if (answer := self.few(tree, sources)) is not None:
            return answer
        asked = Question(tree)
        sources = read_by(asked, sources)
        if (answer := self._counted(asked, sources, timeout)) is not None:
            return answer
        if (answer := self._newest(tree, sources, timeout)) is not None:
            return answer
        return self._asked(asked, sources, timeout)

    def few(self, tree: exp.Expr, sources: Mapping[str, Source]) -> pa.Table | None:
        """The answer without the database, when the question is plain and all rows it may want are at hand; else None."""
        asked = plain.understood(tree)
        source = sources.get(asked.source) if asked else None
        if asked is None or source is None:
            return None
        pieces = pieces_for(asked, source)
        return None if pieces is None else at_hand.answered(asked, pieces, source.empty.schema)

    def _asked(self, asked: Question, sources: Mapping[str, Source], timeout: float) -> pa.Table:
        """The answer of the database itself."""
        cursor = self._cursor()
        with _told():
            text = self._text(asked, sources)
            with self._limited(cursor, timeout), _registered(cursor, text, sources):
                return cursor.sql(text).to_arrow_table()

    def _counted(self, asked: Question, sources: Mapping[str, Source], timeout: float) -> pa.Table | None:
        """The answer to a question that only counts, from the segments' numbers as far as they go."""
        if len(sources) != 1:
            return None
        [(name, source)] = sources.items()
        schema = source.empty.schema
        question = counting.understood(asked.tree, name, schema) if any(one.codes for one in source.segments) else None
        if question is None:
            return None
        parts, left = [], source
        for one in source.segments:
            held = codes.opened(one.codes) if one.codes else None
            if held is None:
                continue
            cursor = self._cursor()
            with _told(), self._limited(cursor, timeout):
                part = counting.count(question, held, since=one.since, schema=schema, cursor=cursor)
            if part is not None:
                parts.append(part)
                left = left.beyond(one)
        if not parts:
            return None
        if not left.is_empty:
            tree = asked.tree.copy()
            for key in ("order", "limit", "offset"):
                tree.set(key, None)
            parts.append(self.run(tree, {name: left}, timeout=timeout).cast(parts[0].schema))
        return question.finished(parts)

    def _newest(self, tree: exp.Expr, sources: Mapping[str, Source], timeout: float) -> pa.Table | None:
        """A page of the newest rows, when a short time holds it; None when all has to be read."""
        if len(sources) != 1:
            return None
        [(name, source)] = sources.items()
        held = [codes.opened(one.codes) for one in source.segments if one.codes]
        wanted = newest.page_of(tree, name) if held else None
        if not wanted:
            return None
        cursor = self._cursor()
        with _told(), self._limited(cursor, timeout):
            moment = newest.since(tree, [one for one in held if one], rows=wanted, cursor=cursor)
        if moment is None:
            return None
        found = self._asked(Question(newest.narrowed(tree, moment)), sources, timeout)
        return found if len(found) == wanted else None

    def ranked(
        self, asked: Ranking, name: str, source: Source, rest: exp.Expr, *, timeout: float = 30.0
    ) -> Ranked | None:
        """The most frequent values of a column, by the segments' ranks; None when they do not tell, or there are none.

        `rest` asks the same of the rows of no segment, which stand under `name`: all values, with their counts and times.
        """
        conditions = (*asked.conditions, *asked.splits)
        held = [(one, ranks.opened(one.ranks)) for one in source.segments if one.ranks]
        known = [(one, found) for one, found in held if found is not None and knows(found, asked.column, conditions)]
        if not known or len(known) > MOST_PARTS:
            return None
        cursor = self._cursor()
        parts: list[Part] = []
        left = source
        with _told(), self._limited(cursor, timeout):
            for one, found in known:
                start = max((at for at in (asked.start, one.since) if at), default=None)
                parts.append(Part(found, asked, number=len(parts), start=start, cursor=cursor))
                left = left.beyond(one)
        answer = self.run(rest, {name: left if not left.is_empty else replace(left, hot=left.empty)}, timeout=timeout)
        return ranked(asked, parts, answer)

    def stream(
        self, tree: exp.Expr, sources: Mapping[str, Source], *, timeout: float = 600.0
    ) -> Iterator[pa.RecordBatch]:
        """The answer in batches, as it is read; memory stays flat when the tree needs no sort of everything."""
        asked = Question(tree)
        sources = read_by(asked, sources)
        cursor = self._new_cursor()
        try:
            with _told():
                text = self._text(asked, sources)
                with self._limited(cursor, timeout), _registered(cursor, text, sources):
                    yield from cursor.sql(text).to_arrow_reader(BATCH_ROWS)
        finally:
            cursor.close()

    def _text(self, asked: Question, sources: Mapping[str, Source]) -> str:
        """The statement. Outside the time limit, since an object store's files may have to be fetched first.

        Each table as a common table expression that is inlined, so that filters and top-N reach the files.

        A tree that has such expressions of its own keeps them, after ours. Only a question is run, whatever a tree may be.
        """
        tree = asked.tree
        if not isinstance(tree, exp.Query):
            raise BadInput(f"a {type(tree).__name__.lower()} is no question", place="query")
        parts = [
            f'"{name}" AS NOT MATERIALIZED ({self._reading(asked, name, source)})' for name, source in sources.items()
        ]
        text = tree.sql(dialect=self.dialect, unsupported_level=ErrorLevel.IGNORE)
        if not parts:
            return text
        own = tree.args.get("with_") is not None
        return f"WITH {', '.join(parts)}{',' if own else ''} {text.removeprefix('WITH ') if own else text}"

    def _reading(self, asked: Question, name: str, source: Source) -> str:
        """The rows of one source: its segments, the files none of them holds, and hot rows."""
        attached = [(alias, one) for one in source.segments if (alias := self._attach(one))]
        if not attached:
            return _unsealed(name, source)
        held = {file for _, one in attached for file in one.covers}
        bare = replace(source, files=tuple(file for file in source.files if file.name not in held))
        columns = _columns(asked, source)
        parts = [_sealed(alias, one, needed(asked, source)) for alias, one in attached]
        if not bare.is_empty:
            parts.append(f"SELECT {columns} FROM ({_unsealed(name, bare)})")  # noqa: S608 (names of our own schema)
        return " UNION ALL ".join(parts)

    def _attach(self, segment: Segment) -> str | None:
        """The name under which this engine reads a segment; None when it is gone, and the Parquet files have to do."""
        with self._guard:
            held = self._attached.get(segment.path)
            if held:
                return held
            self._detach_gone()
            alias = f"segment_{Path(segment.path).stem}"
            try:
                self._database.execute(f"ATTACH {quoted(segment.path)} AS {alias} (READ_ONLY)")
            except duckdb.Error as error:
                log.warning("segment %s cannot be read: %s", segment.path, str(error).splitlines()[0])
                return None
            self._attached[segment.path] = alias
            return alias

    def _detach_gone(self) -> None:
        """Let go of segments that were deleted; a query that still reads one keeps it alive until its end."""
        for path, alias in list(self._attached.items()):
            if not Path(path).exists():
                self._database.execute(f"DETACH {alias}")
                del self._attached[path]

    @contextmanager
    def _limited(self, cursor: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
        try:
            with ALARM.after(seconds, cursor.interrupt):
                yield
        except duckdb.InterruptException as error:
            raise TooSlow(
                f"the query took longer than {seconds:g} seconds; take a shorter time or more conditions"
            ) from error

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        held: duckdb.DuckDBPyConnection | None = getattr(self._threads, "cursor", None)
        if held is None:
            held = self._threads.cursor = self._new_cursor()
        return held

    def _new_cursor(self) -> duckdb.DuckDBPyConnection:
        with self._guard:
            return self._database.cursor()


@contextmanager
def _registered(cursor: duckdb.DuckDBPyConnection, text: str, sources: Mapping[str, Source]) -> Iterator[None]:
    """The hot rows and the numbers of rows that `text` reads, under the names it reads them by."""
    given = {f"hot_{name}": source.empty if source.hot is None else source.hot for name, source in sources.items()}
    narrowed = [one for source in sources.values() for one in source.segments if one.only is not None]
    given |= {_only_name(one).strip('"'): pa.table({"r": one.only.rows}) for one in narrowed if one.only}
    read = {name: held for name, held in given.items() if f'"{name}"' in text}
    for name, held in read.items():
        cursor.register(name, held)
    try:
        yield
    finally:
        for name in read:
            cursor.unregister(name)


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


def _columns(asked: Question, source: Source) -> str:
    return ", ".join(f'"{name}"' for name in needed(asked, source))


def _sealed(alias: str, segment: Segment, columns: Sequence[str]) -> str:
    """Reading one segment. A column that all rows asked for would meet the conditions with is not read: a text that does stands there."""
    tests = [f"Timestamp >= TIMESTAMPTZ '{segment.since.isoformat()}'"] if segment.since else []
    only = segment.only
    if only is not None:
        tests.append(f"rowid IN (SELECT r FROM {_only_name(segment)})")  # noqa: S608
    told = {segment.searched: quoted(only.text)} if only and only.text else {}
    chosen = ", ".join(f'{told[name]} AS "{name}"' if name in told else f'"{name}"' for name in columns)
    return f"SELECT {chosen} FROM {alias}.main" + (f" WHERE {' AND '.join(tests)}" if tests else "")  # noqa: S608


def _only_name(segment: Segment) -> str:
    return f'"only_{Path(segment.path).stem}"'


def _unsealed(name: str, source: Source) -> str:
    hot = f'SELECT * FROM "hot_{name}"'  # noqa: S608 (names of our own schema)
    if not source.files:
        return hot
    ready(source.files)
    paths = ", ".join(quoted(file.path) for file in source.files)
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
