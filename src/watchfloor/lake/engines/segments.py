"""Sealed segments: rows of settled cold files once more, in DuckDB's own form and in the orders in which people ask.

The Parquet files stay the truth. A segment names the files whose rows it holds and counts only while each of them is live, so
compaction, retention and a crash need tell it nothing; it may be deleted at any moment and is built again. Its table `main` is
newest first, rows with something in the table's `leads` column before all others. Beside it lie the rows in small blocks,
sorted by the table's `sort_column`, for looking up a few by key or id (`rows`), the leading rows' columns as numbers, for
counting (`codes`), the rows of each word of the column people search (`words`), and the values people rank, numbered (`ranks`).
Any number of processes read one at once, since nobody ever writes to it again.
"""

import hashlib
import json
import os
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from watchfloor.lake.contracts import Table
from watchfloor.lake.engines import codes as row_codes
from watchfloor.lake.engines import ranks as row_ranks
from watchfloor.lake.engines import rows as row_blocks
from watchfloor.lake.engines import words as row_words
from watchfloor.lake.engines.cache import ready
from watchfloor.lake.engines.delta import ColdFile, ColdSnapshot
from watchfloor.lake.engines.places import fsync

FORMAT = 6
MOST_ROWS = 12_000_000
"""Of one segment: what can be sorted in a few minutes with little memory."""
SMALL_ROWS = MOST_ROWS // 4
MOST_SMALL = 8
"""So many small segments are made one."""
WORTH_FILES, WORTH_ROWS = 4, 20_000
"""Files or rows without a segment from which building one is worth the work."""
ENDINGS = (".duckdb", ".blocks", ".codes", ".words", ".ranks")
REPORT = "ReportId"
"""Names one row of nearly every table."""
QUIET = timedelta(minutes=15)
BLOCKS_AT_ONCE = row_blocks.BLOCK_ROWS * 512
"""Rows held while they are cut into blocks."""
SAMPLE = 5000
"""Rows of which a column must hold nothing before all are looked at."""
GRACE = timedelta(minutes=10)
"""A reader that chose a segment just before it was out of date still finds it."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One sealed file: [lo, hi] holds all its times, `covers` the names and days of the Parquet files whose rows it holds.

    `since` leaves out rows of days that retention dropped meanwhile. `key` names the column the blocks are sorted by, `id`
    and `other` columns of ids; values of those in `folded` are stored in lower case. Of `searched` the file `words` is; `only`
    are the rows that a question may ask for, None when all.
    """

    path: str
    blocks: str
    codes: str
    covers: Mapping[str, date]
    rows: int
    bytes: int
    lo: datetime
    hi: datetime
    key: str
    id: str
    other: str = ""
    folded: frozenset[str] = frozenset()
    since: datetime | None = None
    words: str = ""
    searched: str = ""
    ranks: str = ""
    only: row_words.Found | None = field(default=None, compare=False)


