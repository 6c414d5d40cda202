"""Pages of Okta by their Link header; people with their roles, groups with their members, and the System Log by time."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from watchfloor.connectors.contracts import Account
from watchfloor.connectors.observing import recall, remember
from watchfloor.connectors.protocols.event_log import EventLog
from watchfloor.connectors.protocols.rest import Answer, Rest
from watchfloor.connectors.protocols.whole_lists import observe_accounts, observe_groups
from watchfloor.connectors.records.okta import parse
from watchfloor.connectors.systems.okta.shapes import PROVIDER, account_of, group_of
from watchfloor.kernel.errors import NotConfigured, NotFound

_NEXT = re.compile(r'<([^<>]+)>\s*;\s*rel="next"')

LONGEST_ID = 128


def pages(rest: Rest, path: str, **query: str) -> Iterator[list[Any]]:
    """Each page of a list. Okta's next page comes even when the last was full; a list ends where no link follows."""
    answer = rest.get(path, **query)
    yield _list(answer)
    while found := _NEXT.search(answer.headers.get("link", "")):
        answer = rest.get(found[1])
        yield _list(answer)


def _list(answer: Answer) -> list[Any]:
    return answer.body if isinstance(answer.body, list) else []


def _objects(rest: Rest, path: str, **query: str) -> Iterator[Mapping[str, Any]]:
    for page in pages(rest, path, **query):
        yield from (one for one in page if _has_id(one))


def _has_id(one: object) -> bool:
    """An object with an id of a length that an id may have."""
    key = one.get("id") if isinstance(one, Mapping) else None
    return isinstance(key, str) and 0 < len(key) <= LONGEST_ID


@dataclass(frozen=True, slots=True)
class Directory:
    """People and groups of the connection `source`; Okta tells all of them, and the difference is handed on."""

    source: str
    rest: Rest

    def read(self) -> str:
        """Read everything; returns a warning in words."""
        warning, roles = self._roles()
        people: dict[str, Account] = {}
        for user in _objects(self.rest, "/api/v1/users", limit="200"):
            people[user["id"]] = account_of(user, roles.get(user["id"], ()))
        observe_accounts(self.source, people, provider=PROVIDER)
        groups = {}
        for group in _objects(self.rest, "/api/v1/groups", limit="200"):
            with suppress(NotFound):  # deleted since
                groups[group["id"]] = group_of(group, self._members(group["id"]))
        observe_groups(self.source, groups)
        return warning

    def _members(self, group: str) -> list[str]:
        path = f"/api/v1/groups/{quote(group, safe='')}/users"
        return [one["id"] for one in _objects(self.rest, path, limit="1000")]

    def _roles(self) -> tuple[str, Mapping[str, list[str]]]:
        """Administrator roles by person; only a super administrator's token may ask."""
        found: dict[str, list[str]] = defaultdict(list)
        try:
            said = self.rest.get("/api/v1/iam/assignees/users", limit="200").object.get("value")
            for one in said if isinstance(said, list) else []:
                key = str(one.get("id", "")) if isinstance(one, Mapping) else ""
                for role in _list(self.rest.get(f"/api/v1/users/{quote(key, safe='')}/roles")):
                    found[key].append(str(role.get("label", "")))
        except NotConfigured as error:
            return f"administrator roles are not read: {error.message}", recall(self.source, "roles").get("held", {})
        remember(self.source, "roles", {"held": found})
        return "", found


@dataclass(slots=True)
class SystemLog:
    """The System Log of the connection `source`."""

    rest: Rest
    now: Callable[[], datetime]
    stop: Callable[[], bool]
    log: EventLog

    @classmethod
    def of(
        cls, source: str, rest: Rest, first: timedelta, now: Callable[[], datetime], stop: Callable[[], bool]
    ) -> "SystemLog":
        log = EventLog(source, "system log", parse, lambda record: str(record.get("uuid") or ""), first=first)
        return cls(rest, now, stop, log)

    def read(self) -> str:
        """Read up to now; returns a warning in words."""
        self.log.read(self._fetch, now=self.now(), stop=self.stop)
        return self.log.warning()

    def _fetch(self, begin: datetime, end: datetime) -> Iterator[list[Any]]:
        return pages(
            self.rest, "/api/v1/logs", since=_stamp(begin), until=_stamp(end), sortOrder="ASCENDING", limit="1000"
        )


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
