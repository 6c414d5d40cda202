"""What tables mean at one moment: cold files of a Delta snapshot, and the hot batches above its watermark."""

import os
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pyarrow as pa
from django.conf import settings

from watchfloor.kernel.errors import BadInput, NotConfigured
from watchfloor.lake.arrow import schema_of
from watchfloor.lake.catalogue import table as table_named
from watchfloor.lake.contracts import Query
from watchfloor.lake.engines.connect import ConnectEngine, connected
from watchfloor.lake.engines.delta import ColdTable, cold_table
from watchfloor.lake.engines.duck import DuckEngine, duck
from watchfloor.lake.engines.segments import Segments, segments_of
from watchfloor.lake.engines.source import Source
from watchfloor.lake.hot import rows_after
from watchfloor.lake.place import lake_folder, place
from watchfloor.lake.query.compile import Window, window_of

TOO_OLD = 30.0
"""Seconds between a look at the cold tier and the hot rows read after it; flushed batches stay for storage.GRACE, a minute."""
ATTEMPTS = 3


class _Views:
    """What this process holds of a lake, as long as its home and options stay: every question begins with it."""

    def __init__(self) -> None:
        self.process, self.home, self.options = os.getpid(), settings.HOME, settings.WATCHFLOOR
        self.cold: dict[str, ColdTable] = {}
        self.segments: dict[str, Segments] = {}
        self.engine: DuckEngine | None = None

    def stand(self) -> bool:
        """Whether they are those of this process and of its settings now."""
        options, home = settings.WATCHFLOOR, settings.HOME
        return self.options is options and self.home is home and self.process == os.getpid()


_views: _Views | None = None


def _held() -> _Views:
    global _views
    held = _views
    if held is None or not held.stand():
        held = _views = _Views()
    return held


def cold(name: str) -> ColdTable:
    """The cold tier of one table."""
    held = _held()
    if name not in held.cold:
        held.cold[name] = cold_table(place(), table_named(name))
    return held.cold[name]


def engine() -> DuckEngine:
    """The engine of this process."""
    held = _held()
    if held.engine is None:
        held.engine = duck(home=Path(settings.HOME), memory=settings.WATCHFLOOR.lake_memory)
    return held.engine


def hunting_engine() -> DuckEngine:
    """The engine that people's own queries run on: a memory of its own, so that no query of theirs starves a page."""
    return duck(home=Path(settings.HOME), memory=settings.WATCHFLOOR.lake_memory, use="hunting")


ENGINES = ("duckdb", "spark", "sail")


def engine_named(name: str) -> DuckEngine | ConnectEngine:
    """The engine that answers a query. Raises BadInput for a name there is none of, NotConfigured without an address."""
    if name == "duckdb":
        return hunting_engine()
    if name not in ENGINES:
        raise BadInput(f"there is no engine “{name}”; engines are {', '.join(ENGINES)}", place="engine")
    address = getattr(settings.WATCHFLOOR, f"lake_{name}")
    if not address:
        raise NotConfigured(
            f"set lake_{name} to where {name.title()} answers, as sc://host:15002", place=f"lake_{name}"
        )
    return connected(name, address, hunting_engine())


def source_of(name: str, window: Window) -> Source:
    """One table in one window. The Delta snapshot comes first: batches flushed after it are still there for a minute.

    A process that had to wait longer than that in between begins again.
    """
    for _ in range(ATTEMPTS):
        began = time.monotonic()
        state = cold(name).snapshot()
        hot = rows_after(name, watermark=state.watermark, start=window.start, end=window.end)
        if time.monotonic() - began < TOO_OLD:
            break
    files = state.within(window.start, window.end)
    sealed = [one for one in segments(name).live(state) if one.lo < window.end and one.hi >= window.start]
    return Source(files, hot, _nothing(name), state.lacking, tuple(sealed))


@cache
def _nothing(name: str) -> pa.Table:
    return schema_of(name).empty_table()


def segments(name: str) -> Segments:
    """The sealed segments of one table."""
    held = _held()
    if name not in held.segments:
        held.segments[name] = segments_of(lake_folder(), table_named(name), schema_of(name))
    return held.segments[name]


def sources_for(query: Query, names: Iterable[str]) -> dict[str, Source]:
    """Each table a query reads, in the window the query looks at it."""
    return {name: source_of(name, window_of(query, table_named(name))) for name in sorted(names)}
