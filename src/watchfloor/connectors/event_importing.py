"""Importing files of event records: sign-ins and activities that other products exported."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from watchfloor.access.contracts import Actor, Permission
from watchfloor.access.services import audit_verb, audited
from watchfloor.connectors.contracts import EventsImported, Refused
from watchfloor.connectors.event_files import records_of
from watchfloor.connectors.event_intake import keep, reading_of, refused_words
from watchfloor.connectors.records.reading import Reading
from watchfloor.kernel.errors import BadInput

audit_verb("events.import", "{actor} imported events from {target}")

BATCH = 2_000
Record = tuple[str, Mapping[str, Any]]


def import_events(
    *,
    paths: Iterable[Path],
    by: Actor,
    now: datetime,
    shape: str = "auto",
    mapping: str = "",
    source: str = "import",
    refused: Callable[[Refused], None] = lambda one: None,
    progress: Callable[[int], None] = lambda records: None,
) -> EventsImported:
    """Make the records of these files durable; a worker stores their rows. `refused` hears of each record that is not taken.

    Raises BadInput for a source nobody knows; a file that cannot be read is one refusal. `progress` hears how many more
    records were read.
    """
    named = list(paths)
    target = ", ".join(path.name for path in named)[:200]
    with audited(
        by=by, permission=Permission.CONNECTION_MANAGE, verb="events.import", target_type="file", target=target
    ) as result:
        work = _Importing(reading_of({"records": shape, "mapping": mapping}), source, now, refused, progress)
        for path in named:
            work.file(path)
        done = EventsImported(work.records, work.rows, work.turned_away, dict(work.reading.seen))
        result["after"] = {"records": done.records, "rows": done.rows, "refused": done.refused, "source": shape}
    return done


class _Importing:
    """The files on their way in."""

    def __init__(
        self,
        reading: Reading,
        source: str,
        now: datetime,
        refused: Callable[[Refused], None],
        progress: Callable[[int], None],
    ) -> None:
        self.reading, self.source, self.now = reading, source, now
        self.refused, self.progress = refused, progress
        self.records = self.rows = self.turned_away = 0

    def file(self, path: Path) -> None:
        waiting: list[Record] = []
        try:
            for found in records_of(path, now=self.now):
                if found.wrong:
                    self._refuse(found.place, found.wrong)
                    continue
                waiting.append((found.place, found.record))
                if len(waiting) == BATCH:
                    self._keep(waiting)
                    waiting = []
        except BadInput as error:
            self._refuse(error.place or path.name, error.message)
        self._keep(waiting)

    def _keep(self, records: list[Record]) -> None:
        if not records:
            return
        kept = keep(self.reading, records, source=self.source, at=self.now, note=False)
        self.rows += kept.rows
        for place, reason in refused_words(kept):
            self._refuse(place, reason)
        self.records += len(records)
        self.progress(len(records))

    def _refuse(self, place: str, reason: str) -> None:
        self.turned_away += 1
        self.refused(Refused(place, reason))
