"""The life of stored rows: hot to cold, compaction, retention, and how much of each there is."""

import fcntl
import logging
import os
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime, timedelta
from typing import NamedTuple

import pyarrow as pa
from django.db import DatabaseError, connection
from django.db.models import Max, Min, Sum

from watchfloor.lake import upkeep
from watchfloor.lake.arrow import fitted, unpack
from watchfloor.lake.catalogue import tables
from watchfloor.lake.contracts import Table, TableState, TableUpkeep
from watchfloor.lake.models import HotBatch, Reader, RetentionSetting
from watchfloor.lake.place import lake_folder, place
from watchfloor.lake.sizes import days_of
from watchfloor.lake.snapshot import cold
from watchfloor.runtime.selectors import cursor_position

log = logging.getLogger(__name__)

FLUSH_ROWS = 50_000
FLUSH_AGE = timedelta(seconds=120)
MOST_ROWS_AT_ONCE = 100_000
GRACE = timedelta(seconds=60)
"""A reader that took its Delta snapshot before a flush still finds the batches in the hot tier for this long."""
TIDY_EVERY = timedelta(hours=6)
"""Files that compaction replaced go two hours later, so somebody has to look again although nothing else is to do."""
UNREAD_AT_MOST = timedelta(days=7)
WRITER = zlib.crc32(b"lake.writer")


@contextmanager
def only_writer(*, wait: bool = False) -> Iterator[bool]:
    """True when this process may write the cold tier; the locks go with the process, however it ends.

    One is a file's, for this machine; with PostgreSQL there is a second, for hosts that share a database and an object store.
    """
    with alone(".writer", wait=wait) as here, _database_lock(wait=wait) if here else nullcontext(False) as mine:
        yield mine


@contextmanager
def alone(name: str, *, wait: bool = False) -> Iterator[bool]:
    """True when no other process of this machine holds the lake's lock `name`; it goes with the process, however it ends."""
    with held(name, wait=wait) as handle:
        yield handle is not None