class Segments:
    """The segments of one table. Safe between threads; `build` and `tidy` belong to the one writer of the cold tier."""

    def __init__(self, folder: Path, table: Table, schema: pa.Schema) -> None:
        self.folder = folder / "_segments" / table.name
        self.table, self.schema = table, schema
        self.key = table.sort_column
        self.id = table.bloom_column if table.has(table.bloom_column) else ""
        minted = schema.field(REPORT) if REPORT in schema.names else None
        self.other = REPORT if minted is not None and pa.types.is_string(minted.type) and self.id != REPORT else ""
        ranked = f" {table.ranked} {table.once}" if table.ranked else ""
        self._digest = hashlib.sha256(
            f"{FORMAT} {schema} {self.key} {self.id} {table.leads} {table.searched}{ranked}".encode()
        ).hexdigest()[:16]
        self._held: tuple[int, tuple[Segment, ...]] = (0, ())
        self._live: tuple[object, int, tuple[Segment, ...]] = (None, 0, ())
        self._guard = threading.Lock()

    def live(self, snapshot: ColdSnapshot) -> tuple[Segment, ...]:
        """Segments whose files are all live in this snapshot, oldest first; no file lies in two of them."""
        with self._guard:
            segments = self._read()
            of, changed, found = self._live
            if of is not snapshot or changed != self._held[0]:
                found = _apart(segments, snapshot.files)
                self._live = (snapshot, self._held[0], found)
            return found

    def _read(self) -> tuple[Segment, ...]:
        """What lies in the folder; read again when the folder changed."""
        try:
            changed = self.folder.stat().st_mtime_ns
        except FileNotFoundError:
            return ()
        if changed != self._held[0]:
            made = (self._segment(path) for path in sorted(self.folder.glob("*.json")))
            self._held = (changed, tuple(one for one in made if one is not None))
        return self._held[1]

    def _segment(self, manifest: Path) -> Segment | None:
        """None for one of another layout or schema, and for one that is half there."""
        try:
            told = json.loads(manifest.read_text())
            path, blocks, codes, words, ranks = (manifest.with_suffix(ending) for ending in ENDINGS)
            if told["layout"] != self._digest or _size(self.table, path) != told["bytes"]:
                return None
        except (OSError, ValueError, KeyError):
            return None
        return Segment(
            path=str(path),
            blocks=str(blocks),
            codes=str(codes) if self.table.leads else "",
            covers={name: date.fromisoformat(day) for name, day in told["covers"].items()},
            rows=told["rows"],
            bytes=told["bytes"],
            lo=datetime.fromisoformat(told["lo"]),
            hi=datetime.fromisoformat(told["hi"]),
            key=self.key,
            id=self.id,
            other=self.other,
            folded=frozenset(one.name for one in self.table.columns if one.folded and one.name in (self.key, self.id)),
            words=str(words) if self.table.searched else "",
            searched=self.table.searched,
            ranks=str(ranks) if self.table.ranked else "",
        )

    def due(self, snapshot: ColdSnapshot, *, now: datetime, since: datetime) -> list[list[ColdFile]]:
        """Files to build segments of, oldest first: settled days since `since` that have none, and small segments made one."""
        live = self.live(snapshot)
        covered = {name for segment in live for name in segment.covers}
        bare = [file for file in _settled(snapshot.files, now) if file.hi >= since and file.name not in covered]
        if len(bare) < WORTH_FILES and sum(file.rows for file in bare) < WORTH_ROWS:
            bare = []
        small = [segment for segment in live if segment.rows < SMALL_ROWS]
        if len(small) >= MOST_SMALL:
            within = {name for segment in small for name in segment.covers}
            bare += [file for file in snapshot.files if file.name in within]
        return _portions(sorted(bare, key=lambda file: file.lo))

    def build(self, files: Sequence[ColdFile], *, lacking: Sequence[str], scratch: Path, memory: str) -> Segment:
        """Write a segment of these files, of which some are older than the columns `lacking`.

        It counts from the moment its manifest has its name.
        """
        ready(tuple(files))
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f"{uuid.uuid4().hex}.part"
        with duckdb.connect(":memory:", config={"memory_limit": memory, "temp_directory": str(scratch)}) as database:
            database.execute("SET TimeZone = 'UTC'")
            database.execute(f"ATTACH {quoted(part)} AS made")
            empty = self._write(database, files, set(lacking))
            self._write_blocks(database, part.with_suffix(".blocks"), empty)
            if self.table.leads:
                ids = {self.id, self.other, *empty}
                row_codes.write(
                    part.with_suffix(".codes"), database, schema=self.schema, leads=self.table.leads, left_out=ids
                )
                fsync(part.with_suffix(".codes"))
            if self.table.searched:
                row_words.write(part.with_suffix(".words"), database, column=self.table.searched)
                fsync(part.with_suffix(".words"))
            if self.table.ranked:
                ids = {self.id, self.other, *empty}
                row_ranks.write(
                    part.with_suffix(".ranks"), database, table=self.table, schema=self.schema, left_out=ids
                )
                fsync(part.with_suffix(".ranks"))
            database.execute("DETACH made")
        path, blocks = part.with_suffix(".duckdb"), part.with_suffix(".blocks")
        fsync(blocks)
        fsync(part)
        part.rename(path)
        told = {
            "layout": self._digest,
            "covers": {file.name: file.day.isoformat() for file in files},
            "rows": sum(file.rows for file in files),
            "bytes": _size(self.table, path),
            "lo": min(file.lo for file in files).isoformat(),
            "hi": max(file.hi for file in files).isoformat(),
        }
        written = path.with_suffix(".told")
        written.write_text(json.dumps(told))
        fsync(written)
        manifest = path.with_suffix(".json")
        written.rename(manifest)
        fsync(self.folder)
        made = self._segment(manifest)
        assert made is not None
        return made

    def _write(
        self, database: duckdb.DuckDBPyConnection, files: Sequence[ColdFile], lacking: set[str]
    ) -> frozenset[str]:
        """Write `main`; which columns hold nothing in any row. Those are not carried through the sort."""
        have, source = _columns(database, files), _parquet(files)
        written = {field.name: _chosen(field, have, lacking) for field in self.schema}
        fields = [field for field in self.schema if field.name not in {self.table.leads, self.key}]
        for sample in (f"(FROM {source} LIMIT {SAMPLE})", source):
            fields = _unfilled(database, fields, have, sample)
        empty = frozenset(field.name for field in fields)
        carried = ", ".join(text for name, text in written.items() if name not in empty)
        first = f"\"{self.table.leads}\" = '', " if self.table.leads else ""
        values = {field.name: _nothing(field) for field in fields}
        chosen = ", ".join(values.get(field.name) or f'"{field.name}"' for field in self.schema)
        database.execute(
            f"CREATE TABLE made.main AS SELECT {chosen} FROM (SELECT {carried} FROM {source} ORDER BY {first}Timestamp DESC)"  # noqa: S608
        )
        return empty

    def _write_blocks(self, database: duckdb.DuckDBPyConnection, path: Path, empty: frozenset[str]) -> None:
        stored = [name for name in self.schema.names if name not in empty]
        ids = [name for name in (self.id, self.other) if name]
        # Newest first within a key, as its rows are asked for: they need not be sorted then.
        hashes = [f'CAST(md5_number_lower("{name}") >> 1 AS BIGINT) AS "hash of {name}"' for name in ids]
        names = ", ".join([f'"{name}"' for name in stored] + hashes)
        order = f' ORDER BY "{self.key}", Timestamp DESC' if self.key else ""
        rows = database.cursor().sql(f"SELECT {names} FROM made.main{order}").to_arrow_reader(BLOCKS_AT_ONCE)  # noqa: S608
        noted = _noted(database, rows, len(stored))
        row_blocks.write(path, noted, _hashes(database), schema=self.schema, key=self.key, empty=empty)

    def tidy(self, snapshot: ColdSnapshot, *, now: datetime, since: datetime) -> None:
        """Delete what no reader need choose: out of date, replaced, left half written, or all of it before `since`."""
        if not self.folder.is_dir():
            return
        kept = {Path(segment.path).stem for segment in self.live(snapshot) if segment.hi >= since}
        for path in self.folder.iterdir():
            if path.stem not in kept and path.stat().st_mtime < (now - GRACE).timestamp():
                path.unlink(missing_ok=True)


