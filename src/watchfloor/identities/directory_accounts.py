"""Accounts as connections tell of them: written in bulk, each joined to a person, what changed noted."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from watchfloor.connectors.contracts import Account as Said
from watchfloor.identities.directory_changes import Change, changed, created
from watchfloor.identities.joining import Bearer, Index, decide
from watchfloor.identities.joining_index import index_for
from watchfloor.identities.models import Account, AccountAlias, DirectoryPerson
from watchfloor.identities.naming import LONGEST, address_for, aliases_of, kept_key, own_label, spelt
from watchfloor.identities.writing import write_models, write_rows

COPIED = (
    *("provider", "name", "dn", "sid", "display_name", "enabled"),
    *("created_at", "last_sign_in_at", "password_set_at", "expires_at"),
)
"""Fields that a stored account has exactly as they were said."""
FIELDS = (
    *("person", "upn", "mail", "manager_key", "flags", "roles", "facts", "joined", "deleted_at", "seen_at"),
    *COPIED,
)
LENGTHS = {"provider": 40, "name": 320, "dn": 1000, "sid": 200, "display_name": 300}
"""Of those, how much the column takes; a longer value is cut, lest it keep a thousand others out. `facts` holds the whole."""
QUIET = frozenset({"last_sign_in_at"})
"""What moves with every sign-in; that alone makes no new snapshot."""


@dataclass(slots=True)
class Touched:
    """What one reading changed, gathered until its end.

    `accounts` (those to write a snapshot of) and `people` are numbers, `merges` (person, person, sentence) wishes,
    `new_keys` the (source, key or name) of accounts that are there now, `stated` the groups that accounts say they are in:
    source -> account -> (keys now, keys before).
    """

    accounts: set[int] = field(default_factory=set)
    people: set[int] = field(default_factory=set)
    changes: list[Change] = field(default_factory=list)
    merges: list[tuple[int, int, str]] = field(default_factory=list)
    new_keys: dict[str, dict[str, int]] = field(default_factory=dict)
    stated: dict[str, dict[int, tuple[tuple[str, ...], tuple[str, ...]]]] = field(default_factory=dict)
    rights: bool = False
    refused: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Coming:
    """An account on its way in: what was said, the stored row if there is one, and to whom it belongs."""

    said: Said
    stored: Account | None
    person: int | None
    joined: dict[str, Any]


def take_accounts(
    said: Iterable[Said], *, source: str, at: datetime, own: frozenset[str], touched: Touched, source_is_new: bool
) -> None:
    """Write what a connection says of these accounts; the last word on a key counts. Runs inside the caller's transaction."""
    last = {one.key: one for one in map(_kept, said)}
    known = {row.key: row for row in Account.objects.filter(source=source, key__in=list(last))}
    same = {key for key, row in known.items() if _as_before(row, last[key])}
    if same:
        Account.objects.filter(pk__in=[known[key].pk for key in same]).update(seen_at=at)
    coming = [
        _coming(one, known.get(key))
        for key, one in last.items()
        if key not in same and (key in known or not one.deleted)
    ]
    if not coming:
        return
    for one in coming:
        touched.changes += (
            created(one.said, source=source, at=at, source_is_new=source_is_new)
            if one.stored is None
            else changed(one.stored, one.said, at=at)
        )
    wishes = _join(coming, source=source, own=own)
    made = _people_for(coming, source=source, at=at)
    rows = _write(coming, source=source, at=at)
    _write_aliases(coming, rows, own=own)
    touched.merges += [(made.get(kept, kept), made.get(other, other), words) for kept, other, words in wishes]
    for one, row in zip(coming, rows, strict=True):
        _note(one, row, touched)


def _kept(said: Said) -> Said:
    """What is told under a key longer than its column is known by the key's checksum."""
    return said if len(said.key) <= LONGEST else replace(said, key=kept_key(said.key))


def _as_before(row: Account, said: Said) -> bool:
    if said.deleted or row.deleted_at is not None:
        return said.deleted and row.deleted_at is not None
    return bool(row.facts == said.as_json())


def _coming(said: Said, stored: Account | None) -> _Coming:
    if stored is None:
        return _Coming(said, None, None, {})
    whole = replace(Said.from_json(stored.facts), deleted=True) if said.deleted and stored.facts else said
    return _Coming(whole, stored, stored.person_id, dict(stored.joined))


def _join(coming: Sequence[_Coming], *, source: str, own: frozenset[str]) -> list[tuple[int, int, str]]:
    """Decide on each in turn; a person still to be made has a negative number. Gives persons who should be one."""
    index = index_for((one.said for one in coming), own=own)
    wishes: list[tuple[int, int, str]] = []
    for one in coming:
        if one.stored is not None:
            index.forget(source, one.said.key)
    for number, one in enumerate(coming, start=1):
        if one.person is None or (one.stored is not None and not one.stored.pinned and not one.said.deleted):
            wishes += _decide(one, -number, source=source, index=index, own=own)
        index.add(one.said, Bearer(source, one.said.key, one.person or -number, one.said.deleted), own=own)
    return wishes


