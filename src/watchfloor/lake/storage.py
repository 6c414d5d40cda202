"""The life of stored rows: hot to cold, compaction, retention, and how much of each there is."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pyarrow as pa
from django.db.models import Count, Min, Sum

from watchfloor.lake.arrow import fitted, unpack
from watchfloor.lake.catalogue import tables
from watchfloor.lake.contracts import Table, TableState
from watchfloor.lake.models import HotBatch, Reader, RetentionSetting
from watchfloor.lake.snapshot import cold, lake_folder
from watchfloor.runtime.selectors import cursor_position

log = logging.getLogger(__name__)

FLUSH_ROWS = 50_000
FLUSH_AGE = timedelta(seconds=120)
MOST_ROWS_AT_ONCE = 100_000
GRACE = timedelta(seconds=60)
"""A reader that took its Delta snapshot before a flush still finds the batches in the hot tier for this long."""
UNREAD_AT_MOST = timedelta(days=7)


@contextmanager
def only_writer(*, wait: bool = False) -> Iterator[bool]:
    """True when this process may write the cold tier; the lock goes with the process, however it ends."""
    lake_folder().mkdir(parents=True, exist_ok=True)
    handle = os.open(lake_folder() / ".writer", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(handle)


def due(table: Table, *, now: datetime) -> bool:
    """Whether enough rows wait, or one waits long enough."""
    waiting = HotBatch.objects.filter(table=table.name, flushed_at=None).aggregate(
        rows=Sum("rows"), oldest=Min("written_at")
    )
    return (waiting["rows"] or 0) >= FLUSH_ROWS or bool(waiting["oldest"] and waiting["oldest"] <= now - FLUSH_AGE)


def flush(table: Table, *, now: datetime) -> int:
    """Move waiting batches into the cold tier; returns rows moved. The caller holds `only_writer`.

    Commit, fsync, then mark: killed anywhere between, the next call finds from the watermark what is already inside.
    """
    tier = cold(table.name)
    if tier.repair():
        log.warning("the last commit of %s had not reached the disk whole; its rows are written again", table.name)
    watermark = tier.snapshot().watermark
    inside = HotBatch.objects.filter(table=table.name, flushed_at=None, id__lte=watermark)
    if inside.exists():
        tier.sync()
        inside.update(flushed_at=now)
    ids = _next_ids(table, watermark)
    if not ids:
        return 0
    data = HotBatch.objects.filter(id__in=ids).order_by("id").values_list("data", flat=True)
    rows = pa.concat_tables([fitted(table.name, unpack(batch)) for batch in data])
    tier.append(rows, watermark=ids[-1])
    HotBatch.objects.filter(id__in=ids).update(flushed_at=now)
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
    readers = [(set(reader.tables), cursor_position(reader.name)) for reader in Reader.objects.all()]
    gone = 0
    for table in tables():
        positions = [position for names, position in readers if not names or table.name in names]
        flushed = HotBatch.objects.filter(table=table.name, flushed_at__lte=now - GRACE)
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
    tier = cold(table.name)
    days = tier.compact(now=now)
    dropped = tier.forget_before((now - timedelta(days=retention_days(table))).date())
    if days or dropped:
        tier.tidy()
    return days + bool(dropped)


def states(*, now: datetime) -> tuple[TableState, ...]:
    """Each table's size, reach and lag."""
    return tuple(_state(table, now) for table in tables())


def _state(table: Table, now: datetime) -> TableState:
    snapshot = cold(table.name).snapshot()
    hot = HotBatch.objects.filter(table=table.name, id__gt=snapshot.watermark).aggregate(
        rows=Sum("rows"), written=Min("written_at"), lo=Min("lo"), batches=Count("id")
    )
    newest = HotBatch.objects.filter(table=table.name).order_by("-hi").values_list("hi", flat=True).first()
    lows = [file.lo for file in snapshot.files] + ([hot["lo"]] if hot["lo"] else [])
    highs = [file.hi for file in snapshot.files] + ([newest] if newest else [])
    return TableState(
        name=table.name,
        description=table.description,
        retention_days=retention_days(table),
        hot_rows=hot["rows"] or 0,
        cold_rows=sum(file.rows for file in snapshot.files),
        files=len(snapshot.files),
        bytes=sum(file.bytes for file in snapshot.files),
        oldest=min(lows, default=None),
        newest=max(highs, default=None),
        lag_seconds=(now - hot["written"]).total_seconds() if hot["written"] else None,
    )
