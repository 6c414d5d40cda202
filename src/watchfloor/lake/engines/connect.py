"""What Spark and Sail share: both are asked over Spark Connect, in Spark's SQL, over the files a snapshot lists.

The cold files are named one by one as the Delta log lists them, the hot rows go along, so that a row is read exactly once
although the other side knows neither our log nor our hot tier. The answer has the types DuckDB gives it.
"""

import logging
import os
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pyarrow as pa
from sqlglot import exp

from watchfloor.kernel.errors import BadInput, NotConfigured, Unreachable
from watchfloor.lake.contracts import QueryFailed, TooLarge, TooSlow
from watchfloor.lake.engines.delta import ColdFile
from watchfloor.lake.engines.dialects.kinds import kind_of
from watchfloor.lake.engines.dialects.saying import Columns, Flavour
from watchfloor.lake.engines.dialects.statements import said
from watchfloor.lake.engines.duck import BATCH_ROWS, DuckEngine
from watchfloor.lake.engines.source import Source

log = logging.getLogger(__name__)

INSTALL = "python3 -m pip install 'pyspark[connect]>=4.1,<4.3'"
RETRIES = 3
MEANING = {"spark.sql.session.timeZone": "UTC", "spark.sql.ansi.enabled": "true"}
"""Without these of our session an answer would be another: moments in UTC, and errors where a value does not fit."""
SETTINGS = {
    "spark.sql.caseSensitive": "false",
    "spark.sql.variant.allowDuplicateKeys": "true",
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "1000",
}
"""Good to have; those a server does not know are its own affair."""
_LARGE = ("spark.driver.maxResultSize", "OutOfMemory", "out of memory", "ResourcesExhausted", "Resources exhausted")
_BROKE = ("(java.util.concurrent.ExecutionException) Boxed Exception",)
"""What breaks inside a server without fault of the statement: a thread of its own that was interrupted, or could not go on."""
_GONE = (
    "UNAVAILABLE",
    "is not running",
    "SESSION_CLOSED",
    "SESSION_NOT_FOUND",
    "failed to connect",
    "Connection refused",
)


