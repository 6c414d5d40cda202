"""The facts every verdict is judged by, kept in memory as long as one cheap question says that nothing changed."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Min, Q

from watchfloor.connectors.selectors import tenant_facts as configured
from watchfloor.inspection.contracts import TenantFacts
from watchfloor.intelligence.contracts import Effect, PeopleSource
from watchfloor.intelligence.models import Entry, Policy, Silenced
from watchfloor.kernel.ids import uuid7

ONLY = 1
"""The key of the one row of Policy."""


@dataclass(frozen=True, slots=True)
class _Held:
    key: tuple[object, ...]
    until: datetime | None
    facts: TenantFacts


_people: list[PeopleSource] = []
_held: list[_Held] = []
_guard = threading.Lock()


def take_people_from(source: PeopleSource) -> None:
    """Name who knows the organisation's people; the directory lies above this slice."""
    _people[:] = [source]


def facts_at(now: datetime) -> TenantFacts:
    """Everything known at `now`: one query, and what the people's source asks, while nothing changed."""
    options = configured()
    revision = Policy.objects.filter(pk=ONLY).values_list("revision", flat=True).first() or ""
    key = (options, revision, *(source.version() for source in _people))
    with _guard:
        if _held and _held[0].key == key and (_held[0].until is None or now < _held[0].until):
            return _held[0].facts
        made = _Held(key, _next_end(now), _read(options, now))
        _held[:] = [made]
    return made.facts


def changed(*, now: datetime) -> None:
    """Call in the transaction that changes a fact: whoever judges reads anew."""
    Policy.objects.update_or_create(pk=ONLY, defaults={"revision": str(uuid7(at=now))})


def valid_at(now: datetime) -> Q:
    """Entries that have not ended."""
    return Q(expires_at=None) | Q(expires_at__gt=now)


def _next_end(now: datetime) -> datetime | None:
    found: datetime | None = Entry.objects.filter(expires_at__gt=now).aggregate(end=Min("expires_at"))["end"]
    return found


def _read(options: TenantFacts, now: datetime) -> TenantFacts:
    rows = list(
        Entry.objects.filter(valid_at(now)).values_list("effect", "kind", "value", "source", "confidence").iterator()
    )
    threshold = Policy.objects.filter(pk=ONLY).values_list("threshold", flat=True).first() or 0.0
    return replace(
        options,
        people=tuple(person for source in _people for person in source.people()),
        allowed=_names(rows, Effect.ALLOW),
        blocked=_names(rows, Effect.BLOCK),
        trusted=_names(rows, Effect.TRUST),
        indicators={
            f"{kind}:{value}": ", ".join(filter(None, (source, confidence and f"{confidence} confidence")))
            or "no source"
            for effect, kind, value, source, confidence in rows
            if effect == Effect.INDICATOR
        },
        silenced=frozenset(Silenced.objects.values_list("signal", flat=True)),
        threshold=threshold,
    )


def _names(rows: Iterable[tuple[str, ...]], wanted: Effect) -> frozenset[str]:
    return frozenset(f"{kind}:{value}" for effect, kind, value, *_ in rows if effect == wanted)
