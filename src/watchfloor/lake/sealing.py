"""Sealing: settled days of the newest months once more in the form that pages read fastest (see engines/segments.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from watchfloor.lake.catalogue import tables
from watchfloor.lake.contracts import Table
from watchfloor.lake.engines.delta import ColdFile, ColdSnapshot
from watchfloor.lake.snapshot import cold, segments
from watchfloor.lake.storage import alone

SEALER = ".sealer"
MEMORY = "1GB"
"""What sorting a segment may take before it writes to disk; the process ends with the work."""


@dataclass(frozen=True, slots=True)
class SealedState:
    """How much of a table lies in segments."""

    segments: int
    rows: int
    bytes: int


def state_of(name: str) -> SealedState:
    """The segments of one table that count now."""
    live = segments(name).live(cold(name).snapshot())
    return SealedState(len(live), sum(one.rows for one in live), sum(one.bytes for one in live))


def seal_all(*, now: datetime) -> int:
    """Build every segment that is due, of all tables; returns how many. Nothing when another process is at it."""
    with alone(SEALER) as mine:
        return sum(seal(table, now=now) for table in tables()) if mine else 0


def seal(table: Table, *, now: datetime) -> int:
    """Build the segments of one table that are due, and delete what they replace."""
    shelf, snapshot = segments(table.name), cold(table.name).snapshot(fresh=True)
    since = now - timedelta(days=settings.WATCHFLOOR.lake_fast_days)
    due = shelf.due(snapshot, now=now, since=since) if settings.WATCHFLOOR.lake_fast_days else []
    for files in due:
        scratch = Path(settings.HOME) / "scratch" / "sealing"
        scratch.mkdir(parents=True, exist_ok=True)
        shelf.build(_leased(snapshot, files), lacking=snapshot.lacking, scratch=scratch, memory=MEMORY)
    shelf.tidy(snapshot, now=now, since=since)
    return len(due)


def _leased(snapshot: ColdSnapshot, files: Sequence[ColdFile]) -> list[ColdFile]:
    """The same files, held in an object store's cache as long as they are at hand."""
    wanted = {file.path for file in files}
    span = snapshot.within(min(file.lo for file in files), max(file.hi for file in files) + timedelta(microseconds=1))
    return [file for file in span if file.path in wanted]