def _decide(
    one: _Coming, temporary: int, *, source: str, index: Index, own: frozenset[str]
) -> list[tuple[int, int, str]]:
    decision = decide(one.said, source=source, index=index, own=own)
    if one.person is None:
        one.person = decision.person if decision.person is not None else temporary
        one.joined = decision.as_joined()
        return [(one.person, other, words) for other, words, sure in decision.also if sure]
    named = [(decision.person, decision.words, True)] if decision.person is not None else []
    others = [(who, words, sure) for who, words, sure in (*named, *decision.also) if who != one.person]
    one.joined = {**one.joined, "suggested": [[who, words] for who, words, _ in others]} if others else one.joined
    return [(one.person, who, words) for who, words, sure in others if sure]


def _people_for(coming: Sequence[_Coming], *, source: str, at: datetime) -> dict[int, int]:
    """Make the persons who are new, each with an address nobody has; gives their numbers by the temporary ones."""
    new: dict[int, _Coming] = {}
    for one in coming:
        if one.person is not None and one.person < 0:
            new.setdefault(one.person, one)
    if not new:
        return {}
    names = {temporary: _addresses(one.said, source=source) for temporary, one in new.items()}
    wanted = sorted({name for each in names.values() for name in each})
    taken = set(DirectoryPerson.objects.filter(address__in=wanted).values_list("address", flat=True))
    rows: dict[int, DirectoryPerson] = {}
    for temporary, one in new.items():
        address = next(name for name in names[temporary] if name not in taken)
        taken.add(address)
        rows[temporary] = DirectoryPerson(
            address=address,
            name=(one.said.display_name or address)[:200],
            source=source,
            imported_at=at,
            first_seen_at=at,
        )
    write_models(list(rows.values()))
    made = DirectoryPerson.objects.filter(address__in=[row.address for row in rows.values()])
    known = dict(made.values_list("address", "pk"))
    numbers = {temporary: known[row.address] for temporary, row in rows.items()}
    for one in coming:
        if one.person is not None:
            one.person = numbers.get(one.person, one.person)
        for suggested in one.joined.get("suggested", ()):
            suggested[0] = numbers.get(suggested[0], suggested[0])
    return numbers


def _addresses(said: Said, *, source: str) -> tuple[str, ...]:
    """What the new person may be called, best first; the last is nobody else's, as it holds the account's
    key; two keys may differ in case alone."""
    return (
        address_for(said, source=source),
        own_label(said, source=source),
        f"{said.provider}:{source}/{said.key}".lower()[-320:],
        f"{said.provider}:{source}/{hashlib.sha256(said.key.encode()).hexdigest()}".lower()[-320:],
    )


def _write(coming: Sequence[_Coming], *, source: str, at: datetime) -> list[Account]:
    rows = [_row(one, source=source, at=at) for one in coming]
    write_models(rows, unique=("source", "key"), update=FIELDS)
    known = dict(Account.objects.filter(source=source, key__in=[row.key for row in rows]).values_list("key", "pk"))
    for row in rows:
        row.pk = known[row.key]
    return rows


def _row(one: _Coming, *, source: str, at: datetime) -> Account:
    said, stored = one.said, one.stored
    facts = said.as_json()
    facts.pop("deleted", None)
    gone = (stored.deleted_at if stored is not None and stored.deleted_at else at) if said.deleted else None
    return Account(
        source=source,
        key=said.key,
        person_id=one.person,
        joined=one.joined,
        upn=said.upn.strip().lower()[:320],
        mail=said.mail.strip().lower()[:320],
        manager_key=spelt(said.manager),
        flags=list(said.flags),
        roles=list(said.roles),
        facts=facts,
        deleted_at=gone,
        first_seen_at=stored.first_seen_at if stored else at,
        seen_at=at,
        pinned=stored.pinned if stored else False,
        **{name: getattr(said, name) for name in COPIED if name not in LENGTHS},
        **{name: getattr(said, name)[:length] for name, length in LENGTHS.items()},
    )


def _write_aliases(coming: Sequence[_Coming], rows: Sequence[Account], *, own: frozenset[str]) -> None:
    wanted = {
        (row.pk, kind, value)
        for one, row in zip(coming, rows, strict=True)
        for kind, value in aliases_of(one.said, own)
    }
    old = [row.pk for one, row in zip(coming, rows, strict=True) if one.stored is not None]
    kept = (
        {
            (account, kind, value): pk
            for pk, account, kind, value in AccountAlias.objects.filter(account__in=old).values_list(
                "pk", "account_id", "kind", "value"
            )
        }
        if old
        else {}
    )
    if gone := [pk for name, pk in kept.items() if name not in wanted]:
        AccountAlias.objects.filter(pk__in=gone).delete()
    write_rows(AccountAlias, ("account", "kind", "value"), sorted(wanted - set(kept)))


def _note(one: _Coming, row: Account, touched: Touched) -> None:
    assert row.person_id is not None
    touched.people.add(row.person_id)
    before = Said.from_json(one.stored.facts) if one.stored is not None and one.stored.facts else None
    if before is None or one.said.deleted or _telling(before) != _telling(one.said):
        touched.accounts.add(row.pk)
    keys = touched.new_keys.setdefault(row.source, {})
    keys |= {spelt(name): row.pk for name in (row.key, row.dn) if name}
    now, then = tuple(map(spelt, one.said.groups)), tuple(map(spelt, before.groups if before else ()))
    if now != then:
        touched.stated.setdefault(row.source, {})[row.pk] = (now, then)
    if row.roles or (before is not None and before.roles):
        touched.rights = True


def _telling(said: Said) -> dict[str, Any]:
    return {name: value for name, value in said.as_json().items() if name not in QUIET}