class ConnectEngine:
    """Answers query trees in Arrow, as DuckEngine does; `reference` says what types an answer has."""

    dialect = "spark"
    flavour: Flavour

    def __init__(self, *, address: str, reference: DuckEngine) -> None:
        if not address.startswith("sc://"):
            raise BadInput(
                f"“{address}” is not an address of Spark Connect, as sc://host:15002; a cluster at spark:// gets one with "
                "sbin/start-connect-server.sh --master spark://host:7077",
                place=self.setting,
            )
        self.address = address
        self._reference = reference
        self._guard = threading.Lock()
        self._held: Any = None

    @property
    def setting(self) -> str:
        """The setting that holds the address."""
        return f"lake_{self.flavour.name.lower()}"

    def run(self, tree: exp.Expr, sources: Mapping[str, Source], *, timeout: float = 30.0) -> pa.Table:
        """The whole answer. Raises Unspeakable for what the engine would answer otherwise, TooSlow after `timeout` seconds,
        TooLarge when memory is out, Unreachable when nobody answers, QueryFailed for the rest.

        A statement only reads: where the server broke by itself, it is asked once more."""
        wanted = self._answer_schema(tree, sources)
        with self._told(), self._limited(timeout) as session, self._views(session, tree, sources) as text:
            try:
                answer = session.sql(text).toArrow()
            except Exception as error:
                if not _is_one(error, _BROKE):
                    raise
                log.warning("%s broke and is asked once more: %s", self.flavour.name, _first_line(error))
                answer = session.sql(text).toArrow()
            return _as(wanted, answer)

    def stream(
        self, tree: exp.Expr, sources: Mapping[str, Source], *, timeout: float = 600.0
    ) -> Iterator[pa.RecordBatch]:
        """The answer in batches."""
        yield from self.run(tree, sources, timeout=timeout).to_batches(max_chunksize=BATCH_ROWS)

    def statement(self, tree: exp.Expr, views: Mapping[str, tuple[str, Columns]]) -> str:
        """The tree in the engine's words."""
        if not isinstance(tree, exp.Query):
            raise BadInput(f"a {type(tree).__name__.lower()} is no question", place="query")
        return said(tree, views, self.flavour)

    def _answer_schema(self, tree: exp.Expr, sources: Mapping[str, Source]) -> pa.Schema:
        """What DuckDB would answer in: asked of the same tree over no rows."""
        if not isinstance(tree, exp.Query):
            raise BadInput(f"a {type(tree).__name__.lower()} is no question", place="query")
        empty = {name: Source((), None, source.empty) for name, source in sources.items()}
        shell = exp.select("*").from_(tree.copy().subquery("answer")).limit(0)
        return self._reference.run(shell, empty).schema

    # --- sources ---

    @contextmanager
    def _views(self, session: Any, tree: exp.Expr, sources: Mapping[str, Source]) -> Iterator[str]:
        """The statement, while its views are there. What cannot be said is refused before anything is sent."""
        mark = f"wf_{uuid4().hex}"
        views = {name: f"{mark}_{number}" for number, name in enumerate(sources)}
        text = self.statement(tree, {name: (f"`{view}`", _columns(sources[name])) for name, view in views.items()})
        made: list[str] = []
        try:
            for name, view in views.items():
                self._rows(session, sources[name]).createOrReplaceTempView(view)
                made.append(view)
            yield text
        finally:
            for view in made:
                _quietly(session.catalog.dropTempView, view)

    def _rows(self, session: Any, source: Source) -> Any:
        """The rows of one source: its files read with the columns of today (older files lack some), and the hot ones."""
        schema = _spark_schema(source.empty.schema)
        names = source.empty.schema.names
        parts = []
        if source.files:
            paths = [self.path_of(file) for file in source.files]
            parts.append(session.read.schema(schema).parquet(*paths).select(*names))
        if source.hot is not None and source.hot.num_rows:
            hot = source.hot.select(names).cast(source.empty.schema)
            parts.append(session.createDataFrame(hot, schema=schema))
        if not parts:
            return session.range(0).selectExpr(
                *(f"CAST(NULL AS {_sql_type(field)}) AS `{field.name}`" for field in source.empty.schema)
            )
        return _filled(parts[0] if len(parts) == 1 else parts[0].unionByName(parts[1]), source)

    def path_of(self, file: ColdFile) -> str:
        """A file as the engine names it: the workers read it, so it must be where they look."""
        return file.uri if file.uri.startswith("s3://") else file.path

    # --- the session ---

    def close(self) -> None:
        """End the session there, if there is one."""
        with self._guard:
            if self._held is not None and self._held[0] == os.getpid():
                _quietly(self._held[1].stop)
            self._held = None

    def prepare(self, session: Any) -> None:
        """What a new session needs."""
        for key, value in SETTINGS.items():
            _quietly(session.conf.set, key, value)

    def _session(self) -> Any:
        with self._guard:
            if self._held is None or self._held[0] != os.getpid():
                self._held = (os.getpid(), self._opened())
            return self._held[1]

    def _opened(self) -> Any:
        connect = _client(self.flavour.name)
        session = connect.builder.remote(self.address).create()
        _hold_retries(session)
        try:
            for key, value in MEANING.items():
                session.conf.set(key, value)
        except Exception as error:
            raise Unreachable(f"{self.flavour.name} at {self.address} does not answer: {_first_line(error)}") from error
        self.prepare(session)
        return session

    @contextmanager
    def _limited(self, seconds: float) -> Iterator[Any]:
        """The session, on which everything ends after `seconds`: the work there is cancelled, not only waited for no more."""
        session = self._session()
        tag, late, done = f"wf-{uuid4().hex}", threading.Event(), threading.Event()

        def stop() -> None:
            # Asked again and again, as an operation may begin between two.
            if done.wait(seconds):
                return
            late.set()
            while not done.wait(0.2):
                _quietly(session.interruptTag, tag)

        watch = threading.Thread(target=stop, daemon=True, name="query limit")
        session.addTag(tag)
        watch.start()
        try:
            yield session
        except Exception as error:
            if late.is_set():
                raise TooSlow(
                    f"the query took longer than {seconds:g} seconds; take a shorter time or more conditions"
                ) from error
            raise
        finally:
            done.set()
            session.removeTag(tag)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """The engine's own errors as ours."""
        try:
            yield
        except (BadInput, TooSlow, Unreachable, NotConfigured):
            raise
        except Exception as error:
            if not type(error).__module__.startswith(("pyspark", "grpc")):
                raise
            words = _first_line(error)
            if _is_one(error, _GONE):
                self._held = None
                raise Unreachable(f"{self.flavour.name} at {self.address} went away: {words}") from error
            if _is_one(error, _LARGE):
                raise TooLarge(
                    f"the query needs more memory than {self.flavour.name} gives it; take a shorter time or fewer groups"
                ) from error
            raise QueryFailed(f"the query failed while it ran on {self.flavour.name}: {words}") from error


