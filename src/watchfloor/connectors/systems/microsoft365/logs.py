"""Graph's logs that are asked by time: sign-ins, directory audits, risk detections, and accounts whose risk changed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from watchfloor.connectors.protocols.event_log import EventLog, Fetch
from watchfloor.connectors.protocols.rest import Rest
from watchfloor.connectors.records.entra import parse

PAGE = "999"


@dataclass(frozen=True, slots=True)
class Kind:
    """`time` is the property by which the log is asked; `most` the largest page the path allows."""

    part: str
    path: str
    time: str
    most: str = PAGE


SIGN_INS = Kind("sign-ins", "/v1.0/auditLogs/signIns", "createdDateTime")
AUDITS = Kind("audits", "/v1.0/auditLogs/directoryAudits", "activityDateTime")
DETECTIONS = Kind("risk detections", "/v1.0/identityProtection/riskDetections", "detectedDateTime", "500")
RISKY_USERS = Kind("risky accounts", "/v1.0/identityProtection/riskyUsers", "riskLastUpdatedDateTime", "500")


@dataclass(slots=True)
class GraphLogs:
    """The logs of the connection `source`; `first` is how far back the first look goes."""

    source: str
    graph: Rest
    first: timedelta
    now: Callable[[], datetime]
    stop: Callable[[], bool] = lambda: False
    _logs: dict[str, EventLog] = field(default_factory=dict)

    def read(self, *kinds: Kind) -> str:
        """Read these up to now; returns a warning in words."""
        for kind in kinds:
            self._log(kind).read(self._fetch(kind), now=self.now(), stop=self.stop)
        return "; ".join(filter(None, (self._log(kind).warning() for kind in kinds)))

    def _log(self, kind: Kind) -> EventLog:
        if kind.part not in self._logs:
            # A changed risk has its account's id: only with the time of the change is it one record.
            def key(record: Mapping[str, Any]) -> str:
                return f"{record.get('id', '')} {record.get(kind.time, '') if kind is RISKY_USERS else ''}".strip()

            self._logs[kind.part] = EventLog(self.source, kind.part, parse, key, first=self.first)
        return self._logs[kind.part]

    def _fetch(self, kind: Kind) -> Fetch:
        def fetch(begin: datetime, end: datetime) -> Iterator[list[Any]]:
            wanted = f"{kind.time} ge {_stamp(begin)} and {kind.time} le {_stamp(end)}"
            for answer in self.graph.pages(kind.path, **{"$filter": wanted, "$top": kind.most}):
                found = answer.object.get("value")
                yield found if isinstance(found, list) else []

        return fetch


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
