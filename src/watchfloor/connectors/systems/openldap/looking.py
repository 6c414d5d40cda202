"""One look at a directory: a stamp for every entry, and whole entries of those that changed."""

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from watchfloor.connectors.protocols.ldap_entry import Entry
from watchfloor.connectors.protocols.ldap_server import Session
from watchfloor.connectors.systems.openldap import people, policy
from watchfloor.connectors.systems.openldap.attributes import Attributes
from watchfloor.connectors.systems.openldap.names import spelt
from watchfloor.connectors.systems.openldap.people import Known, key_of
from watchfloor.connectors.systems.openldap.stamps import Stamp, micros
from watchfloor.kernel.errors import BadInput, NotConfigured

OF_A_STAMP = ("entryUUID", "entryCSN", "gidNumber", *people.SIGN_INS, *policy.STATE)
AT_ONCE = 200
"""Entries asked for in one filter."""


@dataclass(frozen=True, slots=True)
class What:
    """What the connection reads: filters of people and groups, attributes of each field."""

    people: str
    groups: str
    attributes: Attributes
    policy: str = ""
    sensitive: tuple[str, ...] = ()
    sign_ins: bool = True


@dataclass(slots=True)
class Look:
    """Every entry's stamp by key, who is who, and the failures that the directory still remembers of each person."""

    now: datetime
    policies: policy.Policies
    known: Known = field(default_factory=Known)
    stamps: dict[str, Stamp] = field(default_factory=dict)
    failures: dict[str, list[datetime]] = field(default_factory=dict)
    persons: int = 0


def look_at(session: Session, what: What, *, now: datetime) -> Look:
    """A stamp for every entry. Raises NotConfigured when the directory does not say which entry is which."""
    look = Look(now, policy.read_policies(session, usual=what.policy))
    for entry in session.search(what.groups, (*OF_A_STAMP, *people.MEMBERS)) if what.groups else ():
        _note(look, entry, person=False, digest=_digest(entry))
        if entry.has("gidNumber"):
            look.known.by_number[entry.text("gidNumber")] = key_of(entry)
    names, managers = what.attributes.fields["name"], what.attributes.fields["manager"]
    for entry in session.search(what.people, (*OF_A_STAMP, *names, *managers)):
        _note(look, entry, person=True, digest=_digest(entry, policy.moment(entry, look.policies, now=now)))
        if uid := what.attributes.value(entry, "name"):
            look.known.by_uid[uid.lower()] = key_of(entry)
    return look


def _digest(entry: Entry, moment: str = "") -> bytes:
    # Of all that was said, not of entryCSN alone: the refint overlay changes members and managers and leaves it as it was.
    return hashlib.blake2b(entry.wire + moment.encode(), digest_size=8).digest()


def _note(look: Look, entry: Entry, *, person: bool, digest: bytes) -> None:
    key = key_of(entry)
    try:
        uuid.UUID(key)
    except ValueError:
        raise NotConfigured(
            "the directory does not give entryUUID, which tells entries apart; let the account read it", place=entry.dn
        ) from None
    if key in look.stamps:
        return  # below two bases, or a person that matches the groups' filter, too
    look.known.by_dn[spelt(entry.dn)] = key
    failed = policy.failures(entry) if person else []
    if failed:
        look.failures[key] = failed
    signed_in = micros(policy.last_sign_in(entry)) if person else 0
    look.stamps[key] = Stamp(person, digest, signed_in, micros(failed[-1]) if failed else 0)
    look.persons += person


def whole_entries(
    session: Session, filter: str, attributes: Sequence[str], keys: Sequence[str], *, total: int
) -> Iterator[Entry]:
    """The entries of these keys with all their attributes: everything at once when that is cheaper than asking for each."""
    wanted = frozenset(keys)
    if keys and len(keys) * 4 >= total:
        seen: set[str] = set()
        for entry in session.search(filter, attributes):
            key = key_of(entry)
            if key in wanted and key not in seen:
                seen.add(key)
                yield entry
        return
    for start in range(0, len(keys), AT_ONCE):
        several = "".join(f"(entryUUID={key})" for key in keys[start : start + AT_ONCE])
        yield from session.search(f"(&{filter}(|{several}))", attributes)


def checked_filter(text: str, *, place: str) -> str:
    """A filter in brackets. Raises BadInput when it cannot be one."""
    text = text.strip()
    if not text:
        return ""
    if not text.startswith("("):
        text = f"({text})"
    if text.count("(") != text.count(")"):
        raise BadInput("a filter has as many closing brackets as opening ones", place=place)
    return text
