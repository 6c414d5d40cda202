"""The words of the frame: cards of the home page, what a search text may be, what was found."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from watchfloor.access.contracts import Permission


class Card(Protocol):
    """One card of the home page. `context` is what its template `portal/cards/<key>.html` shows; it must bear empty data.

    A `lazy` card is fetched after the page has appeared, because it asks the lake. `width` is "", "wide" or "full".
    """

    key: str
    title: str
    href: str
    icon: str
    permission: Permission
    width: str
    lazy: bool

    def context(self, *, now: datetime) -> Mapping[str, Any]: ...


class Kind(StrEnum):
    """What a search text looks like; the value is what people read."""

    INCIDENT_NUMBER = "incident number"
    NETWORK_MESSAGE_ID = "network message id"
    MESSAGE_ID = "Message-ID"
    ADDRESS = "address"
    URL = "URL"
    DOMAIN = "domain"
    HASH = "SHA-256"
    IP = "IP address"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A search text as it was understood: `text` is normalised for its `kind` (lower-case address, bare number)."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found: where it is, its name, a second line."""

    href: str
    title: str
    note: str = ""
    icon: str = "mail"
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of one sort. `sentence` says what was looked for; `href` shows all, empty when these are all."""

    title: str
    sentence: str
    hits: tuple[Hit, ...]
    href: str = ""
    total: int = 0
