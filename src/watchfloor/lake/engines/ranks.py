"""Which values a segment's rows have, numbered by how often they come: for ranking all rows without reading what is rare.

Of each column people rank, the values that come more than once are numbered, the most frequent first, and each row of `main` has the
number of its value; all that come once share one. Who wants the first fifty of twenty million rows therefore looks at the rows with
small numbers alone: to find them is one comparison a row. Beside them stand the times, the columns of few values, as numbers too, and
an index from a value's hash to its number, or to its row when it comes once. One Arrow file a segment, mapped into memory.
"""

import json
import threading
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa
from sqlglot import exp

from watchfloor.lake.contracts import Table
from watchfloor.lake.engines.codes import decided, micros, narrowest

FEW = 100
"""A column of at most so many values may be part of a condition."""
MOST_HELD = 48
"""Files that one process keeps mapped."""
_DECIDED = 64
_TOLD = b"told"
_BATCH = 1_000_000


@dataclass(frozen=True, slots=True)
class Numbered:
    """One ranked column. `numbers` has one for each row: below `known` that of a value, `known` itself for one that comes once,
    and one more for a row whose mail has the value in an earlier row already.

    `values`, `totals` and `hashes` are the known values', the most frequent first; `index` are all hashes, rising, and `places` the
    number of each, or -1 less its row.
    """

    numbers: pa.Array
    values: pa.Array
    totals: memoryview
    hashes: pa.Array
    index: memoryview
    places: memoryview

    @property
    def known(self) -> int:
        return len(self.values)

    def most_of(self, number: int) -> int:
        """How many rows a value of this number or a greater one has at most."""
        if number < self.known:
            return int(self.totals[number])
        return 1 if len(self.index) > self.known else 0

    def first_below(self, total: int) -> int:
        """The number of the first value that has no more than `total` rows."""
        return bisect_left(range(self.known), True, key=lambda number: self.totals[number] <= total)

    def place(self, hash: int) -> int | None:
        """The number of a value, or -1 less its row; None when no row has it."""
        at = bisect_left(self.index, hash)
        return int(self.places[at]) if at < len(self.index) and self.index[at] == hash else None


@dataclass(frozen=True)
class Ranks:
    """The rows of one segment, in the order of `main`: the first `led` ones and after them the others, newest first."""

    batch: pa.RecordBatch
    led: int
    rows: int
    ranked: tuple[str, ...]
    kinds: tuple[str, ...]
    decided: dict[exp.Expr, pa.Array] = field(default_factory=dict)

    @cached_property
    def times(self) -> pa.Array:
        return self._array("times")

    @cached_property
    def _clock(self) -> memoryview:
        return _view(self.times, "q")

    @cached_property
    def _columns(self) -> dict[str, Numbered]:
        return {}

    def column(self, name: str) -> Numbered:
        held = self._columns.get(name)
        if held is None:
            parts = {one: self._array(f"{one} {name}") for one in _PARTS}
            views = {one: _view(parts[one], "q" if one == "index" else "i") for one in ("totals", "index", "places")}
            held = self._columns[name] = Numbered(parts["numbers"], parts["values"], hashes=parts["hashes"], **views)
        return held

    def kind(self, name: str) -> tuple[pa.Array | None, pa.Array]:
        """Each row's number of its value, None where all have the first, and the values."""
        return (self._array(f"kind {name}") if f"kind {name}" in self.batch.schema.names else None), self._array(
            f"kinds {name}"
        )

    def _array(self, name: str) -> pa.Array:
        return self.batch.column(name).flatten()

    def between(self, start: datetime | None, end: datetime | None) -> list[slice]:
        """The rows in [start, end): some of the leading ones, and some of the others."""
        found = []
        for low, high in ((0, self.led), (self.led, self.rows)):
            first = low if end is None else self._place(micros(end), low, high)
            last = high if start is None else self._place(micros(start), low, high)
            if first < last:
                found.append(slice(first, last))
        return found

    def _place(self, at: int, low: int, high: int) -> int:
        """The first row of [low, high) that is older than `at`."""
        return low + bisect_left(range(low, high), True, key=lambda row: self._clock[row] < at)

    def decide(self, condition: exp.Expr, name: str, cursor: duckdb.DuckDBPyConnection) -> pa.Array:
        """For each value of a column of few values whether the condition holds."""
        held = self.decided.get(condition)
        if held is None:
            if len(self.decided) >= _DECIDED:
                self.decided.clear()
            held = self.decided[condition.copy()] = decided(condition, name, self.kind(name)[1], cursor)
        return held


_PARTS = ("numbers", "values", "totals", "hashes", "index", "places")


def write(
    path: Path, database: duckdb.DuckDBPyConnection, *, table: Table, schema: pa.Schema, left_out: set[str]
) -> None:
    """Write the ranks of `made.main`; where the table says `once`, a value counts once for each value of that column."""
    leads, ranked = table.leads, table.ranked
    ids = {*ranked, *left_out}
    names = [one.name for one in schema if one.name not in ids and pa.types.is_string(one.type)]
    told = _all(database, ", ".join(f'approx_count_distinct("{name}")' for name in names) or "1")
    led = _all(database, f"count(*) FILTER (WHERE \"{leads}\" <> '')" if leads else "0")[0]
    made: dict[str, pa.Array] = {"times": _numbers(database, "SELECT epoch_us(Timestamp) FROM made.main", pa.int64())}
    kinds = []
    for name, distinct in zip(names, told, strict=False):
        numbers, values = _kind(database, name) if distinct <= FEW else (None, None)
        if values is not None and len(values) <= FEW:
            kinds.append(name)
            made |= {f"kinds {name}": values} | ({f"kind {name}": numbers} if len(values) > 1 else {})
    for name in ranked:
        made |= {f"{part} {name}": array for part, array in _numbered(database, name, table.once).items()}
    lists = {name: _as_one(array) for name, array in made.items()}
    batch = pa.record_batch(lists).replace_schema_metadata(
        {_TOLD: json.dumps({"led": led, "rows": len(made["times"]), "ranked": list(ranked), "kinds": kinds}).encode()}
    )
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)