def _size(table: Table, path: Path) -> int:
    """Bytes of a segment's files. Raises OSError when one is not there."""
    needed = {".codes": table.leads, ".words": table.searched, ".ranks": table.ranked}
    return sum(path.with_suffix(ending).stat().st_size for ending in ENDINGS if needed.get(ending, True))


def _noted(
    database: duckdb.DuckDBPyConnection, batches: Iterable[pa.RecordBatch], width: int
) -> Iterator[pa.RecordBatch]:
    """The first `width` columns as they come; the others are hashes of ids and written down with their row's block."""
    database.execute("CREATE TABLE ids (hash BIGINT, n INTEGER)")
    writer, at = database.cursor(), 0
    for batch in batches:
        numbers = pa.array([row // row_blocks.BLOCK_ROWS for row in range(at, at + len(batch))], pa.int32())
        for hashes in batch.columns[width:]:
            writer.register("noted", pa.table({"hash": hashes, "n": numbers}))
            writer.execute("INSERT INTO ids SELECT DISTINCT * FROM noted")
        at += len(batch)
        yield batch.select(range(width))


def _hashes(database: duckdb.DuckDBPyConnection) -> Iterator[pa.RecordBatch]:
    """What was noted of ids, in the order of hashes."""
    yield from (database.cursor().sql("SELECT DISTINCT hash, n FROM ids ORDER BY 1, 2").to_arrow_reader(BLOCKS_AT_ONCE))


def _apart(segments: Iterable[Segment], files: Sequence[ColdFile]) -> tuple[Segment, ...]:
    """Those that hold live rows alone, the biggest first, none that holds a row of another once more."""
    live = {file.name for file in files}
    oldest = min((file.day for file in files), default=date.max)
    chosen: list[Segment] = []
    taken: set[str] = set()
    for segment in sorted(segments, key=lambda one: one.rows, reverse=True):
        gone = segment.covers.keys() - live
        if segment.covers.keys() <= gone | taken or segment.covers.keys() & taken:
            continue
        if any(segment.covers[name] >= oldest for name in gone):
            continue
        chosen.append(replace(segment, since=datetime.combine(oldest, time(), UTC)) if gone else segment)
        taken |= segment.covers.keys()
    return tuple(sorted(chosen, key=lambda one: one.lo))


def _settled(files: Sequence[ColdFile], now: datetime) -> list[ColdFile]:
    """Files of past days that are one file each and stand for a while: compaction will not rewrite them."""
    count: dict[object, int] = {}
    for file in files:
        count[file.day] = count.get(file.day, 0) + 1
    return [file for file in files if file.day < now.date() and count[file.day] == 1 and file.modified < now - QUIET]


def _portions(files: Sequence[ColdFile]) -> list[list[ColdFile]]:
    """The files in their order, cut so that none has more rows than a segment takes."""
    portions: list[list[ColdFile]] = []
    rows = MOST_ROWS
    for file in files:
        if rows + file.rows > MOST_ROWS:
            portions.append([])
            rows = 0
        portions[-1].append(file)
        rows += file.rows
    return portions


def _columns(database: duckdb.DuckDBPyConnection, files: Sequence[ColdFile]) -> set[str]:
    told = database.execute(f"DESCRIBE SELECT * FROM {_parquet(files)}").fetchall()  # noqa: S608
    return {row[0] for row in told}


def _unfilled(
    database: duckdb.DuckDBPyConnection, fields: Sequence[pa.Field], have: set[str], source: str
) -> list[pa.Field]:
    """Those of the columns that hold nothing in any row of `source`."""
    tests = [
        f'bool_and("{one.name}" IS NULL OR "{one.name}" IS NOT DISTINCT FROM {_nothing(one, named=False)})'
        if one.name in have
        else "true"
        for one in fields
    ]
    found = database.execute(f"SELECT {', '.join(tests)} FROM {source}").fetchone() if tests else ()  # noqa: S608
    return [field for field, none in zip(fields, found or (), strict=True) if none]


def _nothing(field: pa.Field, *, named: bool = True) -> str:
    """What a column holds where it holds nothing: texts and numbers are never null."""
    value, type = next((value, type) for test, value, type in _EMPTY if test(field.type))
    return f'CAST({value} AS {type}) AS "{field.name}"' if named else f"CAST({value} AS {type})"


def _chosen(field: pa.Field, have: set[str], lacking: set[str]) -> str:
    """A column as rows have it everywhere; files may be older than the column."""
    if field.name not in have:
        return _nothing(field)
    if field.name not in lacking or pa.types.is_timestamp(field.type):
        return f'"{field.name}"'
    return f'coalesce("{field.name}", {_nothing(field, named=False)}) AS "{field.name}"'


_EMPTY = (
    (pa.types.is_timestamp, "NULL", "TIMESTAMPTZ"),
    (pa.types.is_string, "''", "VARCHAR"),
    (pa.types.is_boolean, "false", "BOOLEAN"),
    (pa.types.is_floating, "0", "DOUBLE"),
    (pa.types.is_int32, "0", "INTEGER"),
    (pa.types.is_integer, "0", "BIGINT"),
)


def _parquet(files: Sequence[ColdFile]) -> str:
    paths = ", ".join(quoted(file.path) for file in files)
    return f"read_parquet([{paths}], hive_partitioning = false, union_by_name = true)"


def quoted(path: object) -> str:
    """A path as a literal of SQL."""
    return "'" + str(path).replace("'", "''") + "'"


_tables: dict[tuple[int, Path, str], Segments] = {}
_tables_guard = threading.Lock()


def segments_of(folder: Path, table: Table, schema: pa.Schema) -> Segments:
    """This process's view of one table's segments below the lake's `folder`."""
    key = (os.getpid(), folder, table.name)
    with _tables_guard:
        if key not in _tables:
            _tables[key] = Segments(folder, table, schema)
        return _tables[key]