@contextmanager
def held(name: str, *, wait: bool = False) -> Iterator[int | None]:
    """The lake's lock `name` as an open file, None when another holds it; a child that is given the file holds it as well."""
    lake_folder().mkdir(parents=True, exist_ok=True)
    handle = os.open(lake_folder() / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield handle if _locked(handle, wait=wait) else None
    finally:
        os.close(handle)


def _locked(handle: int, *, wait: bool) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


@contextmanager
def _database_lock(*, wait: bool) -> Iterator[bool]:
    if connection.vendor != "postgresql":
        yield True
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {'pg_advisory_lock' if wait else 'pg_try_advisory_lock'}(%s)", [WRITER])
        mine = cursor.fetchone()[0] is not False  # waiting answers nothing
    try:
        yield mine
    finally:
        if mine:
            with suppress(DatabaseError), connection.cursor() as cursor:  # a lost connection has lost the lock too
                cursor.execute("SELECT pg_advisory_unlock(%s)", [WRITER])


def due(*, now: datetime) -> tuple[Table, ...]:
    """The tables for which enough rows wait, or one waits long enough: one question for all of them."""
    waiting = (
        HotBatch.objects.filter(flushed_at=None).values("table").annotate(waits=Sum("rows"), oldest=Min("written_at"))
    )
    names = {row["table"] for row in waiting if row["waits"] >= FLUSH_ROWS or row["oldest"] <= now - FLUSH_AGE}
    return tuple(table for table in tables() if table.name in names)


def flush(table: Table, *, now: datetime) -> int:
    """Move waiting batches into the cold tier; returns rows moved. The caller holds `only_writer`.

    Commit, fsync, then mark: killed anywhere between, the next call finds from the watermark what is already inside.
    """
    began = time.monotonic()
    tier = cold(table.name)
    if tier.repair():
        log.warning("the last commit of %s had not reached the disk whole; its rows are written again", table.name)
    watermark = tier.snapshot(fresh=True).watermark
    inside = HotBatch.objects.filter(table=table.name, flushed_at=None, id__lte=watermark)
    if inside.exists():
        tier.sync()
        inside.update(flushed_at=now)
    ids = _next_ids(table, watermark)
    if not ids:
        return 0
    data = HotBatch.objects.filter(id__in=ids).order_by("id").values_list("data", flat=True)
    rows = pa.concat_tables([fitted(table.name, unpack(batch)) for batch in data])
    tier.append(rows, watermark=ids[-1], after=watermark)
    # GRACE counts from the commit, however long that took: until then readers had nothing but the hot batches.
    HotBatch.objects.filter(id__in=ids).update(flushed_at=now + timedelta(seconds=time.monotonic() - began))
    return len(rows)


def _next_ids(table: Table, watermark: int) -> list[int]:
    ids, rows = [], 0
    for id, size in (
        HotBatch.objects.filter(table=table.name, id__gt=watermark).order_by("id").values_list("id", "rows")[:900]
    ):
        ids.append(id)
        rows += size
        if rows >= MOST_ROWS_AT_ONCE:
            break
    return ids


def forget_flushed(*, now: datetime) -> int:
    """Delete batches flushed a minute ago that every registered reader of their table has read; returns how many."""
    past = HotBatch.objects.filter(flushed_at__lte=now - GRACE)
    names = set(past.values_list("table", flat=True).distinct())
    readers = [(set(reader.tables), cursor_position(reader.name)) for reader in Reader.objects.all()] if names else []
    gone = 0
    for table in sorted(names):
        positions = [position for tables, position in readers if not tables or table in tables]
        flushed = past.filter(table=table)
        read = flushed.filter(id__lte=min(positions)) if positions else flushed
        gone += read.delete()[0]
        gone += flushed.filter(flushed_at__lte=now - UNREAD_AT_MOST).delete()[0]
    return gone


def retention_days(table: Table) -> int:
    """Days a table is kept."""
    days = RetentionSetting.objects.filter(table=table.name).values_list("days", flat=True).first()
    return days or table.retention_days


def maintain(table: Table, *, now: datetime) -> int:
    """Compact, drop days past retention, tidy up. The caller holds `only_writer`. Returns how many things were done."""
    began = time.monotonic()
    tier = cold(table.name)
    most_files = upkeep.most_files(table.name)
    days = tier.compact(now=now, most_files=most_files)
    dropped = tier.forget_before((now - timedelta(days=retention_days(table))).date())
    late = upkeep.vacuumed_before(table.name, now - TIDY_EVERY)
    if days or dropped or late:
        tier.tidy()
    state = tier.snapshot()
    if not state.surveyed or (dropped and state.lacking):
        tier.survey()
    if state.version >= 0 or most_files == upkeep.FEWEST_FILES:
        seconds, vacuumed = time.monotonic() - began, bool(days or dropped or late)
        upkeep.note(table.name, now=now, seconds=seconds, days=days, rows=dropped, vacuumed=vacuumed)
    return days + bool(dropped)


def holding() -> frozenset[str]:
    """Names of tables that hold any row: one question, and a look whether the cold tier has a folder."""
    held = place().tables() | set(HotBatch.objects.values_list("table", flat=True).distinct())
    return frozenset(table.name for table in tables() if table.name in held)


def states(*, now: datetime) -> tuple[TableState, ...]:
    """Each table's size, reach, lag and upkeep; four questions, however many tables there are."""
    kept = dict(RetentionSetting.objects.values_list("table", "days"))
    newest = dict(HotBatch.objects.values_list("table").annotate(newest=Max("hi")))
    held: dict[str, list[_Waiting]] = {}
    for name, id, rows, lo, written in HotBatch.objects.values_list("table", "id", "rows", "lo", "written_at"):
        held.setdefault(name, []).append(_Waiting(id, rows, lo, written))
    done = upkeep.states()
    return tuple(
        _state(
            table,
            now,
            held.get(table.name, []),
            newest.get(table.name),
            kept.get(table.name),
            done.get(table.name, TableUpkeep()),
        )
        for table in tables()
    )


class _Waiting(NamedTuple):
    """One hot batch, without its rows."""

    id: int
    rows: int
    lo: datetime
    written_at: datetime


def _state(
    table: Table,
    now: datetime,
    batches: list[_Waiting],
    newest: datetime | None,
    days: int | None,
    done: TableUpkeep,
) -> TableState:
    snapshot = cold(table.name).snapshot()
    waiting = [batch for batch in batches if batch.id > snapshot.watermark]
    lows = [file.lo for file in snapshot.files] + [batch.lo for batch in waiting]
    highs = [file.hi for file in snapshot.files] + ([newest] if newest else [])
    oldest = min((batch.written_at for batch in waiting), default=None)
    return TableState(
        name=table.name,
        description=table.description,
        retention_days=days or table.retention_days,
        hot_rows=sum(batch.rows for batch in waiting),
        cold_rows=sum(file.rows for file in snapshot.files),
        files=len(snapshot.files),
        bytes=sum(file.bytes for file in snapshot.files),
        oldest=min(lows, default=None),
        newest=max(highs, default=None),
        lag_seconds=(now - oldest).total_seconds() if oldest else None,
        days=days_of(
            ((file.day, file.rows, file.bytes) for file in snapshot.files),
            ((batch.lo.date(), batch.rows) for batch in waiting),
        ),
        upkeep=done,
        source=table.source,
    )
