"""Events that came in lately, so that one which a source sends twice, or two sources send, is stored once.

An event is known by its table and ReportId, which parsers take from the record. What came in is forgotten after three days:
sources overlap by hours.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.lake.models import RecentEvents

REMEMBERED = timedelta(days=3)


def key_of(text: str) -> int:
    """64 bits that stand for this text; two different ones among a million collide once in many million times."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little")


def met(table: str, keys: Sequence[int], *, lo: datetime, hi: datetime) -> set[int]:
    """Which of these came in lately. `lo` and `hi` are the earliest and latest time of the events asked about."""
    near = RecentEvents.objects.filter(table=table, hi__gte=lo, lo__lte=hi).values_list("keys", flat=True)
    known = [_keys(data) for data in near.iterator()] if keys else []
    if not known:
        return set()
    asked = pa.array(keys, pa.uint64())
    found = pc.is_in(asked, value_set=pa.concat_arrays(known))
    return set(asked.filter(found).to_pylist())


def _keys(data: bytes | memoryview) -> pa.UInt64Array:
    return pa.Array.from_buffers(pa.uint64(), len(data) // 8, [None, pa.py_buffer(bytes(data))])


def note(table: str, keys: Sequence[int], *, lo: datetime, hi: datetime, now: datetime) -> None:
    """Remember these in the caller's transaction."""
    if keys:
        packed = b"".join(key.to_bytes(8, "little") for key in keys)
        RecentEvents.objects.create(table=table, lo=lo, hi=hi, keys=packed, written_at=now)


def forget(*, now: datetime, limit: int = 2_000) -> int:
    """Drop up to `limit` batches of long ago; returns how many went."""
    old = RecentEvents.objects.filter(written_at__lt=now - REMEMBERED).order_by("written_at")
    return RecentEvents.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:limit])).delete()[0]
