"""People, groups and administrator roles by delta: the first time all, then only what changed; the position moves page by page."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from watchfloor.connectors.contracts import ObservedKind
from watchfloor.connectors.observing import observe, recall, remember
from watchfloor.connectors.protocols.rest import Answer, Rest, StartAgain
from watchfloor.connectors.systems.microsoft365.shapes import GROUP_FIELDS, USER_FIELDS, account_of, group_of
from watchfloor.kernel.errors import NotFound

Roles = Mapping[str, list[str]]
Objects = list[Mapping[str, Any]]
Take = Callable[[Objects, bool], tuple[ObservedKind, list[dict[str, Any]]]]
"""A page's objects to what is observed; whether they are changes, and not the first telling of all."""
PAGE = "999"
LONGEST_ID = 128


@dataclass(frozen=True, slots=True)
class Directory:
    """The directory of the connection `source`; `stop` ends a run between two pages."""

    source: str
    graph: Rest
    stop: Callable[[], bool] = lambda: False

    def read(self) -> str:
        """Read people and groups that changed."""
        roles = self._held()
        self._follow("users", USER_FIELDS, lambda users, changes: self._people(users, changes, roles))
        self._follow("groups", GROUP_FIELDS, self._groups)
        return ""

    def read_roles(self) -> str:
        """Read who holds administrator roles: delta does not tell, so whoever gained or lost one is read anew."""
        known, before = self._roles(), self._held()
        items = []
        for key in sorted(key for key in known.keys() | before.keys() if known.get(key) != before.get(key)):
            with suppress(NotFound):  # a group, an application, or somebody who has left
                user = self.graph.get(
                    f"/v1.0/users/{key}", **{"$select": USER_FIELDS, "$expand": "manager($select=id)"}
                )
                items.append(account_of(user.object, known.get(key, ())).as_json())
        observe(
            kind=ObservedKind.ACCOUNTS,
            source=self.source,
            items=items,
            alongside=lambda: remember(self.source, "roles", {"held": known}),
        )
        return ""

    def _held(self) -> Roles:
        """Roles by person, as last read."""
        held: Roles = recall(self.source, "roles").get("held", {})
        return held

    def _roles(self) -> Roles:
        found: dict[str, list[str]] = defaultdict(list)
        for answer in self.graph.pages("/v1.0/directoryRoles"):
            for role in filter(_has_id, _objects(answer)):
                for member in self._ids(f"/v1.0/directoryRoles/{role['id']}/members"):
                    found[member].append(str(role.get("displayName", "")))
        return {key: sorted(names) for key, names in found.items()}

    def _follow(self, kind: str, fields: str, take: Take) -> None:
        try:
            self._pages(kind, fields, take)
        except StartAgain:
            remember(self.source, kind, {})
            self._pages(kind, fields, take)

    def _pages(self, kind: str, fields: str, take: Take) -> None:
        """Each page is kept together with the address of the next, so that a crash begins at the page it broke off."""
        state = recall(self.source, kind)
        link, changes = state.get("link", ""), state.get("changes", False)
        done = False
        while not done and not self.stop():
            answer = self.graph.get(link) if link else self.graph.get(f"/v1.0/{kind}/delta", **{"$select": fields})
            observed, items = take(_objects(answer), changes)
            link, done = _next(answer)
            state = {"link": link, "changes": changes or done}
            observe(
                kind=observed,
                source=self.source,
                items=items,
                alongside=lambda state=state: remember(self.source, kind, state),  # type: ignore[misc]
            )

    def _people(self, users: Objects, changes: bool, roles: Roles) -> tuple[ObservedKind, list[dict[str, Any]]]:
        asked = [self._with_manager(user) if changes else user for user in users if _has_id(user)]
        accounts = [account_of(user, roles.get(str(user["id"]), ())) for user in asked]
        return ObservedKind.ACCOUNTS, [account.as_json() for account in accounts]

    def _with_manager(self, user: Mapping[str, Any]) -> Mapping[str, Any]:
        """A change tells the manager only when it is the manager that changed; who has none gets 404."""
        if "@removed" in user or "manager@delta" in user:
            return user
        try:
            return {**user, "manager": self.graph.get(f"/v1.0/users/{user['id']}/manager", **{"$select": "id"}).object}
        except NotFound:
            return user

    def _groups(self, groups: Objects, changes: bool) -> tuple[ObservedKind, list[dict[str, Any]]]:
        """Delta tells which groups changed; their members are then read whole, so that no change is ever missed."""
        made = []
        for group in filter(_has_id, groups):
            with suppress(NotFound):  # deleted since; the next delta says so
                made.append(group_of(group, self._members(group)).as_json())
        return ObservedKind.GROUPS, made

    def _members(self, group: Mapping[str, Any]) -> list[str]:
        if "@removed" in group:
            return []
        return list(self._ids(f"/v1.0/groups/{group['id']}/members", **{"$top": PAGE}))

    def _ids(self, path: str, **query: str) -> Iterator[str]:
        for answer in self.graph.pages(path, **{"$select": "id"}, **query):
            yield from (str(one["id"]) for one in _objects(answer) if _has_id(one))


def _objects(answer: Answer) -> Objects:
    found = answer.object.get("value")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _has_id(one: Mapping[str, Any]) -> bool:
    """An id that can stand in a path; anything else did not come from Graph."""
    key = one.get("id")
    return isinstance(key, str) and len(key) <= LONGEST_ID and key.replace("-", "").isalnum()


def _next(answer: Answer) -> tuple[str, bool]:
    """(where to go on, whether that is for the next look)."""
    if link := answer.object.get("@odata.nextLink"):
        return str(link), False
    return str(answer.object.get("@odata.deltaLink", "")), True
