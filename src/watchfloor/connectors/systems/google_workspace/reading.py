"""Pages of the Admin SDK by their token: people, groups with members, and the audit logs by time."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from watchfloor.connectors.protocols.event_log import EventLog, Fetch
from watchfloor.connectors.protocols.rest import Rest
from watchfloor.connectors.protocols.whole_lists import observe_accounts, observe_groups
from watchfloor.connectors.records.workspace import parse
from watchfloor.connectors.systems.google_workspace.shapes import PROVIDER, account_of, group_of
from watchfloor.kernel.errors import NotFound

DIRECTORY = "/admin/directory/v1"
REPORTS = "/admin/reports/v1/activity/users/all/applications"

LATE = timedelta(hours=6)
"""Google shows some events hours after they happened; so some looks overlap by as much."""

LONGEST_ID = 128


def pages(rest: Rest, path: str, key: str, **query: str) -> Iterator[list[Any]]:
    """Each page of the list `key`; a page token that comes again would never end, and ends the list."""
    token, before = "", set()
    while token not in before:
        before.add(token)
        said = rest.get(path, **query, **({"pageToken": token} if token else {})).object
        found = said.get(key)
        yield found if isinstance(found, list) else []
        token = str(said.get("nextPageToken") or "")


def _objects(rest: Rest, path: str, key: str, **query: str) -> Iterator[Mapping[str, Any]]:
    for page in pages(rest, path, key, **query):
        yield from (one for one in page if _has_id(one))


def _has_id(one: object) -> bool:
    """An object with an id of a length that an id may have."""
    key = one.get("id") if isinstance(one, Mapping) else None
    return isinstance(key, str) and 0 < len(key) <= LONGEST_ID


@dataclass(frozen=True, slots=True)
class Directory:
    """People and groups of the connection `source`; Google tells all of them, and the difference is handed on."""

    source: str
    rest: Rest

    def read(self) -> str:
        ours = {"customer": "my_customer"}
        users = _objects(self.rest, f"{DIRECTORY}/users", "users", maxResults="500", projection="full", **ours)
        observe_accounts(self.source, {one["id"]: account_of(one) for one in users}, provider=PROVIDER)
        groups = {}
        for group in _objects(self.rest, f"{DIRECTORY}/groups", "groups", maxResults="200", **ours):
            with suppress(NotFound):  # deleted since
                groups[group["id"]] = group_of(group, self._members(group["id"]))
        observe_groups(self.source, groups)
        return ""

    def _members(self, group: str) -> list[str]:
        path = f"{DIRECTORY}/groups/{quote(group, safe='')}/members"
        return [one["id"] for one in _objects(self.rest, path, "members", maxResults="200")]


def _key(record: Mapping[str, Any]) -> str:
    """Google's four parts of an activity's id; "" when it has none, and then the whole record counts."""
    key = record.get("id")
    if not isinstance(key, Mapping) or not key.get("uniqueQualifier"):
        return ""
    return " ".join(str(key.get(part, "")) for part in ("applicationName", "customerId", "time", "uniqueQualifier"))


@dataclass(slots=True)
class Audits:
    """The audit logs `applications` of the connection `source`."""

    source: str
    rest: Rest
    applications: tuple[str, ...]
    first: timedelta
    now: Callable[[], datetime]
    stop: Callable[[], bool]
    _logs: dict[str, EventLog] = field(default_factory=dict)

    def read(self) -> str:
        """Read all up to now; returns a warning in words."""
        for application in self.applications:
            self._log(application).read(self._fetch(application), now=self.now(), stop=self.stop)
        return "; ".join(filter(None, (log.warning() for log in self._logs.values())))

    def _log(self, application: str) -> EventLog:
        if application not in self._logs:
            self._logs[application] = EventLog(
                self.source,
                f"audit {application}",
                parse,
                _key,
                overlap=LATE,
                brief=timedelta(minutes=30),
                window=LATE,
                first=self.first,
            )
        return self._logs[application]

    def _fetch(self, application: str) -> Fetch:
        def fetch(begin: datetime, end: datetime) -> Iterator[list[Any]]:
            asked = {"startTime": _stamp(begin), "endTime": _stamp(end), "maxResults": "1000"}
            return pages(self.rest, f"{REPORTS}/{quote(application, safe='')}", "items", **asked)

        return fetch


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
