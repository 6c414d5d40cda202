"""Keeping up with a domain: everything once, then what changed, and everything again when the controller is another one."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from watchfloor.connectors.contracts import Account, DirectoryGroup, ObservedKind
from watchfloor.connectors.observing import observe, recall, remember
from watchfloor.connectors.protocols.ldap_server import LdapServer
from watchfloor.connectors.systems.active_directory.directory import Controller, Look, controller
from watchfloor.connectors.systems.active_directory.mapping import PROVIDER
from watchfloor.kernel.clock import utc_now

PART, KNOWN, SINCE = "directory", "directory: known", "directory: seen since"
BATCH = 1000
MOST_CONTROLLERS = 50
FEW = 10
"""So many accounts may go at once without doubt, however small the domain."""
log = logging.getLogger(__name__)
Thing = Account | DirectoryGroup


@dataclass(frozen=True, slots=True)
class Pass:
    """What one look brought: whether all was read, and how many accounts, groups and deletions were handed on."""

    full: bool
    accounts: int = 0
    groups: int = 0
    deleted: int = 0


def follow(server: LdapServer, *, name: str, seconds: float, full_hours: float, stop: Callable[[], bool]) -> None:
    """Look, wait, look again, until stopped."""
    while not stop():
        look_once(server, name=name, now=utc_now(), full_every=timedelta(hours=full_hours))
        until = time.monotonic() + seconds
        while time.monotonic() < until and not stop():
            time.sleep(0.1)


def look_once(server: LdapServer, *, name: str, now: datetime, full_every: timedelta = timedelta(days=1)) -> Pass:
    """Hand on what is new. A crash in between has the same read again, never less."""
    kept = recall(name, PART)
    with server.open() as session, server.open() as aside:
        here = controller(session)
        since = 0 if _outdated(kept, here, server, now, full_every) else int(kept["controllers"][here.invocation])
        if since == here.usn:
            return Pass(full=False)
        look = Look(session, aside, here, now=now, since=since)
        return _everything(look, name, kept) if not since else _changes(look, name, kept)


def _outdated(
    kept: Mapping[str, Any], here: Controller, server: LdapServer, now: datetime, full_every: timedelta
) -> bool:
    """Whether no position kept means anything here: a database not read yet, one put back in time, other bases, a long time."""
    if not kept or kept["bases"] != list(server.bases):
        return True
    position = kept["controllers"].get(here.invocation)
    return position is None or position > here.usn or datetime.fromisoformat(kept["full_at"]) + full_every <= now


def _everything(look: Look, name: str, kept: Mapping[str, Any]) -> Pass:
    """All there is; whoever was known and is not there any more is gone."""
    people, groups = _Counted(look.accounts()), _Counted(look.groups())
    _hand_on(ObservedKind.ACCOUNTS, people, name)
    _hand_on(ObservedKind.GROUPS, groups, name)
    known = recall(name, KNOWN)
    before = {kind: {*known.get(kind, ()), *recall(name, SINCE).get(kind, ())} for kind in ("accounts", "groups")}
    lost: list[Thing] = [
        *(Account(key, PROVIDER, enabled=False, deleted=True) for key in sorted(before["accounts"] - people.keys)),
        *(DirectoryGroup(key, "", deleted=True) for key in sorted(before["groups"] - groups.keys)),
    ]
    doubt = len(before["accounts"] - people.keys) > max(len(people.keys), FEW) and not known.get("doubted")
    if doubt:
        # More likely a right was taken from us than half of the organisation deleted; the next time it is believed.
        log.warning("%s: %d accounts are not seen any more; not taken as deleted yet", name, len(lost))
        people.keys |= before["accounts"]
        groups.keys |= before["groups"]
        lost = []
    _bury(lost, name)

    def keep() -> None:
        all_known = {"accounts": sorted(people.keys), "groups": sorted(groups.keys)}
        remember(name, KNOWN, all_known | {"doubted": doubt})
        remember(name, SINCE, {})
        remember(name, PART, _position(look, kept, full_at=look.now.isoformat()))

    observe(kind=ObservedKind.ACCOUNTS, source=name, items=(), alongside=keep)
    return Pass(True, len(people.keys), len(groups.keys), len(lost))


def _changes(look: Look, name: str, kept: Mapping[str, Any]) -> Pass:
    """What changed since, what lies in folders that moved, and what was deleted."""
    moved = look.moved_folders()
    whole = Look(look.session, look.aside, look.controller, now=look.now)
    people = _Counted(_each_once([look.accounts(), *map(whole.accounts, moved)]))
    groups = _Counted(_each_once([look.groups(), *map(whole.groups, moved)]))
    _hand_on(ObservedKind.ACCOUNTS, people, name)
    _hand_on(ObservedKind.GROUPS, groups, name)
    seen = recall(name, SINCE)
    known = frozenset(recall(name, KNOWN).get("accounts", ())).union(seen.get("accounts", ()))
    lost = [*look.deleted(), *look.moved_out(known)]
    _bury(lost, name)

    def keep() -> None:
        remember(
            name,
            SINCE,
            {
                "accounts": sorted({*seen.get("accounts", ()), *people.keys}),
                "groups": sorted({*seen.get("groups", ()), *groups.keys}),
            },
        )
        remember(name, PART, _position(look, kept, full_at=kept["full_at"]))

    observe(kind=ObservedKind.ACCOUNTS, source=name, items=(), alongside=keep)
    return Pass(False, len(people.keys), len(groups.keys), len(lost))


def _position(look: Look, kept: Mapping[str, Any], *, full_at: str) -> dict[str, Any]:
    """How far each controller has been read: a name may stand for several, and each counts its own updates."""
    here, bases = look.controller, list(look.session.server.bases)
    others = kept["controllers"] if kept and kept["bases"] == bases else {}
    controllers = {key: usn for key, usn in others.items() if key != here.invocation} | {here.invocation: here.usn}
    latest = dict(list(controllers.items())[-MOST_CONTROLLERS:])
    return {"controllers": latest, "bases": bases, "full_at": full_at}


class _Counted:
    """Things on their way, with the keys of those that have passed."""

    def __init__(self, things: Iterable[Thing]) -> None:
        self.things, self.keys = iter(things), set[str]()

    def __iter__(self) -> Iterator[Thing]:
        for thing in self.things:
            self.keys.add(thing.key)
            yield thing


def _each_once(several: Iterable[Iterable[Thing]]) -> Iterator[Thing]:
    seen: set[str] = set()
    for things in several:
        for thing in things:
            if thing.key not in seen:
                seen.add(thing.key)
                yield thing


def _hand_on(kind: ObservedKind, things: Iterable[Thing], name: str) -> None:
    """In batches, so that a large domain is never whole in memory."""
    coming = iter(things)
    while batch := [thing.as_json() for thing in islice(coming, BATCH)]:
        observe(kind=kind, source=name, items=batch)


def _bury(lost: Iterable[Thing], name: str) -> None:
    things = list(lost)
    _hand_on(ObservedKind.ACCOUNTS, (one for one in things if isinstance(one, Account)), name)
    _hand_on(ObservedKind.GROUPS, (one for one in things if isinstance(one, DirectoryGroup)), name)