_engines: dict[tuple[int, str, str], ConnectEngine] = {}
_engines_guard = threading.Lock()


def connected(name: str, address: str, reference: DuckEngine) -> ConnectEngine:
    """This process's engine of that name at an address; its session is opened with the first query."""
    from watchfloor.lake.engines.sail import SailEngine
    from watchfloor.lake.engines.spark import SparkEngine

    key = (os.getpid(), name, address)
    with _engines_guard:
        if key not in _engines:
            kind = {"spark": SparkEngine, "sail": SailEngine}[name]
            _engines[key] = kind(address=address, reference=reference)
        return _engines[key]


def _filled(rows: Any, source: Source) -> Any:
    """Columns that some files are too old to hold, as rows have them that were stored without: an empty text, 0, false."""
    if not source.lacking:
        return rows
    blank = {"text": "''", "bool": "false"}
    kinds = {field.name: kind_of(field.type) for field in source.empty.schema}
    return rows.selectExpr(
        *(
            f"coalesce(`{name}`, {blank.get(kind.name, '0')}) AS `{name}`" if name in source.lacking else f"`{name}`"
            for name, kind in kinds.items()
        )
    )


def _client(engine: str) -> Any:
    """Spark's client, which only those who have a cluster install."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the newest pandas, which nothing here uses
        try:
            from pyspark.sql.connect.session import SparkSession
        except ImportError as error:
            raise NotConfigured(f"asking {engine} needs Spark's client, which is not installed: {INSTALL}") from error
    return SparkSession


def _hold_retries(session: Any) -> None:
    """A server that is away is told within seconds, not after ten minutes."""
    from pyspark.sql.connect.client.retries import DefaultPolicy

    session.client.set_retry_policies([DefaultPolicy(max_retries=RETRIES, initial_backoff=200, max_backoff=1000)])


def _spark_schema(schema: pa.Schema) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(schema)


def _columns(source: Source) -> Columns:
    return tuple((field.name, kind_of(field.type)) for field in source.empty.schema)


def _sql_type(field: pa.Field) -> str:
    from watchfloor.lake.engines.dialects.kinds import sql_type

    return sql_type(kind_of(field.type))


def _as(wanted: pa.Schema, answer: pa.Table) -> pa.Table:
    """The answer in the types DuckDB gives: names and kinds by place."""
    columns = [_column(column, field) for column, field in zip(answer.columns, wanted, strict=True)]
    return pa.Table.from_arrays(columns, schema=wanted)


def _column(column: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    if isinstance(field.type, pa.BaseExtensionType):
        stored = column.cast(field.type.storage_type)
        return pa.chunked_array(
            [pa.ExtensionArray.from_storage(field.type, chunk) for chunk in stored.chunks], field.type
        )
    return column.cast(field.type)


def _is_one(error: Exception, signs: Sequence[str]) -> bool:
    return any(sign in str(error) for sign in signs)


def _first_line(error: Exception) -> str:
    """What went wrong, and what was at the bottom of it where the server tells."""
    lines: Sequence[str] = str(error).splitlines() or [type(error).__name__]
    first = next((line.strip() for line in lines if line.strip() and not line.startswith("<")), lines[0])[:300]
    causes = [line.strip()[:300] for line in lines if line.startswith("Caused by: ")]
    return f"{first}. {causes[-1]}" if causes else first


def _quietly(call: Any, *args: Any) -> None:
    """For what is tidied up, or is not known everywhere: nothing depends on its success."""
    try:
        call(*args)
    except Exception:
        time.sleep(0)
