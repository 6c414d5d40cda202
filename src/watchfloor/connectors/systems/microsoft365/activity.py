"""The unified audit log by the Management Activity API: subscribe, list what content there is, fetch each blob once."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.db import transaction

from watchfloor.connectors.contracts import ObservedKind
from watchfloor.connectors.observing import observe, recall, remember
from watchfloor.connectors.protocols.event_log import mark_of
from watchfloor.connectors.protocols.refusals import Refusals
from watchfloor.connectors.protocols.rest import Answer, Rest
from watchfloor.connectors.records.unified_audit import parse
from watchfloor.kernel.errors import BadInput, NotFound

CONTENT = ("Audit.Exchange", "Audit.SharePoint", "Audit.General")
"""Entra's own content is left out: Graph's sign-ins and directory audits tell the same with more."""
PART = "unified audit log"
OVERLAP = timedelta(hours=2)
WINDOW = timedelta(hours=24)
OLDEST = timedelta(days=7) - timedelta(minutes=10)
"""The service lists content of seven days, a day at a time."""


@dataclass(slots=True)
class Feed:
    """The audit log of the connection `source`."""

    source: str
    rest: Rest
    tenant: str
    first: timedelta
    now: Callable[[], datetime]
    stop: Callable[[], bool] = lambda: False
    _refused: Refusals = field(init=False)

    def __post_init__(self) -> None:
        self._refused = Refusals(self.source, PART)

    def read(self) -> str:
        """Read up to now; returns a warning in words."""
        self._refused = Refusals(self.source, PART)
        self._subscribe()
        for kind in CONTENT:
            self._read(kind)
        return self._refused.words()

    @property
    def _path(self) -> str:
        return f"/api/v1.0/{quote(self.tenant, safe='')}/activity/feed"

    def _subscribe(self) -> None:
        said = self.rest.get(f"{self._path}/subscriptions/list", PublisherIdentifier=self.tenant).body
        listed = [one for one in said if isinstance(one, Mapping)] if isinstance(said, list) else []
        running = {one.get("contentType") for one in listed if one.get("status") == "enabled"}
        for kind in CONTENT:
            if kind not in running:
                self.rest.post(f"{self._path}/subscriptions/start", contentType=kind, PublisherIdentifier=self.tenant)

    def _read(self, kind: str) -> None:
        now = self.now()
        state = recall(self.source, kind)
        seen: dict[str, float] = dict(state.get("seen", {}))
        since = datetime.fromisoformat(state["since"]) if "since" in state else now - self.first
        since = max(since, now - OLDEST + OVERLAP)
        while since < now and not self.stop():
            end = min(since + WINDOW - OVERLAP, now)
            for uri, mark in self._listed(kind, since - OVERLAP, end):
                if self.stop():
                    return
                if mark not in seen:
                    seen[mark] = end.timestamp()
                    self._take(kind, uri, {"since": since.isoformat(), "seen": seen})
            since = end
            seen = {mark: at for mark, at in seen.items() if at >= (since - OVERLAP).timestamp()}
            remember(self.source, kind, {"since": since.isoformat(), "seen": seen})

    def _listed(self, kind: str, begin: datetime, end: datetime) -> Iterator[tuple[str, str]]:
        """(address, mark) of each blob."""
        answer = self.rest.get(
            f"{self._path}/subscriptions/content",
            contentType=kind,
            startTime=_stamp(begin),
            endTime=_stamp(end),
            PublisherIdentifier=self.tenant,
        )
        while True:
            for one in _list(answer):
                if isinstance(one, Mapping) and isinstance(one.get("contentUri"), str):
                    yield one["contentUri"], mark_of(str(one.get("contentId") or one["contentUri"]))
            if not (more := answer.headers.get("nextpageuri")):
                return
            answer = self.rest.get(more)

    def _take(self, kind: str, uri: str, state: Mapping[str, Any]) -> None:
        """One blob's rows and the note that it has been read, in one transaction."""
        tables: dict[str, list[dict[str, Any]]] = defaultdict(list)
        try:
            records = _list(self.rest.get(uri))
        except NotFound:  # expired between list and look
            records = []
        for record in records:
            self._rows(record, tables)
        with transaction.atomic():
            for table, rows in tables.items():
                observe(kind=ObservedKind.EVENTS, source=self.source, table=table, items=rows)
            self._refused.bury()
            remember(self.source, kind, state)

    def _rows(self, record: Any, tables: dict[str, list[dict[str, Any]]]) -> None:
        try:
            if not isinstance(record, Mapping):
                raise BadInput("it is no JSON object")
            for table, row in parse(record):
                tables[table].append(row)
        except BadInput as error:
            self._refused.add(error)


def _list(answer: Answer) -> list[Any]:
    return answer.body if isinstance(answer.body, list) else []


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
