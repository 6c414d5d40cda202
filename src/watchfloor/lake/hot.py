"""The hot tier: durable batches in the relational store, and their rows decoded once per process."""

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from watchfloor.lake.arrow import fitted, pack, unpack
from watchfloor.lake.models import HotBatch
from watchfloor.runtime.services import keep_order

QUEUE = "lake.hot"
MOST_CHUNKS = 24


def insert(*, table: str, rows: pa.Table, now: datetime, watermark: int = 0) -> int:
    """Store one batch durably in the caller's transaction, or in one of its own. Returns its id, above `watermark`.

    Ids count on their own; only a database restored from an older copy than the cold tier falls behind the watermark, and
    then its rows would be taken for flushed ones.
    """
    times = pc.min_max(rows.column("Timestamp")).as_py()
    with transaction.atomic():
        keep_order(QUEUE)
        batch = HotBatch(
            table=table,
            rows=len(rows),
            lo=times["min"],
            hi=times["max"],
            data=pack(rows),
            token=os.urandom(8).hex(),
            written_at=now,
        )
        batch.save(force_insert=True)
        if batch.pk <= watermark:
            batch.delete()
            batch.pk = _jump_over(watermark)
            batch.save(force_insert=True)
    return int(batch.pk)


def _jump_over(watermark: int) -> int:
    """An id above `watermark`; later ones count on from it (SQLite does so by itself)."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval(pg_get_serial_sequence('lake_hotbatch', 'id'), %s)", [watermark + 1])
    return watermark + 1


@dataclass(frozen=True, slots=True)
class _Decoded:
    key: tuple[tuple[int, str], ...]
    rows: pa.Table


_decoded: dict[str, _Decoded] = {}
_guard = threading.Lock()


def rows_after(table: str, *, watermark: int, start: datetime, end: datetime) -> pa.Table | None:
    """All rows of batches above `watermark`, None when none of them touches [start, end). The window still has to be applied."""
    found = _batches(table, watermark)
    if not any(lo < end and hi >= start for _, _, lo, hi in found):
        return None
    key = tuple((id, token) for id, token, _, _ in found)
    with _guard:
        held = _decoded.get(table)
        if held and held.key == key:
            return held.rows
        if held and key[: len(held.key)] == held.key:
            rows = _joined([held.rows, *_read(table, key[len(held.key) :])])
        else:
            rows = _joined(_read(table, key))
        _decoded[table] = _Decoded(key, rows)
        return rows


def _batches(table: str, watermark: int) -> list[tuple[int, str, datetime, datetime]]:
    """(id, token, lo, hi) of each batch, oldest first."""
    found = _asked(_BATCHES, (table, watermark))
    return [(id, token, _moment(lo), _moment(hi)) for id, token, lo, hi in found]


def _asked(statement: str, parameters: tuple[str | int, ...]) -> list[tuple[Any, ...]]:
    """A statement that every question asks. SQLite is asked at once: what Django does around it takes three times as long.

    Not while somebody counts or watches statements.
    """
    held = connections[DEFAULT_DB_ALIAS]  # what stands for it seeks it anew for each attribute
    if held.vendor != "sqlite" or held.queries_logged or held.execute_wrappers:
        with held.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())
    held.ensure_connection()
    with held.wrap_database_errors:
        return list(held.connection.execute(statement.replace("%s", "?"), parameters))


_BATCHES = 'SELECT id, token, lo, hi FROM lake_hotbatch WHERE "table" = %s AND id > %s ORDER BY id'


def _moment(told: datetime | str) -> datetime:
    """A time as the database gives it: SQLite in UTC without saying so."""
    at = datetime.fromisoformat(told) if isinstance(told, str) else told
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _read(table: str, key: Iterable[tuple[int, str]]) -> list[pa.Table]:
    ids = [id for id, _ in key]
    read: list[pa.Table] = []
    for at in range(0, len(ids), 500):
        batches = HotBatch.objects.filter(id__in=ids[at : at + 500]).order_by("id").values_list("data", flat=True)
        read += [fitted(table, unpack(data)) for data in batches]
    return read


def _joined(parts: list[pa.Table]) -> pa.Table:
    """One table; many small chunks are merged, since an engine pays for each."""
    joined = pa.concat_tables(parts)
    return joined.combine_chunks() if joined.column(0).num_chunks > MOST_CHUNKS else joined
