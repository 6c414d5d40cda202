"""Who owns and shares files: each person's drive by delta, and for shared items their permissions."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from watchfloor.connectors.contracts import ObservedKind, OwnedFile
from watchfloor.connectors.observing import observe, recall, remember
from watchfloor.connectors.protocols.rest import Rest, StartAgain
from watchfloor.connectors.systems.microsoft365.shapes import file_of, share_of
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import NotFound

FIELDS = "id,name,size,cTag,file,folder,package,root,deleted,shared,webUrl,createdDateTime,lastModifiedDateTime,lastModifiedBy,parentReference"

TOP = "root"
ANEW = timedelta(days=7)
"""After so long a drive is read from the beginning: Graph does not always tell that a share has changed and nothing else."""


@dataclass(frozen=True, slots=True)
class Drives:
    """The drives of these people; none named means everybody in the directory."""

    source: str
    graph: Rest
    people: tuple[str, ...] = ()
    stop: Callable[[], bool] = lambda: False
    now: Callable[[], datetime] = utc_now

    def read(self) -> str:
        for person in self.people or self._everybody():
            if self.stop():
                break
            with suppress(NotFound):  # no licence, or never opened
                self._drive(person)
        return ""

    def _everybody(self) -> Iterator[str]:
        for answer in self.graph.pages("/v1.0/users", **{"$select": "userPrincipalName", "$top": "999"}):
            for user in _objects(answer.object):
                if name := user.get("userPrincipalName"):
                    yield str(name)

    def _drive(self, person: str) -> None:
        said = self.graph.get(f"/v1.0/users/{quote(person, safe='@')}/drive", **{"$select": "id"})
        drive = str(said.object.get("id", ""))
        try:
            self._items(drive, person)
        except StartAgain:
            remember(self.source, f"drive {drive}"[:200], {})
            self._items(drive, person)

    def _items(self, drive: str, owner: str) -> None:
        part, path = f"drive {drive}"[:200], f"/v1.0/drives/{quote(drive, safe='!')}/{TOP}/delta"
        state = recall(self.source, part)
        if not state or self.now() - datetime.fromisoformat(state["began"]) > ANEW:
            state = {"link": "", "began": self.now().isoformat()}
        while not self.stop():
            link = state["link"]
            answer = self.graph.get(link) if link else self.graph.get(path, **{"$select": FIELDS, "$top": "999"})
            items = [one.as_json() for item in _objects(answer.object) if (one := self._file(drive, item, owner))]
            more = str(answer.object.get("@odata.nextLink", ""))
            state = {**state, "link": more or str(answer.object.get("@odata.deltaLink", ""))}
            observe(
                kind=ObservedKind.FILES,
                source=self.source,
                items=items,
                alongside=lambda state=state: remember(self.source, part, state),  # type: ignore[misc]
            )
            if not more:
                return

    def _file(self, drive: str, item: Mapping[str, Any], owner: str) -> OwnedFile | None:
        """Permissions cost a question each, so they are asked only for items Graph marks as shared."""
        if "shared" not in item or "deleted" in item:
            return file_of(item, owner=owner.lower())
        path = f"/v1.0/drives/{quote(drive, safe='!')}/items/{quote(str(item.get('id')), safe='!')}/permissions"
        shares = []
        with suppress(NotFound):
            for answer in self.graph.pages(path):
                for permission in _objects(answer.object):
                    shares += share_of(permission, owner=owner.lower())
        return file_of(item, owner=owner.lower(), shares=dict.fromkeys(shares))


def _objects(page: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = page.get("value")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
