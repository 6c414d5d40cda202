"""Running KQL: a text becomes a tree, its scans become sources in their windows, the engine answers in Arrow."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pyarrow as pa
from django.conf import settings
from sqlglot import exp

from watchfloor.access.contracts import Actor
from watchfloor.lake import lists, storage
from watchfloor.lake.contracts import TooLarge
from watchfloor.lake.engines.connect import ConnectEngine
from watchfloor.lake.engines.dialects.saying import Unspeakable
from watchfloor.lake.engines.duck import DuckEngine
from watchfloor.lake.engines.source import Source
from watchfloor.lake.kql.compiling import Compiled, assembled, compile_query
from watchfloor.lake.kql.errors import KqlError, Span
from watchfloor.lake.kql.model import ListData, Scan
from watchfloor.lake.kql.program import Program
from watchfloor.lake.kql.types import SQL_TYPES
from watchfloor.lake.kql_answer import Answer, Columns, Cost, values
from watchfloor.lake.kql_entities import ALERTS, EARLIER, EVIDENCE, names_entities, with_entities
from watchfloor.lake.kql_given import arrow_of, given_rows
from watchfloor.lake.kql_tables import KqlTables
from watchfloor.lake.query import compile as trees
from watchfloor.lake.snapshot import engine_named, hunting_engine, source_of
from watchfloor.lake.turns import Turn

MOST_CHARACTERS = 64_000
MOST_ROWS = 100_000
MOST_BYTES = 256 << 20
TOO_LARGE = f"the answer is larger than {MOST_BYTES >> 20} MB; show fewer columns or rows"
ARROW = {
    "BOOLEAN": pa.bool_(), "INT": pa.int32(), "BIGINT": pa.int64(), "DOUBLE": pa.float64(), "TEXT": pa.string(),
    "JSON": pa.string(), "TIMESTAMPTZ": pa.timestamp("us", tz="UTC"),
}  # fmt: skip
"""What an answer without rows has in the place of each of the compiler's SQL types."""
SECONDS = 180.0
EXPORT_SECONDS = 1800.0
EMPTY: Mapping[str, ListData] = MappingProxyType({})
WIDE = re.compile(r"\*|\bsearch\b|\bfind\b")
"""What may read every table there is."""
EVER = datetime(1, 1, 2, tzinfo=UTC)
MAILS, EVENTS = "EmailEvents", "EmailPostDeliveryEvents"


@dataclass(frozen=True, slots=True)
class Asked:
    """A query ready to run: the whole tree, and what each name in it reads."""

    compiled: Compiled
    tree: exp.Expr
    sources: Mapping[str, Source]

    @property
    def cost(self) -> Cost:
        files = [file for source in self.sources.values() for file in source.files]
        hot = sum(source.hot.num_rows for source in self.sources.values() if source.hot is not None)
        return Cost(len(files), sum(file.bytes for file in files), sum(file.rows for file in files) + hot)


def hunt(
    text: str,
    *,
    now: datetime,
    by: Actor | None = None,
    limit: int = MOST_ROWS,
    timeout: float = SECONDS,
    engine: DuckEngine | None = None,
    on: str = "",
) -> Answer:
    """The answer of a KQL query, at most `limit` rows of it.

    `now` is what now() says; `by` is who asks (none: the product itself, which sees all); `on` names the engine (people's own
    queries run on the operator's choice, the product's on DuckDB, where nothing is said). Raises KqlError with the place of
    what is refused, Forbidden for a table `by` may not read, TooMany, TooSlow, TooLarge, QueryFailed.
    """
    began = time.monotonic()
    asking = engine or engine_named(on or (settings.WATCHFLOOR.lake_engine if by is not None else "duckdb"))
    with _turn(by), _placed():
        asked = prepared(text, now=now, by=by, limit=limit + 1, timeout=timeout, engine=asking)
        rows = _whole(asking.stream(asked.tree, asked.sources, timeout=_left(began, timeout)), asked.compiled.columns)
    return Answer(
        columns=asked.compiled.columns,
        table=rows.slice(0, limit),
        truncated=rows.num_rows > limit,
        seconds=time.monotonic() - began,
        render=asked.compiled.render,
        cost=asked.cost,
    )


@contextmanager
def _placed() -> Iterator[None]:
    """What another engine would answer otherwise, as a refusal with its place."""
    try:
        yield
    except Unspeakable as error:
        raise KqlError(error.words, Span(*error.at), kind="unsupported") from error


def hunt_stream(
    text: str, *, now: datetime, by: Actor | None = None, timeout: float = EXPORT_SECONDS
) -> tuple[Columns, Iterator[list[tuple[Any, ...]]]]:
    """Columns, and every row in lists of a few thousand, for files. What is refused is refused before the first row."""
    turn, engine = _turn(by), hunting_engine()
    asked = prepared(text, now=now, by=by, limit=None, timeout=timeout, engine=engine)
    return asked.compiled.columns, _streamed(asked, engine, turn, timeout)


def _streamed(asked: Asked, engine: DuckEngine, turn: ExitStack, timeout: float) -> Iterator[list[tuple[Any, ...]]]:
    with turn:
        for batch in engine.stream(asked.tree, asked.sources, timeout=timeout):
            yield values(asked.compiled.columns, batch)


def _turn(by: Actor | None) -> ExitStack:
    """A person's place among their running queries; the product's own jobs need none."""
    held = ExitStack()
    if by is not None:
        held.callback(Turn(Path(settings.HOME) / "scratch" / "turns", by.id).close)
    return held


