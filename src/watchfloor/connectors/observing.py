"""Taking observations in: one durable row per batch, in order, read by cursor further up, gone once every reader has passed.

The connector's own position moves in the same transaction (`remember`), so that a crash reads nothing twice and loses nothing.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from watchfloor.connectors.contracts import Observation, ObservedKind
from watchfloor.connectors.intake import storable, storable_inside
from watchfloor.connectors.models import Observed, SourceState
from watchfloor.kernel.clock import utc_now
from watchfloor.runtime.selectors import cursor_position
from watchfloor.runtime.services import keep_order

QUEUE = "connectors.observed"
ITEMS = 1000
"""Items per row: enough that a row costs little per item, few enough that a reader holds them easily."""
NUL = "\\u0000"
"""How JSON spells the character that no text column of PostgreSQL takes."""
_readers: dict[str, frozenset[ObservedKind]] = {}


def observe(
    *,
    kind: ObservedKind,
    source: str,
    items: Iterable[Mapping[str, Any]],
    table: str = "",
    alongside: Callable[[], None] | None = None,
    at: datetime | None = None,
) -> int:
    """Make what a connection saw durable; on return it is on disk. Returns the number of items.

    `items` are JSON objects: event rows of `table`, or the `as_json` of an Account, DirectoryGroup or OwnedFile. `alongside` may
    call `remember`; it runs in the same transaction, and also when there is nothing to keep.
    """
    taken = list(items)
    rows = [_row(kind, source, table, taken[n : n + ITEMS], at or utc_now()) for n in range(0, len(taken), ITEMS)]
    with transaction.atomic():
        if rows:
            keep_order(QUEUE)
            Observed.objects.bulk_create(rows, batch_size=50)
        if alongside is not None:
            alongside()
    return len(taken)


def _row(kind: ObservedKind, source: str, table: str, items: Sequence[Mapping[str, Any]], at: datetime) -> Observed:
    text = storable(_dumped(items))
    if NUL in text:  # or its spelling, quoted: then the items are looked at once for nothing
        text = _dumped(storable_inside(items))
    return Observed(
        kind=kind.value, source=source, table=table, at=at, count=len(items), payload=zlib.compress(text.encode(), 1)
    )


def _dumped(items: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps(items, ensure_ascii=False, separators=(",", ":"), default=_text)


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be kept as JSON")


def observed_after(position: int, *, kinds: Iterable[ObservedKind], limit: int = 20) -> list[Observation]:
    """The next `limit` batches of `kinds` after `position`, in order."""
    rows = Observed.objects.filter(position__gt=position, kind__in=[kind.value for kind in kinds])
    return [_contract(row) for row in rows.order_by("position")[:limit]]


def _contract(row: Observed) -> Observation:
    items = json.loads(zlib.decompress(bytes(row.payload)))
    return Observation(row.position, ObservedKind(row.kind), row.source, row.at, tuple(items), row.table)


def register_observer(cursor: str, *, kinds: Iterable[ObservedKind]) -> None:
    """Keep batches of `kinds` until the runtime cursor `cursor` has passed them; call it where the reader's job is defined."""
    _readers[cursor] = frozenset(kinds)


def trim_observed(*, limit: int = 1000) -> int:
    """Delete up to `limit` batches that every registered reader of their kind has passed; returns how many went."""
    gone = 0
    for kind in ObservedKind:
        passed = [cursor_position(name) for name, kinds in _readers.items() if kind in kinds]
        if passed:
            read = Observed.objects.filter(kind=kind.value, position__lte=min(passed)).order_by("position")
            gone += Observed.objects.filter(pk__in=list(read.values_list("pk", flat=True)[:limit])).delete()[0]
    return gone


def recall(connection: str, part: str) -> dict[str, Any]:
    """What `remember` kept for this part of a connection; empty when nothing."""
    found = SourceState.objects.filter(connection=connection, part=part).first()
    return dict(found.state) if found else {}


def remember(connection: str, part: str, state: Mapping[str, Any]) -> None:
    """Keep how far this part has been read; call it in `observe(alongside=...)`."""
    SourceState.objects.update_or_create(
        connection=connection, part=part, defaults={"state": dict(state), "changed_at": utc_now()}
    )