def _as_one(array: pa.Array) -> pa.Array:
    """A list of which it is all, so that arrays of different lengths lie in one file."""
    return pa.LargeListArray.from_arrays(pa.array([0, len(array)], pa.int64()), array)


def _kind(database: duckdb.DuckDBPyConnection, name: str) -> tuple[pa.Array, pa.Array]:
    reader = database.cursor().sql(f'SELECT "{name}" FROM made.main').to_arrow_reader(_BATCH)  # noqa: S608 (of our schema)
    parts = [batch.column(0).dictionary_encode() for batch in reader]
    parts = parts or [pa.array([], pa.string()).dictionary_encode()]
    whole = pa.chunked_array(parts).unify_dictionaries().combine_chunks()
    small = whole.indices.cast(pa.int8()) if len(whole.dictionary) <= FEW else whole.indices
    return small, whole.dictionary


def _numbered(database: duckdb.DuckDBPyConnection, name: str, once: str) -> dict[str, pa.Array]:
    """The parts of a ranked column, by way of tables of its values' hashes."""
    mail = f', hash("{once}") AS m' if once else ""
    text = f"coalesce(CAST(\"{name}\" AS VARCHAR), '')"
    database.execute(
        f"CREATE OR REPLACE TABLE hashed AS SELECT rowid AS r, CAST(md5_number_lower({text}) >> 1 AS BIGINT) AS h{mail} FROM made.main"  # noqa: S608
    )
    database.execute("CREATE OR REPLACE TABLE met AS SELECT h, count(*) AS n, min(r) AS r FROM hashed GROUP BY h")
    database.execute(
        "CREATE OR REPLACE TABLE known AS SELECT *, row_number() OVER (ORDER BY n DESC, h) - 1 AS id FROM met WHERE n > 1"
    )
    again = _AGAIN if once else "SELECT -1"
    known = int(_one(database, "SELECT count(*) FROM known"))
    value = f"SELECT {text} FROM known JOIN made.main AS t ON t.rowid = known.r ORDER BY id"  # noqa: S608
    number = (
        f"SELECT CASE WHEN hashed.r IN ({again}) THEN {known + 1} ELSE coalesce(id, {known}) END "  # noqa: S608
        "FROM hashed LEFT JOIN known USING (h) ORDER BY hashed.r"
    )
    made = {
        "numbers": _numbers(database, number, narrowest(known + 1)),
        "values": _numbers(database, value, pa.large_string()),
        "totals": _numbers(database, "SELECT n FROM known ORDER BY id", pa.int32()),
        "hashes": _numbers(database, "SELECT h FROM known ORDER BY id", pa.int64()),
        "index": _numbers(database, "SELECT h FROM met ORDER BY h", pa.int64()),
        "places": _numbers(
            database,
            "SELECT coalesce(id, -1 - met.r) FROM met LEFT JOIN known USING (h) ORDER BY met.h",
            pa.int32(),
        ),
    }
    for table in ("hashed", "met", "known"):
        database.execute(f"DROP TABLE {table}")
    return made


_AGAIN = """
SELECT a.r FROM hashed AS a JOIN (
    SELECT h, m, min(r) AS first FROM hashed SEMI JOIN known USING (h) GROUP BY h, m HAVING count(*) > 1
) AS b ON a.h = b.h AND a.m = b.m AND a.r <> b.first"""
"""Rows whose mail has the same value in an earlier row."""


def _numbers(database: duckdb.DuckDBPyConnection, text: str, type: pa.DataType) -> pa.Array:
    reader = database.cursor().sql(text).to_arrow_reader(_BATCH)
    parts = [batch.column(0).cast(type) for batch in reader]
    return pa.concat_arrays(parts) if parts else pa.array([], type)


def _all(database: duckdb.DuckDBPyConnection, chosen: str) -> tuple[Any, ...]:
    return database.execute(f"SELECT {chosen} FROM made.main").fetchall()[0]  # noqa: S608 (of our schema)


def _one(database: duckdb.DuckDBPyConnection, text: str) -> Any:
    return database.execute(text).fetchall()[0][0]


def opened(path: str) -> Ranks | None:
    """The file, mapped; None when it is gone or broken."""
    with _guard:
        return _opened(path)


_guard = threading.Lock()


@lru_cache(maxsize=MOST_HELD)
def _opened(path: str) -> Ranks | None:
    try:
        batch = pa.ipc.open_file(pa.memory_map(path)).get_batch(0)
        told: Mapping[str, Any] = json.loads(batch.schema.metadata[_TOLD])
    except (OSError, pa.ArrowInvalid, KeyError, TypeError):
        return None
    return Ranks(batch, told["led"], told["rows"], tuple(told["ranked"]), tuple(told["kinds"]))


def _view(array: pa.Array, code: Literal["i", "q"]) -> memoryview:
    """A whole array of numbers for looking at single ones."""
    body = array.buffers()[1]
    size = 8 if code == "q" else 4
    whole = memoryview(body or b"")[array.offset * size : (array.offset + len(array)) * size]
    return whole.cast(code)