def prepared(
    text: str, *, now: datetime, by: Actor | None, limit: int | None, timeout: float, engine: DuckEngine | ConnectEngine
) -> Asked:
    """The query compiled, with the sources it reads. Raises KqlError and Forbidden."""
    if len(text) > MOST_CHARACTERS:
        raise KqlError(f"a query has at most {MOST_CHARACTERS:,} characters", kind="limit")
    compiled = compile_query(
        text,
        catalogue=KqlTables(by, held=storage.holding() if WIDE.search(text) else None),
        now=now,
        hosts=lists.hosts(text),
        probe=_prober(engine, timeout),
        limit=limit,
    )
    if compiled.missing:
        raise KqlError(
            f"nobody uploaded the {compiled.missing[0]}; an administrator does so under Settings, Lists", kind="missing"
        )
    return Asked(compiled, *grounded(compiled.tree, compiled.scans, compiled.given))


def _left(began: float, timeout: float) -> float:
    """What is left of the time of a query that began then: its plugins' questions and its planning are part of it."""
    return max(timeout - (time.monotonic() - began), 0.01)


def _whole(batches: Iterator[pa.RecordBatch], columns: Columns) -> pa.Table:
    """The answer in memory. Raises TooLarge before it grows beyond MOST_BYTES."""
    held: list[pa.RecordBatch] = []
    size = 0
    try:
        for batch in batches:
            size += batch.nbytes
            if size > MOST_BYTES:
                raise TooLarge(TOO_LARGE)
            held.append(batch)
    except OSError as error:  # Arrow's own, for one batch that is larger than it can hold
        raise TooLarge(TOO_LARGE) from error
    if held:
        return pa.Table.from_batches(held)
    return pa.schema([(f"c{place}", ARROW[SQL_TYPES[kind]]) for place, (_, kind) in enumerate(columns)]).empty_table()


def _prober(
    engine: DuckEngine | ConnectEngine, timeout: float
) -> Callable[[Program, exp.Select], list[tuple[Any, ...]]]:
    """What plugins ask of the data before their columns are known, all of them together in the time of the query."""
    began = time.monotonic()

    def probe(program: Program, asked: exp.Select) -> list[tuple[Any, ...]]:
        tree, sources = grounded(assembled(program, asked), program.scans, program.given)
        return _tuples(engine.run(tree, sources, timeout=_left(began, timeout)))

    return probe


def _tuples(rows: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(column.to_pylist() for column in rows.columns), strict=True))


def grounded(tree: exp.Expr, scans: Any, given: Mapping[str, ListData] = EMPTY) -> tuple[exp.Expr, dict[str, Source]]:
    """The tree over sources: each scan's table in its window, newest locations of mail and entities of alerts folded in where
    they are asked for. `given` are lists that stand beside the tables under names of their own."""
    sources: dict[str, Source] = {}
    for name, found in given.items():
        table = arrow_of(found)
        sources[name] = Source((), table, table.slice(0, 0))
    folds: list[exp.CTE] = []
    wants_latest = any(scan.table == MAILS for scan in scans) and _names_latest(tree)
    wants_entities = any(scan.table == ALERTS for scan in scans) and names_entities(tree.find_all(exp.Column))
    for scan in scans:
        source = _source(scan)
        if wants_entities and scan.table == ALERTS and not source.is_empty:
            evidence = source_of(EVIDENCE, trees.Window(max(_low(scan) - EARLIER, EVER), trees.FOREVER))
            sources |= {f"{scan.name}_alerts": source, f"{scan.name}_evidence": evidence}
            folds.append(_named(scan, with_entities(alerts=f"{scan.name}_alerts", evidence=f"{scan.name}_evidence")))
            continue
        if wants_latest and scan.table == MAILS and not source.is_empty:
            events = source_of(EVENTS, trees.Window(_low(scan), trees.FOREVER))
            if not events.is_empty:
                sources |= {f"{scan.name}_all": source, f"{scan.name}_events": events}
                folds.append(_fold(scan))
                continue
        sources[scan.name] = source
    return _with_first(tree, folds), sources


def _source(scan: Scan) -> Source:
    given = given_rows(scan.table)
    if given is not None:
        return Source((), given, given.slice(0, 0))
    return source_of(scan.table, trees.Window(_low(scan), _high(scan)))


def _low(scan: Scan) -> datetime:
    return EVER if scan.low is None else max(_aware(scan.low), EVER)


def _high(scan: Scan) -> datetime:
    """The first moment after the window, whose end belongs to it."""
    if scan.high is None or _aware(scan.high) >= trees.FOREVER:
        return trees.FOREVER
    return _aware(scan.high) + timedelta(microseconds=1)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _names_latest(tree: exp.Expr) -> bool:
    return any(column.name in trees.LATEST for column in tree.find_all(exp.Column))


def _fold(scan: Scan) -> exp.CTE:
    """The scan as its mails with the newest location and action of each."""
    folded = trees.source(MAILS, _low(scan), latest=True).this.copy()
    names = {MAILS: f"{scan.name}_all", EVENTS: f"{scan.name}_events"}
    for table in folded.find_all(exp.Table):
        table.set("this", exp.to_identifier(names[table.name], quoted=True))
    return _named(scan, folded)


def _named(scan: Scan, folded: exp.Expr) -> exp.CTE:
    """What stands for the scan in the tree."""
    return exp.CTE(this=folded, alias=exp.TableAlias(this=exp.to_identifier(scan.name, quoted=True)))


def _with_first(tree: exp.Expr, folds: list[exp.CTE]) -> exp.Expr:
    """The tree with these expressions before its own."""
    if not folds:
        return tree
    own = tree.args.get("with_")
    tree.set("with_", exp.With(expressions=[*folds, *(own.expressions if own else ())]))
    return tree
