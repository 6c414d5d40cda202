"""Reading a log that is asked by time: windows that overlap, each record once by its id, the position kept with the rows.

A service shows records late, and in any order: so every look begins a little (`brief`) before the last one ended, one each
`sweep` far (`overlap`) before, and ids seen in that time are skipped. Ids and rows are stored in one transaction: a crash between
two pages reads nothing twice and loses nothing.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from watchfloor.connectors.contracts import ObservedKind
from watchfloor.connectors.observing import observe, recall, remember
from watchfloor.connectors.protocols.refusals import Refusals
from watchfloor.connectors.records.fields import written
from watchfloor.connectors.records.source import Parser
from watchfloor.kernel.errors import BadInput

Fetch = Callable[[datetime, datetime], Iterator[list[Any]]]
"""Pages of records from one moment to another."""
NO_ROWS: Mapping[str, list[dict[str, Any]]] = {}


def mark_of(key: str) -> str:
    """Short enough that the marks of some hours are kept with the position."""
    return hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=9).hexdigest()


@dataclass(slots=True)
class EventLog:
    """One log of the connection `source`. `key` gives a record's id; `first` is how far back the first look goes."""

    source: str
    part: str
    parse: Parser
    key: Callable[[Mapping[str, Any]], str]
    overlap: timedelta = timedelta(hours=2)
    brief: timedelta = timedelta(minutes=10)
    sweep: timedelta = timedelta(minutes=15)
    window: timedelta = timedelta(hours=1)
    first: timedelta = timedelta(days=7)
    _seen: dict[str, float] = field(default_factory=dict)
    _swept: str = ""
    _refused: Refusals = field(init=False)

    def __post_init__(self) -> None:
        self._refused = Refusals(self.source, self.part)

    def read(self, fetch: Fetch, *, now: datetime, stop: Callable[[], bool] = lambda: False) -> int:
        """Read up to `now`; returns how many rows came. Raises what `fetch` raises, all before it being kept."""
        self._refused = Refusals(self.source, self.part)
        state = recall(self.source, self.part)
        self._seen, self._swept = dict(state.get("seen", {})), str(state.get("swept", ""))
        since = datetime.fromisoformat(state["since"]) if "since" in state else now - self.first
        begin, sweeping = self._begin(since, now, known="since" in state)
        read = 0
        while since < now and not stop():
            end = min(since + self.window, now)
            for page in fetch(begin, end):
                read += self._take(page, since, end)
                if stop():
                    return read
            since = begin = end
            self._forget_before(since - self.overlap)
            if sweeping and since >= now:
                self._swept = now.isoformat()
            self._keep(NO_ROWS, since)
        return read

    def _begin(self, since: datetime, now: datetime, *, known: bool) -> tuple[datetime, bool]:
        """Where this look begins, and whether it goes far back. Only the first window overlaps: what is behind it has had its time."""
        if not known:
            return since, True
        sweeping = not self._swept or now - datetime.fromisoformat(self._swept) >= self.sweep
        return since - (self.overlap if sweeping else self.brief), sweeping

    def warning(self) -> str:
        """What to tell people of the last look; empty when every record could be read."""
        return self._refused.words()

    def _take(self, page: Iterable[Any], since: datetime, end: datetime) -> int:
        tables: dict[str, list[dict[str, Any]]] = defaultdict(list)
        known = len(self._seen)
        for record in page:
            if isinstance(record, Mapping):
                self._take_one(record, end, tables)
            else:
                self._refused.add(BadInput("it is no JSON object"))
        if len(self._seen) > known:
            self._keep(tables, since)
        return sum(map(len, tables.values()))

    def _take_one(self, record: Mapping[str, Any], end: datetime, tables: dict[str, list[dict[str, Any]]]) -> None:
        """A mark stays for `overlap` after the window it was read in, and no later look begins before that."""
        try:
            mark = mark_of(self.key(record) or written(record))
            if mark in self._seen:
                return
            self._seen[mark] = end.timestamp()
            for table, row in self.parse(record):
                tables[table].append(row)
        except BadInput as error:
            self._refused.add(error)

    def _forget_before(self, moment: datetime) -> None:
        self._seen = {mark: at for mark, at in self._seen.items() if at >= moment.timestamp()}

    def _keep(self, tables: Mapping[str, list[dict[str, Any]]], since: datetime) -> None:
        state = {"since": since.astimezone(UTC).isoformat(), "swept": self._swept, "seen": self._seen}
        with transaction.atomic():
            for table, rows in tables.items():
                observe(kind=ObservedKind.EVENTS, source=self.source, table=table, items=rows)
            self._refused.bury()
            remember(self.source, self.part, state)
