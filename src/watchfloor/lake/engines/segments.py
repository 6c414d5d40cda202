"""Sealed segments: rows of settled cold files once more, in DuckDB's own form and in the orders in which people ask.

The Parquet files stay the truth. A segment names the files whose rows it holds and counts only while each of them is live, so
compaction, retention and a crash need tell it nothing; it may be deleted at any moment and is built again. Its tables:
`main` newest first, rows with something in the table's `leads` column first; `sorted` by the table's `sort_column`. Beside it
lie the rows in small blocks, for looking up a few by key or id (`rows`).
Any number of processes read one at once, since nobody ever writes to it again.
"""

import hashlib
import json
import os
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from watchfloor.lake.contracts import Table
from watchfloor.lake.engines import rows as row_blocks
from watchfloor.lake.engines.cache import ready
from watchfloor.lake.engines.delta import ColdFile, ColdSnapshot
from watchfloor.lake.engines.places import fsync

FORMAT = 4
MOST_ROWS = 12_000_000
"""Of one segment: what can be sorted in a few minutes with little memory."""
SMALL_ROWS = MOST_ROWS // 4
MOST_SMALL = 8
"""So many small segments are made one."""
WORTH_FILES, WORTH_ROWS = 4, 20_000
"""Files or rows without a segment from which building one is worth the work."""
REPORT = "ReportId"
"""Names one row of nearly every table."""
QUIET = timedelta(minutes=15)
BLOCKS_AT_ONCE = row_blocks.BLOCK_ROWS * 512
"""Rows held while they are cut into blocks."""
GRACE = timedelta(minutes=10)
"""A reader that chose a segment just before it was out of date still finds it."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One sealed file: [lo, hi] holds all its times, `covers` the names and days of the Parquet files whose rows it holds.

    `since` leaves out rows of days that retention dropped meanwhile. `key` names the column `sorted` is sorted by, `id`
    and `other` columns of ids; values of those in `folded` are stored in lower case.
    """

    path: str
    blocks: str
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


class Segments:
    """The segments of one table. Safe between threads; `build` and `tidy` belong to the one writer of the cold tier."""

    def __init__(self, folder: Path, table: Table, schema: pa.Schema) -> None:
        self.folder = folder / "_segments" / table.name
        self.table, self.schema = table, schema
        self.key = table.sort_column
        self.id = table.bloom_column if table.has(table.bloom_column) else ""
        minted = schema.field(REPORT) if REPORT in schema.names else None
        self.other = REPORT if minted is not None and pa.types.is_string(minted.type) and self.id != REPORT else ""
        self._digest = hashlib.sha256(f"{FORMAT} {schema} {self.key} {self.id} {table.leads}".encode()).hexdigest()[:16]
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
            path, blocks = manifest.with_suffix(".duckdb"), manifest.with_suffix(".blocks")
            if told["layout"] != self._digest or path.stat().st_size + blocks.stat().st_size != told["bytes"]:
                return None
        except (OSError, ValueError, KeyError):
            return None
        return Segment(
            path=str(path),
            blocks=str(blocks),
            covers={name: date.fromisoformat(day) for name, day in told["covers"].items()},
            rows=told["rows"],
            bytes=told["bytes"],
            lo=datetime.fromisoformat(told["lo"]),
            hi=datetime.fromisoformat(told["hi"]),
            key=self.key,
            id=self.id,
            other=self.other,
            folded=frozenset(one.name for one in self.table.columns if one.folded and one.name in (self.key, self.id)),
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
            self._write(database, files, set(lacking))
            self._write_blocks(database, part.with_suffix(".blocks"))
            database.execute("DETACH made")
        path, blocks = part.with_suffix(".duckdb"), part.with_suffix(".blocks")
        fsync(blocks)
        fsync(part)
        part.rename(path)
        told = {
            "layout": self._digest,
            "covers": {file.name: file.day.isoformat() for file in files},
            "rows": sum(file.rows for file in files),
            "bytes": path.stat().st_size + blocks.stat().st_size,
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

    def _write(self, database: duckdb.DuckDBPyConnection, files: Sequence[ColdFile], lacking: set[str]) -> None:
        have = _columns(database, files)
        chosen = ", ".join(_chosen(field, have, lacking) for field in self.schema)
        first = f"\"{self.table.leads}\" = '', " if self.table.leads else ""
        database.execute(
            f"CREATE TABLE made.main AS SELECT {chosen} FROM {_parquet(files)} ORDER BY {first}Timestamp DESC"  # noqa: S608
        )
        if self.key:
            database.execute(
                f'CREATE TABLE made.sorted AS SELECT * FROM made.main ORDER BY "{self.key}", Timestamp'  # noqa: S608
            )

    def _write_blocks(self, database: duckdb.DuckDBPyConnection, path: Path) -> None:
        ordered = "sorted" if self.key else "main"
        names = ", ".join(f'"{name}"' for name in self.schema.names)
        rows = database.cursor().sql(f"SELECT {names} FROM made.{ordered}").to_arrow_reader(BLOCKS_AT_ONCE)  # noqa: S608
        row_blocks.write(path, rows, self._hashes(database, ordered), schema=self.schema, key=self.key)

    def _hashes(self, database: duckdb.DuckDBPyConnection, ordered: str) -> Iterator[pa.RecordBatch]:
        """Of every id, its hash and the number of its row's block."""
        parts = [
            f'SELECT CAST(md5_number_lower("{name}") >> 1 AS BIGINT), rowid // {row_blocks.BLOCK_ROWS} FROM made.{ordered}'  # noqa: S608
            for name in (self.id, self.other)
            if name
        ]
        if parts:
            yield from (
                database.cursor().sql(f"{' UNION ALL '.join(parts)} ORDER BY 1, 2").to_arrow_reader(BLOCKS_AT_ONCE)
            )

    def tidy(self, snapshot: ColdSnapshot, *, now: datetime, since: datetime) -> None:
        """Delete what no reader need choose: out of date, replaced, left half written, or all of it before `since`."""
        if not self.folder.is_dir():
            return
        kept = {Path(segment.path).stem for segment in self.live(snapshot) if segment.hi >= since}
        for path in self.folder.iterdir():
            if path.stem not in kept and path.stat().st_mtime < (now - GRACE).timestamp():
                path.unlink(missing_ok=True)


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


def _chosen(field: pa.Field, have: set[str], lacking: set[str]) -> str:
    """A column as rows have it everywhere: texts and numbers are never null, files may be older than the column."""
    if pa.types.is_timestamp(field.type):
        return f'"{field.name}"' if field.name in have else f'CAST(NULL AS TIMESTAMPTZ) AS "{field.name}"'
    value, type = next((value, type) for test, value, type in _EMPTY if test(field.type))
    if field.name not in have:
        return f'CAST({value} AS {type}) AS "{field.name}"'
    return f'coalesce("{field.name}", {value}) AS "{field.name}"' if field.name in lacking else f'"{field.name}"'


_EMPTY = (
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
