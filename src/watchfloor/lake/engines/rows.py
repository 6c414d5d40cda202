"""Rows of a segment once more in small blocks, found by key or id within a millisecond: one mailbox's month, one mail.

A column store decodes a hundred thousand values to give one row. Here 128 rows that are neighbours by key lie in one compressed
piece; an index tells in which pieces a key begins, another the pieces of each id (its hash: what does not match is left out by
the question itself). One SQLite file a segment, written once, read by any number of processes.
"""

import hashlib
import sqlite3
import threading
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from watchfloor.lake.engines.access_paths import Wanted

BLOCK_ROWS = 128
MOST_BLOCKS = 80
"""Beyond so many pieces the column store is quicker, if it is small."""
ROWS_A_BLOCK_MORE = 40_000
"""The column store takes as long for so many rows as one more piece of a key does."""
IDS_AT_ONCE = 128
"""Ids in a piece of their index: as many as SQLite keeps in a page without a chain of others."""
HELD_BLOCKS = 64
"""Unpacked blocks that a process keeps, some 4 MB."""
_LAYOUT = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA page_size = 8192;
CREATE TABLE shape (body BLOB, stored BLOB);
CREATE TABLE blocks (n INTEGER PRIMARY KEY, size INTEGER, body BLOB);
CREATE TABLE starts (key TEXT, n INTEGER, PRIMARY KEY (key, n)) WITHOUT ROWID;
CREATE TABLE ids (first INTEGER, part INTEGER, body BLOB, PRIMARY KEY (first, part)) WITHOUT ROWID;
"""
_held = threading.local()


def write(
    path: Path,
    rows: Iterable[pa.RecordBatch],
    ids: Iterable[pa.RecordBatch],
    *,
    schema: pa.Schema,
    key: str,
    empty: frozenset[str] = frozenset(),
) -> None:
    """Write `rows`, which come sorted by `key`, and then the index of `ids`: (`hash_of` an id, number of its block), sorted.

    `ids` may be known only once all rows were taken. Columns in `empty`, which hold nothing in any row, are not among `rows`.
    """
    stored = pa.schema([field for field in schema if field.name not in empty])
    file = sqlite3.connect(path, isolation_level=None)
    try:
        file.executescript(_LAYOUT)
        file.execute("BEGIN")
        file.execute("INSERT INTO shape VALUES (?, ?)", [one.serialize().to_pybytes() for one in (schema, stored)])
        for n, block in enumerate(_blocks(rows, stored)):
            body = block.serialize()
            packed = pa.compress(body, codec="zstd", asbytes=True)
            file.execute("INSERT INTO blocks VALUES (?, ?, ?)", (n, body.size, packed))
            if key:
                file.execute("INSERT INTO starts VALUES (?, ?)", (block.column(key)[0].as_py(), n))
        file.executemany("INSERT INTO ids VALUES (?, ?, ?)", _packed(ids))
        file.execute("COMMIT")
    finally:
        file.close()


def _packed(ids: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, int, bytes]]:
    """Pieces of the index: the hash each begins with, its number, its hashes and after them their blocks."""
    part = 0
    for batch in ids:
        hashes, numbers = (column.to_pylist() for column in batch.columns)
        for at in range(0, len(hashes), IDS_AT_ONCE):
            some = slice(at, at + IDS_AT_ONCE)
            yield hashes[at], part, array("q", hashes[some]).tobytes() + array("i", numbers[some]).tobytes()
            part += 1


def hash_of(id: str) -> int:
    """63 bits of an id; DuckDB has the same as `md5_number_lower(id) >> 1`."""
    return int.from_bytes(hashlib.md5(id.encode(), usedforsecurity=False).digest()[8:], "little") >> 1


def pieces(path: str, asked: Wanted) -> list[pa.RecordBatch] | None:
    """The blocks that hold all rows with one of the keys or ids asked for, among others; None when these are too many to read.

    Columns that hold nothing in any row of the file are not among theirs.
    """
    file = _opened(path)[0]
    most = MOST_BLOCKS
    if asked.unique:
        numbers = _of_ids(file, asked.unique)
    else:
        blocks = file.execute("SELECT max(n) FROM blocks").fetchone()[0] or 0
        most += blocks * BLOCK_ROWS // ROWS_A_BLOCK_MORE
        numbers = _of_keys(file, asked.keys, most)
    if len(numbers) > most:
        return None
    read = _block if len(numbers) <= HELD_BLOCKS // 4 else _block.__wrapped__
    return [read(path, number) for number in sorted(numbers)]


def find(path: str, asked: Wanted, columns: Sequence[str] | None = None) -> pa.Table | None:
    """The rows of these blocks with all columns, or only with `columns`, which stand in the order of the table's."""
    blocks = pieces(path, asked)
    if blocks is None:
        return None
    _, schema, stored = _opened(path)
    rows = pa.Table.from_batches(blocks, schema=stored)
    names = schema.names if columns is None else columns
    if names == stored.names:
        return rows
    held = dict(zip(stored.names, rows.columns, strict=True))
    made = [held[name] if name in held else nothing(schema.field(name).type, len(rows)) for name in names]
    return pa.Table.from_arrays(made, names=list(names))


