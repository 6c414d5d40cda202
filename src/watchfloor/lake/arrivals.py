"""How long mail took until its rows were committed: read from the hot batches, once per mail, without decoding whole rows."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import pyarrow.compute as pc

from watchfloor.lake.arrow import unpack
from watchfloor.lake.models import HotBatch

TABLE = "EmailEvents"
READ = ("NetworkMessageId", "Timestamp", "Connectors")


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The mails of one batch: seconds from being received to being stored, by connection. `position` is the reader's cursor."""

    position: int
    at: datetime
    seconds: dict[str, tuple[float, ...]]


def arrivals_after(position: int, *, limit: int = 50) -> list[Arrivals]:
    """The batches of mail after `position`, in order. Register the reader, or batches may go before it reads."""
    found = HotBatch.objects.filter(id__gt=position, table=TABLE).order_by("id")[:limit]
    return [_arrivals(batch) for batch in found]


def _arrivals(batch: HotBatch) -> Arrivals:
    rows = unpack(batch.data).select(READ)
    once: dict[str, tuple[str, float]] = {}
    for key, came, door in zip(
        rows.column("NetworkMessageId").to_pylist(),
        pc.cast(rows.column("Timestamp"), "int64").to_pylist(),
        rows.column("Connectors").to_pylist(),
        strict=True,
    ):
        once.setdefault(key, (door or "", max(batch.written_at.timestamp() - came / 1e6, 0.0)))
    by: dict[str, list[float]] = defaultdict(list)
    for door, seconds in once.values():
        by[door].append(seconds)
    return Arrivals(batch.pk, batch.written_at, {door: tuple(found) for door, found in by.items()})
