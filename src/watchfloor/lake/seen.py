"""The rows behind history: a fact is a hash, how often it was met, from when to when. Bounded statements, whatever the past holds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice

from django.db import connection

from watchfloor.lake.models import Seen

ASK = 5000
WRITE = 500
_LOWEST, _ALL_KEYS = -(1 << 63), 1 << 64
_UPSERT = """
INSERT INTO lake_seen ("key", "first_day", "last_day", "count", "variety", "value") VALUES {rows}
ON CONFLICT ("key") DO UPDATE SET
    "count" = lake_seen."count" + excluded."count",
    "variety" = lake_seen."variety" + excluded."variety",
    "first_day" = CASE WHEN excluded."first_day" < lake_seen."first_day" THEN excluded."first_day" ELSE lake_seen."first_day" END,
    "last_day" = CASE WHEN excluded."last_day" > lake_seen."last_day" THEN excluded."last_day" ELSE lake_seen."last_day" END
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A fact as it is stored; days are proleptic ordinals (`date.toordinal`)."""

    first_day: int
    count: int
    variety: int
    value: str


@dataclass(slots=True)
class Trace:
    """What one batch adds to a fact."""

    first_day: int
    last_day: int
    count: int
    variety: int
    value: str


def key_of(*parts: str) -> int:
    """The signed 64-bit key of a fact."""
    digest = blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def look_up(keys: set[int]) -> dict[int, Known]:
    """Those of `keys` that are known; one query per 5,000 keys."""
    found: dict[int, Known] = {}
    for part in _parts(sorted(keys), ASK):
        rows = Seen.objects.filter(key__in=part).values_list("key", "first_day", "count", "variety", "value")
        found.update({key: Known(first, count, variety, value) for key, first, count, variety, value in rows})
    return found


def add(traces: dict[int, Trace], key: int, day: int, value: str, *, variety: int = 0) -> None:
    """Count one meeting of a fact into `traces`."""
    known = traces.get(key)
    if known is None:
        traces[key] = Trace(day, day, 1, variety, value)
        return
    known.count += 1
    known.variety += variety
    known.first_day, known.last_day = min(known.first_day, day), max(known.last_day, day)


def store(traces: dict[int, Trace]) -> None:
    """Write a batch; a value stays that of the first row. In key order, so that two writers never wait for each other."""
    with connection.cursor() as cursor:
        for part in _parts(sorted(traces), WRITE):
            rows = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * len(part))
            values: list[int | str] = []
            for key in part:
                one = traces[key]
                values += (key, one.first_day, one.last_day, one.count, one.variety, one.value)
            cursor.execute(_UPSERT.format(rows=rows), values)


def forget(*, part: int, parts: int, before: int) -> int:
    """Delete facts last met before the day `before`, in the given part of all keys."""
    low = _LOWEST + _ALL_KEYS * part // parts
    high = _LOWEST + _ALL_KEYS * (part + 1) // parts - 1
    gone, _ = Seen.objects.filter(key__gte=low, key__lte=high, last_day__lt=before).delete()
    return gone


def _parts(keys: Iterable[int], size: int) -> Iterator[list[int]]:
    rest = iter(keys)
    while part := list(islice(rest, size)):
        yield part
