"""Where a person has accounts: which system acts on which, those that keep no accounts of their own included."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from watchfloor.connectors.contracts import AccountActions, AccountRef
from watchfloor.identities import selectors as identities
from watchfloor.kernel.errors import WatchfloorError
from watchfloor.response.contracts import People

NOBODY_ACTS = "no connection may act on this account: allow one to, under Settings, Connections"
UNKNOWN = "no connection knows an account by this name"
Systems = Mapping[str, AccountActions]


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody whose accounts are acted on: `key` is `person:<pk>`, or `name:<name>` for a name no person is known by."""

    key: str
    name: str
    person: int | None
    refs: tuple[AccountRef, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """One account and the connection that acts on it; "" with `why` when none does."""

    system: str
    ref: AccountRef
    why: str = ""

    @property
    def name(self) -> str:
        return name_of(self.ref)

    @property
    def key(self) -> str:
        return f"{self.system or self.ref.source}|{self.ref.key}"


def name_of(ref: AccountRef) -> str:
    """What people call the account."""
    return ref.upn or ref.mail or ref.name or ref.dn or ref.key


def as_json(ref: AccountRef) -> dict[str, Any]:
    return {name: value for name, value in asdict(ref).items() if value}


def from_json(kept: Mapping[str, Any]) -> AccountRef:
    return AccountRef(**{"source": "", "key": "", **kept})


def owners_of(aimed: People) -> Iterator[Owner]:
    """Everybody aimed at, with the accounts known of them. A person who is no longer there comes with none."""
    for pk in aimed.people:
        person = identities.person_by_id(pk)
        refs = identities.account_refs(pk) if person is not None else ()
        yield Owner(f"person:{pk}", person.name if person else f"person {pk}", pk if person else None, refs)
    for name in aimed.names:
        mail = name if "@" in name else ""
        yield Owner(f"name:{name}", name, None, (AccountRef(source="", key=name, name=name, upn=mail, mail=mail),))


def places_of(owner: Owner, systems: Systems, *, only: tuple[str, ...] = ()) -> list[Place]:
    """Each account with the system that acts on it, each once; `only` narrows it to these `<connection>|<key>`."""
    names = sorted(name for name in systems if name)  # "" is our own risk level
    found = [place for name in names for place in _served(name, systems[name], owner)]
    own = {place.system for place in found}
    for ref in owner.refs:
        if ref.source and ref.source not in own:
            found.append(Place("", ref, NOBODY_ACTS))
        elif not ref.source and not found:
            found.append(Place("", ref, UNKNOWN))
    return [place for place in found if not only or place.key in only]


def _served(name: str, system: AccountActions, owner: Owner) -> Iterator[Place]:
    """A directory acts on its own accounts; a system that has none of this person's looks them up by their names."""
    own = [ref for ref in owner.refs if ref.source == name]
    seen = set()
    for ref in own or owner.refs:
        who = ref.key if own else (ref.mail or ref.upn or ref.name).lower()
        if who and who not in seen and _serves(system, ref):
            seen.add(who)
            yield Place(name, ref)


def _serves(system: AccountActions, ref: AccountRef) -> bool:
    """A system that cannot even be asked counts as serving its own accounts: the failure then stands in the ledger."""
    try:
        return system.serves(ref)
    except WatchfloorError:
        return True
