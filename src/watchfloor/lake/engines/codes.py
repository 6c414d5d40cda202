"""Columns of a segment's leading rows as numbers: what people count most, mapped into memory and read without decoding.

A fifth of the mails have a threat, and pages count those by sender, action or hour. Here each value of a column stands once and
each leading row has its number, in the order of the segment's `main`, newest first; a condition is decided once for each value.
One Arrow file a segment, written once. Columns whose values hardly repeat are left out.
"""

import json
import threading
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

MOST_DISTINCT = 0.9
"""Of the rows: with more different values than this, numbers save nothing."""
LEAST = 256
"""Fewer rows are taken for so many."""
MOST_BYTES = 32
"""Of values, for each row."""
TIME = "Timestamp"
MICROSECOND = 1_000_000
MOST_HELD = 16
"""Files that one process keeps mapped."""
_DECIDED = 64
_REST = b"rest"


@dataclass(frozen=True, slots=True)
class Codes:
    """The leading rows of one segment.

    `times` are microseconds, falling; `rest` is the one value that a column has in all rows that are not here, where there is one.
    """

    times: pa.Array
    columns: Mapping[str, pa.DictionaryArray]
    rest: Mapping[str, object]
    rows: int
    decided: dict[exp.Expr, tuple[pa.Array, bool]] = field(default_factory=dict)

    def between(self, start: datetime | None, end: datetime | None) -> slice:
        """The rows in [start, end)."""
        first = 0 if end is None else self._place(micros(end))
        last = self.rows if start is None else self._place(micros(start))
        return slice(first, max(first, last))

    def latest(self, span: slice) -> int:
        """Microseconds of the newest row of a span."""
        return int(self.times[span.start].as_py()) if span.start < span.stop else 0

    def earliest(self, span: slice) -> int:
        """Microseconds of its oldest."""
        return int(self.times[span.stop - 1].as_py()) if span.start < span.stop else 0

    def _place(self, at: int) -> int:
        """How many rows are not older than `at`."""
        return bisect_left(range(self.rows), True, key=lambda row: self.times[row].as_py() < at)

    def decide(self, condition: exp.Expr, name: str, cursor: duckdb.DuckDBPyConnection) -> tuple[pa.Array, bool]:
        """For each value of a column whether the condition holds, and whether it may hold for a row that is not here."""
        held = self.decided.get(condition)
        if held is None:
            if len(self.decided) >= _DECIDED:
                self.decided.clear()
            held = self.decided[condition.copy()] = self._decided(condition, name, cursor)  # not the tree around it
        return held

    def _decided(self, condition: exp.Expr, name: str, cursor: duckdb.DuckDBPyConnection) -> tuple[pa.Array, bool]:
        values = self.columns[name].dictionary
        asked = pa.concat_arrays([values, pa.array([self.rest.get(name)], values.type)])
        holds = decided(condition, name, asked, cursor)
        return holds.slice(0, len(values)), name not in self.rest or holds[len(values)].as_py()


def decided(condition: exp.Expr, name: str, values: pa.Array, cursor: duckdb.DuckDBPyConnection) -> pa.Array:
    """For each of a column's values whether a condition holds."""
    cursor.register("values_of_a_column", pa.table({name: values}))
    try:
        text = f"SELECT {condition.sql('duckdb')} AS holds FROM values_of_a_column"  # noqa: S608 (of the tree)
        holds = cursor.sql(text).to_arrow_table().column("holds").combine_chunks()
    finally:
        cursor.unregister("values_of_a_column")
    return pc.fill_null(holds, False)


def write(
    path: Path, database: duckdb.DuckDBPyConnection, *, schema: pa.Schema, leads: str, left_out: set[str]
) -> None:
    """Write the rows of `made.main` that have something in the column `leads`, which are its first ones."""
    led = f"\"{leads}\" <> ''"
    names = [one.name for one in schema if one.name not in left_out and not pa.types.is_timestamp(one.type)]
    rows = max(LEAST, _one(database, f"count(*) FILTER (WHERE {led})")[0])
    told = _one(database, ", ".join(f'approx_count_distinct("{name}") FILTER (WHERE {led})' for name in names))
    few = [name for name, distinct in zip(names, told, strict=True) if distinct <= rows * MOST_DISTINCT]
    edges = ", ".join(f'min("{one}") FILTER (WHERE NOT {led}), max("{one}") FILTER (WHERE NOT {led})' for one in few)
    found = _one(database, edges) if few else ()
    rest = {name: low for name, low, high in zip(few, found[::2], found[1::2], strict=True) if low == high}
    made: dict[str, pa.Array] = {TIME: _column(database, f"epoch_us({TIME})", led, coded=False)}
    made |= {name: _column(database, f'"{name}"', led, coded=True) for name in few}
    kept = {name: one for name, one in made.items() if name == TIME or one.dictionary.nbytes <= rows * MOST_BYTES}
    batch = pa.record_batch(kept).replace_schema_metadata({_REST: json.dumps(rest).encode()})
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(batch)


def _one(database: duckdb.DuckDBPyConnection, chosen: str) -> tuple[Any, ...]:
    found: tuple[Any, ...] | None = database.execute(f"SELECT {chosen} FROM made.main").fetchone()  # noqa: S608
    assert found is not None
    return found


def _column(database: duckdb.DuckDBPyConnection, chosen: str, led: str, *, coded: bool) -> pa.Array:
    reader = database.cursor().sql(f"SELECT {chosen} AS c FROM made.main WHERE {led}").to_arrow_reader(1_000_000)  # noqa: S608
    parts = [batch.column(0) for batch in reader] or [pa.array([], reader.schema.field(0).type)]
    if not coded:
        return pa.chunked_array(parts, pa.int64()).combine_chunks()
    whole = pa.chunked_array([part.dictionary_encode() for part in parts]).unify_dictionaries().combine_chunks()
    return pa.DictionaryArray.from_arrays(whole.indices.cast(narrowest(len(whole.dictionary))), whole.dictionary)


def narrowest(most: int) -> pa.DataType:
    """The narrowest kind of number that holds `most`."""
    return pa.int8() if most <= 127 else pa.int16() if most <= 32767 else pa.int32()


def opened(path: str) -> Codes | None:
    """The file, mapped; None when it is gone or broken."""
    with _guard:
        return _opened(path)


_guard = threading.Lock()


@lru_cache(maxsize=MOST_HELD)
def _opened(path: str) -> Codes | None:
    try:
        batch = pa.ipc.open_file(pa.memory_map(path)).get_batch(0)
    except (OSError, pa.ArrowInvalid):
        return None
    rest = json.loads((batch.schema.metadata or {}).get(_REST, b"{}"))
    columns = {name: batch.column(name) for name in batch.schema.names if name != TIME}
    return Codes(batch.column(TIME), columns, rest, len(batch))


def micros(at: datetime) -> int:
    """A moment as segments keep it: microseconds since 1970."""
    return round(at.timestamp() * MICROSECOND)
