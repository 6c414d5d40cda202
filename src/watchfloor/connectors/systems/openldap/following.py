"""Keeping up with a directory: look, compare with the look before, hand on what is new."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

from django.db import transaction

from watchfloor.connectors.contracts import Account, DirectoryGroup, ObservedKind
from watchfloor.connectors.observing import observe
from watchfloor.connectors.protocols.ldap_server import LdapServer, Session
from watchfloor.connectors.systems.openldap import people
from watchfloor.connectors.systems.openldap.looking import Look, What, look_at, whole_entries
from watchfloor.connectors.systems.openldap.sign_ins import moved, sign_ins
from watchfloor.connectors.systems.openldap.stamps import Stamp, recall_stamps, remember_stamps
from watchfloor.kernel.clock import utc_now
from watchfloor.kernel.errors import NotConfigured

BATCH = 1000
FEW, LEAST = 20, 0.1
"""Of more people than this at least this part must still be there; less is a right that was taken from us, not deletions."""
EVENTS = "IdentityLogonEvents"
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Pass:
    """What one look handed on."""

    people: int = 0
    groups: int = 0
    deleted: int = 0
    events: int = 0


class Follower:
    """Follows one directory. What entries said last is kept on disk, and between two looks also in memory."""

    def __init__(self, server: LdapServer, what: What, *, name: str) -> None:
        self.server, self.what, self.name = server, what, name
        self._before: dict[str, Stamp] | None = None

    def follow(self, *, seconds: float, stop: Callable[[], bool]) -> None:
        """Look, wait, look again, until stopped."""
        while not stop():
            self.look(now=utc_now())
            until = time.monotonic() + seconds
            while time.monotonic() < until and not stop():
                time.sleep(0.1)

    def look(self, *, now: datetime) -> Pass:
        """Hand on what is new. A crash in between has accounts and groups read again, and no sign-in handed on twice."""
        before = recall_stamps(self.name) if self._before is None else self._before
        self._before = None  # until all of this look is on disk
        with self.server.open() as session:
            look = look_at(session, self.what, now=now)
            _check_loss(before, look)
            changed = [key for key, stamp in look.stamps.items() if before.get(key) != stamp]
            persons, signed = self._hand_on_people(session, look, before, changed)
            groups = self._hand_on_groups(session, look, changed)
        gone = [key for key in before if key not in look.stamps]
        events = sign_ins(signed, before=before, now=look.stamps, failures=look.failures, server=self.server)

        def keep() -> None:
            remember_stamps(self.name, look.stamps, changed=[*changed, *gone])

        if changed or gone:
            with transaction.atomic():
                self._bury([key for key in gone if before[key].person], [key for key in gone if not before[key].person])
                observe(kind=ObservedKind.EVENTS, source=self.name, table=EVENTS, items=events, alongside=keep)
        self._before = look.stamps
        return Pass(persons, groups, len(gone), len(events))

    def _hand_on_people(
        self, session: Session, look: Look, before: dict[str, Stamp], changed: list[str]
    ) -> tuple[int, dict[str, Account]]:
        """How many accounts were handed on, and those of them that signed in."""
        keys = [key for key in changed if look.stamps[key].person]
        attributes = (*people.OF_AN_ACCOUNT, *self.what.attributes.names)
        found = whole_entries(session, self.what.people, attributes, keys, total=look.persons)
        accounts = (
            people.account(entry, self.what.attributes, look.known, look.policies, now=look.now) for entry in found
        )
        signed: dict[str, Account] = {}
        count = 0
        for batch in _batches(accounts):
            count += observe(kind=ObservedKind.ACCOUNTS, source=self.name, items=(one.as_json() for one in batch))
            if self.what.sign_ins:
                signed |= {one.key: one for one in batch if moved(before.get(one.key), look.stamps[one.key])}
        return count, signed

    def _hand_on_groups(self, session: Session, look: Look, changed: list[str]) -> int:
        keys = [key for key in changed if not look.stamps[key].person]
        total = len(look.stamps) - look.persons
        found = whole_entries(session, self.what.groups, (*people.OF_A_GROUP, *people.MEMBERS), keys, total=total)
        groups = (people.group(entry, look.known, self.what.sensitive) for entry in found)
        return sum(
            observe(kind=ObservedKind.GROUPS, source=self.name, items=(one.as_json() for one in batch))
            for batch in _batches(groups)
        )

    def _bury(self, persons: Iterable[str], groups: Iterable[str]) -> None:
        gone = [Account(key, people.PROVIDER, enabled=False, deleted=True).as_json() for key in persons]
        observe(kind=ObservedKind.ACCOUNTS, source=self.name, items=gone)
        dissolved = [DirectoryGroup(key, "", deleted=True).as_json() for key in groups]
        observe(kind=ObservedKind.GROUPS, source=self.name, items=dissolved)


def _check_loss(before: dict[str, Stamp], look: Look) -> None:
    known = [key for key, stamp in before.items() if stamp.person]
    left = sum(key in look.stamps for key in known)
    if len(known) > FEW and left < len(known) * LEAST:
        raise NotConfigured(
            f"of {len(known)} people the directory shows only {left}; none is taken as deleted. Is the account still allowed to "
            "read them, and do base and filter still fit? If they are gone indeed, add the connection anew"
        )


def _batches(things: Iterator[Thing]) -> Iterator[list[Thing]]:
    while batch := list(islice(things, BATCH)):
        yield batch
