"""One sign-in or action of one account, in one shape whatever table it was in. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

SMALLEST_DETAIL, DEEPEST, MOST_DETAILS = 1, 6, 400


class Kind(StrEnum):
    SIGN_IN = "sign-in"
    FAILED = "failed sign-in"
    ACTION = "action"


def plain(text: str) -> str:
    """Lower-case letters and digits only: New-InboxRule, “New inbox rule.” and NEW_INBOX_RULE are one word."""
    return "".join(char for char in text.casefold() if char.isalnum())


@dataclass(frozen=True)
class Activity:
    """What an account did at `at`. `names` are those the row gives the account, best first; `person` who that is, 0 unknown.

    `action` is the row's ActionType, `word` the same as `plain` writes it; `place` (latitude, longitude) in degrees.
    `risk` is what the source said: "", low, medium or high; `trusted` that the source calls the network its own; `silent` that a
    client renewed its token and nobody signed in.
    """

    at: datetime
    table: str
    report: str
    kind: Kind
    names: tuple[str, ...] = ()
    person: int = 0
    ip: str = ""
    country: str = ""
    city: str = ""
    network: str = ""
    place: tuple[float, float] | None = None
    device: str = ""
    client: str = ""
    agent: str = ""
    protocol: str = ""
    application: str = ""
    action: str = ""
    object: str = ""
    target: str = ""
    admin: bool = False
    error: str = ""
    risk: str = ""
    risk_types: tuple[str, ...] = ()
    single_factor: bool = False
    managed: bool = False
    trusted: bool = False
    anonymous: bool = False
    session: str = ""
    client_app: str = ""
    silent: bool = False
    raw: tuple[Any, ...] = field(default=(), repr=False)

    @cached_property
    def word(self) -> str:
        return plain(self.action)

    @cached_property
    def details(self) -> dict[str, str]:
        """What the record says beyond the columns: flat, keys as `plain` writes them; name/value pairs under their name."""
        found: dict[str, str] = {}
        for part in self.raw:
            for key, value in flat(loaded(part)):
                if len(found) < MOST_DETAILS:
                    found[key] = f"{found[key]}; {value}" if key in found and value not in found[key] else value
        return found

    @property
    def where(self) -> str:
        """The place in words: city and country, what is known of them."""
        return ", ".join(part for part in (self.city, self.country) if part) or self.ip or "an unknown place"


def loaded(part: Any) -> Any:
    """JSON as text, or what it already is."""
    if not isinstance(part, str):
        return part
    try:
        return json.loads(part) if part[:1] in "[{" else {}
    except ValueError:
        return {}


def flat(item: Any, *, key: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every leaf under its own key; {"Name": n, "Value": v} under n; text that is JSON is opened too."""
    if depth > DEEPEST or item is None:
        return
    if isinstance(item, Mapping):
        yield from _mapping(item, key=key, depth=depth)
    elif isinstance(item, list | tuple):
        for one in item:
            yield from flat(one, key=key, depth=depth + 1)
    elif isinstance(item, str) and item[:1] in "[{" and item[-1:] in "]}":
        opened = loaded(item)
        if opened:
            yield from flat(opened, key=key, depth=depth + 1)
        else:
            yield key, item
    else:
        yield key, str(item)


def _mapping(item: Mapping[str, Any], *, key: str, depth: int) -> Iterator[tuple[str, str]]:
    named = {plain(str(name)): value for name, value in item.items()}
    name = named.get("name", named.get("displayname", named.get("key")))
    for side in ("value", "newvalue", "intvalue", "boolvalue", "multivalue"):
        if isinstance(name, str) and side in named:
            yield from flat(named[side], key=plain(name), depth=depth + 1)
    for inner, value in named.items():
        yield from flat(value, key=inner, depth=depth + 1)