@lru_cache(maxsize=HELD_BLOCKS)
def _block(path: str, number: int) -> pa.RecordBatch:
    """One block, unpacked. The last ones read are kept: whoever looks at a mail asks for its rows more than once."""
    file, _, stored = _opened(path)
    size, body = file.execute("SELECT size, body FROM blocks WHERE n = ?", (number,)).fetchone()
    return pa.ipc.read_record_batch(pa.decompress(body, decompressed_size=size, codec="zstd"), stored)


def nothing(type: pa.DataType, rows: int) -> pa.Array:
    """A column in which no row holds anything: texts and numbers are never null."""
    return _nothing(type, -(-rows // BLOCK_ROWS) * BLOCK_ROWS).slice(0, rows)


@lru_cache(maxsize=256)
def _nothing(type: pa.DataType, rows: int) -> pa.Array:
    if pa.types.is_timestamp(type):
        return pa.nulls(rows, type)
    value = "" if pa.types.is_string(type) else False if pa.types.is_boolean(type) else 0
    return pa.repeat(pa.scalar(value, type), rows)


def _of_ids(file: sqlite3.Connection, ids: Sequence[str]) -> set[int]:
    """The blocks of each id: in the pieces of the index that begin with its hash, and in the last that begins below it."""
    numbers: set[int] = set()
    for hash in map(hash_of, ids):
        for first, body in file.execute(_PIECES, (hash,)):
            numbers.update(_in_piece(body, hash))
            if first < hash:
                break
        if len(numbers) > MOST_BLOCKS:
            break
    return numbers


_PIECES = "SELECT first, body FROM ids WHERE first <= ? ORDER BY first DESC, part DESC LIMIT 3"


def _in_piece(body: bytes, hash: int) -> Sequence[int]:
    """The blocks that one piece of the index names for a hash."""
    held = memoryview(body)
    count = len(body) // 12
    hashes = held[: 8 * count].cast("q")
    at = bisect_left(hashes, hash)
    return held[8 * count :].cast("i")[at : bisect_right(hashes, hash, at)]


def _of_keys(file: sqlite3.Connection, keys: Sequence[str], most: int) -> set[int]:
    """A key's rows begin in the last block that starts below it, and go on through those that start with it."""
    numbers: set[int] = set()
    for key in keys:
        before = file.execute("SELECT n FROM starts WHERE key < ? ORDER BY key DESC, n DESC LIMIT 1", (key,)).fetchone()
        numbers.update(before or ())
        same = file.execute("SELECT n FROM starts WHERE key = ? LIMIT ?", (key, most + 1))
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


def _opened(path: str) -> tuple[sqlite3.Connection, pa.Schema, pa.Schema]:
    """This thread's reader of a file, the columns of its rows and those that are stored; readers of deleted files are closed."""
    readers: dict[str, tuple[sqlite3.Connection, pa.Schema, pa.Schema]] = _held.__dict__.setdefault("readers", {})
    if path not in readers:
        for gone in [other for other in readers if not Path(other).exists()]:
            readers.pop(gone)[0].close()
        file = sqlite3.connect(f"{Path(path).as_uri()}?mode=ro&immutable=1", uri=True)
        whole, stored = file.execute("SELECT body, stored FROM shape").fetchone()
        readers[path] = (file, pa.ipc.read_schema(pa.py_buffer(whole)), pa.ipc.read_schema(pa.py_buffer(stored)))
    return readers[path]
