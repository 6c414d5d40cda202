"""Rows of a segment once more in small blocks, found by key or id within a millisecond: one mailbox's month, one mail.

A column store decodes a hundred thousand values to give one row. Here 128 rows that are neighbours by key lie in one compressed
piece; an index tells in which pieces a key begins, another the pieces of each id (its hash: what does not match is left out by
the question itself). One SQLite file a segment, written once, read by any number of processes.
"""

import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from watchfloor.lake.engines.access_paths import Wanted

BLOCK_ROWS = 128
MOST_BLOCKS = 80
"""Beyond so many pieces the column store is quicker."""
_LAYOUT = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA page_size = 8192;
CREATE TABLE shape (body BLOB);
CREATE TABLE blocks (n INTEGER PRIMARY KEY, size INTEGER, body BLOB);
CREATE TABLE starts (key TEXT, n INTEGER, PRIMARY KEY (key, n)) WITHOUT ROWID;
CREATE TABLE ids (hash INTEGER, n INTEGER, PRIMARY KEY (hash, n)) WITHOUT ROWID;
"""
_held = threading.local()


def write(
    path: Path, rows: Iterable[pa.RecordBatch], ids: Iterable[pa.RecordBatch], *, schema: pa.Schema, key: str
) -> None:
    """Write `rows`, which come sorted by `key`, and then the index of `ids`: (`hash_of` an id, number of its block), sorted."""
    file = sqlite3.connect(path, isolation_level=None)
    try:
        file.executescript(_LAYOUT)
        file.execute("BEGIN")
        file.execute("INSERT INTO shape VALUES (?)", (schema.serialize().to_pybytes(),))
        for n, block in enumerate(_blocks(rows, schema)):
            body = block.serialize()
            packed = pa.compress(body, codec="zstd", asbytes=True)
            file.execute("INSERT INTO blocks VALUES (?, ?, ?)", (n, body.size, packed))
            if key:
                file.execute("INSERT INTO starts VALUES (?, ?)", (block.column(key)[0].as_py(), n))
        for batch in ids:
            pairs = zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True)
            file.executemany("INSERT OR IGNORE INTO ids VALUES (?, ?)", pairs)
        file.execute("COMMIT")
    finally:
        file.close()


def hash_of(id: str) -> int:
    """63 bits of an id; DuckDB has the same as `md5_number_lower(id) >> 1`."""
    return int.from_bytes(hashlib.md5(id.encode(), usedforsecurity=False).digest()[8:], "little") >> 1


def find(path: str, asked: Wanted) -> pa.Table | None:
    """All rows with one of the keys or ids asked for, among others of the same blocks; None when these are too many to read."""
    file, schema = _opened(path)
    numbers = _of_ids(file, asked.unique) if asked.unique else _of_keys(file, asked.keys)
    if len(numbers) > MOST_BLOCKS:
        return None
    found = file.execute(
        f"SELECT size, body FROM blocks WHERE n IN ({', '.join(map(str, sorted(numbers)))})"  # noqa: S608 (numbers)
    )
    return pa.Table.from_batches([_unpacked(size, body, schema) for size, body in found], schema=schema)


def _unpacked(size: int, body: bytes, schema: pa.Schema) -> pa.RecordBatch:
    return pa.ipc.read_record_batch(pa.decompress(body, decompressed_size=size, codec="zstd"), schema)


def _of_ids(file: sqlite3.Connection, ids: Sequence[str]) -> set[int]:
    marks = ", ".join("?" * len(ids))
    found = file.execute(
        f"SELECT n FROM ids WHERE hash IN ({marks}) LIMIT {MOST_BLOCKS + 1}",  # noqa: S608 (question marks)
        [hash_of(id) for id in ids],
    )
    return {n for (n,) in found}


def _of_keys(file: sqlite3.Connection, keys: Sequence[str]) -> set[int]:
    """A key's rows begin in the last block that starts below it, and go on through those that start with it."""
    numbers: set[int] = set()
    for key in keys:
        before = file.execute("SELECT n FROM starts WHERE key < ? ORDER BY key DESC, n DESC LIMIT 1", (key,)).fetchone()
        numbers.update(before or ())
        same = file.execute("SELECT n FROM starts WHERE key = ? LIMIT ?", (key, MOST_BLOCKS + 1))
        numbers.update(n for (n,) in same)
    return numbers


def _blocks(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Batches of exactly `BLOCK_ROWS` rows but for the last."""
    rest: pa.Table = schema.empty_table()
    for batch in batches:
        rest = pa.concat_tables([rest, pa.Table.from_batches([batch]).cast(schema)]).combine_chunks()
        whole = len(rest) // BLOCK_ROWS * BLOCK_ROWS
        yield from rest.slice(0, whole).to_batches(max_chunksize=BLOCK_ROWS)
        rest = rest.slice(whole)
    yield from rest.combine_chunks().to_batches()


def _opened(path: str) -> tuple[sqlite3.Connection, pa.Schema]:
    """This thread's reader of a file; readers of files that were deleted are closed."""
    readers: dict[str, tuple[sqlite3.Connection, pa.Schema]] = _held.__dict__.setdefault("readers", {})
    if path not in readers:
        for gone in [other for other in readers if not Path(other).exists()]:
            readers.pop(gone)[0].close()
        file = sqlite3.connect(f"{Path(path).as_uri()}?mode=ro&immutable=1", uri=True)
        schema = pa.ipc.read_schema(pa.py_buffer(file.execute("SELECT body FROM shape").fetchone()[0]))
        readers[path] = (file, schema)
    return readers[path]
